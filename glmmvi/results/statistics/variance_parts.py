"""The variance of the linear predictor, split: what R2 and ICC are made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri, polygamma

from glmmvi.errors import ArgumentError
from glmmvi.model.families import Family
from glmmvi.model.families.binomial_family import BinomialFamily
from glmmvi.model.families.gamma_family import GammaFamily
from glmmvi.model.families.gaussian_family import GaussianFamily
from glmmvi.model.families.negative_binomial_family import NegativeBinomialFamily
from glmmvi.model.families.poisson_family import PoissonFamily
from glmmvi.results.any_fit import AnyFit
from glmmvi.results.generalized_fit import GeneralizedMixedFit
from glmmvi.results.prediction_intervals import check_level
from glmmvi.results.statistics.covariance_moves import CovarianceMove, covariance_moves
from glmmvi.results.statistics.interval_estimates import IntervalEstimates
from glmmvi.unknown_arguments import names_arguments

Vector = NDArray[np.float64]
Approximation = Literal["lognormal", "trigamma"]


@dataclass(frozen=True)
class VarianceParts:
    """Variances on the link scale.

    Attributes
    ----------
    fixed : float
        Of ``X beta`` over the rows.
    random : float
        Of the random effects, averaged over the rows (Johnson 2014), without terms that have a
        level a row.
    residual : float
        Of the response given the linear predictor, plus that of terms with a level a row.
    """

    fixed: float
    random: float
    residual: float


def variance_parts(fit: AnyFit, approximation: Approximation = "lognormal") -> VarianceParts:
    """Split the variance of the response on the link scale.

    Parameters
    ----------
    fit : LinearMixedFit or GeneralizedMixedFit
    approximation : {"lognormal", "trigamma"}
        Of the residual variance with a log link.

    Returns
    -------
    VarianceParts

    Raises
    ------
    ArgumentError
        For a family and link without a residual variance on the link scale.
    """
    estimates = fit.estimates
    dispersion = fit.dispersion if isinstance(fit, GeneralizedMixedFit) else np.empty(0)
    return _parts(fit, estimates.Lambda, estimates.sigma, dispersion, approximation)


def _parts(
    fit: AnyFit, Lambda: Any, sigma: float, dispersion: Vector, approximation: Approximation
) -> VarianceParts:
    design = fit.design
    random = by_row = 0.0
    for term, factor in zip(design.terms, Lambda, strict=True):
        variance = sigma**2 * float(((term.Z @ factor) ** 2).sum() / design.n)
        if design.n == term.L:
            by_row += variance
        else:
            random += variance
    if isinstance(fit, GeneralizedMixedFit):
        mean = float(np.average(design.y, weights=design.weights))
        residual = residual_variance(fit.family, dispersion, mean, approximation)
    else:
        residual = sigma**2
    fixed = float(np.var(design.X @ fit.estimates.beta, ddof=1))
    return VarianceParts(fixed, random, residual + by_row)


def residual_variance(
    family: Family, dispersion: Vector, mean: float, approximation: Approximation = "lognormal"
) -> float:
    """Variance of a response given its linear predictor, on the link scale.

    Nakagawa, Johnson and Schielzeth 2017 (J. R. Soc. Interface 14), tables 1 and 2.

    Parameters
    ----------
    family : Family
    dispersion : float64, shape (k,)
        Unconstrained.
    mean : float
        Of the response: their ``lambda``.
    approximation : {"lognormal", "trigamma"}
        With a log link.

    Raises
    ------
    ArgumentError
        For other families and links.

    Examples
    --------
    >>> import glmmvi as gv
    >>> round(residual_variance(gv.binomial(), np.empty(0), 0.2), 4)
    3.2899
    >>> round(residual_variance(gv.poisson(), np.empty(0), 2.0), 4)
    0.4055
    """
    if approximation not in get_args(Approximation):
        raise ArgumentError(
            f"approximation={approximation!r} is neither 'lognormal' nor 'trigamma'"
        )
    latent = {"logit": np.pi**2 / 3.0, "probit": 1.0, "cloglog": np.pi**2 / 6.0}
    natural = family.to_natural(dispersion)
    if type(family) is BinomialFamily and family.link_name in latent:
        return float(latent[family.link_name])
    if type(family) is GaussianFamily and family.link_name == "identity":
        return float(natural[0]) ** 2
    squared: float | None = None  # coefficient of variation of the response, squared
    if family.link_name == "log" and type(family) is PoissonFamily:
        squared = 1.0 / mean
    elif family.link_name == "log" and isinstance(family, NegativeBinomialFamily):
        squared = 1.0 / mean + 1.0 / family.theta_of(dispersion)
    elif family.link_name == "log" and type(family) is GammaFamily:
        squared = float(natural[0]) ** 2
    if squared is None:
        raise ArgumentError(
            f"R2 and ICC: the {family.name} family with link {family.link_name} has no residual "
            "variance on the link scale; there is one for gaussian identity, binomial (logit, "
            "probit, cloglog), and poisson, negative binomial and Gamma with link log"
        )
    if approximation == "trigamma":
        return float(polygamma(1, 1.0 / squared))
    return float(np.log1p(squared))


@names_arguments
def r2(
    fit: AnyFit, *, level: float = 0.95, approximation: Approximation = "lognormal"
) -> IntervalEstimates:
    """Marginal and conditional R2 with intervals.

    Nakagawa and Schielzeth 2013 (Methods Ecol. Evol. 4), Johnson 2014 for random slopes,
    Nakagawa, Johnson and Schielzeth 2017 for other families: the share of the variance that the
    fixed effects explain, and that fixed and random effects explain together. On the link scale.

    Parameters
    ----------
    fit : LinearMixedFit or GeneralizedMixedFit
    level : float
        Of the intervals.
    approximation : {"lognormal", "trigamma"}
        Of the residual variance with a log link, at the mean response. (performance, 0.10.2,
        takes the mean of a null model, which differs.)

    Returns
    -------
    IntervalEstimates
        ``marginal``, ``conditional``.

    Raises
    ------
    ArgumentError
        For a family without a residual variance on the link scale.

    Notes
    -----
    The intervals are from the surrogate: the fixed effects by their covariance matrix, the
    covariance parameters at points spread as these are uncertain (see
    :func:`glmmvi.results.statistics.covariance_moves.covariance_moves`), on the scale of
    ``arcsin(sqrt(R2))``.

    Examples
    --------
    >>> import glmmvi as gv
    >>> fit = gv.lmer("Reaction ~ Days + (Days | Subject)", gv.load_dataset("sleepstudy"))
    >>> r2(fit).as_data_frame()["estimate"].round(3).to_dict()
    {'marginal': 0.279, 'conditional': 0.799}
    """

    def shares(parts: VarianceParts) -> Vector:
        total = parts.fixed + parts.random + parts.residual
        return np.array([parts.fixed / total, (parts.fixed + parts.random) / total])

    return _with_intervals(fit, ("marginal", "conditional"), shares, level, approximation)


@names_arguments
def icc(
    fit: AnyFit, *, level: float = 0.95, approximation: Approximation = "lognormal"
) -> IntervalEstimates:
    """Intraclass correlation with intervals.

    Parameters
    ----------
    fit, level, approximation
        See :func:`r2`.

    Returns
    -------
    IntervalEstimates
        ``adjusted``: the random effects' share of the variance that the fixed effects leave;
        ``unadjusted``: of all variance (Nakagawa et al. 2017; performance's names).

    Examples
    --------
    >>> import glmmvi as gv
    >>> fit = gv.lmer("Yield ~ 1 + (1 | Batch)", gv.load_dataset("Dyestuff"))
    >>> round(icc(fit)["adjusted"], 3)
    0.418
    """

    def shares(parts: VarianceParts) -> Vector:
        left = parts.random + parts.residual
        return np.array([parts.random / left, parts.random / (parts.fixed + left)])

    return _with_intervals(fit, ("adjusted", "unadjusted"), shares, level, approximation)


def _with_intervals(
    fit: AnyFit,
    names: tuple[str, ...],
    shares: Callable[[VarianceParts], Vector],
    level: float,
    approximation: Approximation,
) -> IntervalEstimates:
    check_level(level)
    centre = variance_parts(fit, approximation)
    estimate = shares(centre)
    angle = _angle(estimate)

    def moved(move: CovarianceMove) -> Vector:
        there = _parts(fit, move.Lambda, move.sigma, move.dispersion, approximation)
        return _angle(shares(there)) - angle

    variance = np.sum([move.weight * moved(move) ** 2 for move in covariance_moves(fit)], axis=0)
    # the variance of X beta is quadratic in beta: to first order
    estimates, S = fit.estimates, np.atleast_2d(np.cov(fit.design.X, rowvar=False))
    slope = 2.0 * S @ estimates.beta
    error = float(np.sqrt(max(float(slope @ estimates.beta_cov @ slope), 0.0)))
    if centre.fixed > 0.0:
        small = 1e-4 * centre.fixed
        sides = [
            _angle(shares(VarianceParts(centre.fixed + h, centre.random, centre.residual)))
            for h in (small, -small)
        ]
        variance = variance + ((sides[0] - sides[1]) / (2.0 * small) * error) ** 2
    half = float(ndtri(0.5 + 0.5 * level)) * np.sqrt(variance)
    lower = np.sin(np.clip(angle - half, 0.0, 0.5 * np.pi)) ** 2
    upper = np.sin(np.clip(angle + half, 0.0, 0.5 * np.pi)) ** 2
    return IntervalEstimates(names, estimate, lower, upper, level)


def _angle(share: Vector) -> Vector:
    return np.arcsin(np.sqrt(np.clip(share, 0.0, 1.0)))
