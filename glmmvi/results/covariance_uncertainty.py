"""Standard errors and Wald intervals of sds, correlations and dispersion parameters.

This is the building block; ``confint`` offers it beside profile and bootstrap intervals.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.linalg import block_diag
from scipy.special import ndtri

from glmmvi.design.random_term import RandomTerm
from glmmvi.errors import ArgumentError
from glmmvi.inference.covariance_scale import (
    UnconstrainedTerm,
    linear_parameter_covariance,
    unconstrained_term,
)
from glmmvi.inference.profiled_deviance import pack
from glmmvi.model.families import Family
from glmmvi.results.posterior import Posterior
from glmmvi.results.structured_posterior import StructuredPosterior
from glmmvi.results.variational_posterior import VariationalPosterior

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class CovarianceParameterRow:
    """One parameter.

    Attributes
    ----------
    group : str
        Label of the term, ``"Residual"``, or the name of another dispersion parameter.
    var1, var2 : str or None
        Columns of the term: one for an sd, two for a correlation.
    estimate, std_error : float
        Sd, correlation, or dispersion parameter on its natural scale.
    lower, upper : float
        Of the interval.
    """

    group: str
    var1: str | None
    var2: str | None
    estimate: float
    std_error: float
    lower: float
    upper: float


@dataclass(frozen=True)
class CovarianceUncertainty:
    """Covariance parameters with their standard errors and Wald intervals.

    Attributes
    ----------
    rows : tuple of CovarianceParameterRow
        In the order of ``as.data.frame(VarCorr(fit))``, then the dispersion parameters.
    level : float
        Of the intervals.
    """

    rows: tuple[CovarianceParameterRow, ...]
    level: float

    def as_data_frame(self) -> pd.DataFrame:
        """Columns grp, var1, var2 (as `VarCorr`), estimate, std_error, lower, upper."""
        return pd.DataFrame(
            [
                (r.group, r.var1, r.var2, r.estimate, r.std_error, r.lower, r.upper)
                for r in self.rows
            ],
            columns=["grp", "var1", "var2", "estimate", "std_error", "lower", "upper"],
        )

    def __str__(self) -> str:
        shown = self.as_data_frame().fillna({"var1": "", "var2": ""})
        return shown.to_string(index=False, na_rep="", float_format="{:.4g}".format)


def covariance_uncertainty(
    terms: Sequence[RandomTerm], posterior: Posterior, level: float = 0.95
) -> CovarianceUncertainty:
    """Standard errors and intervals of the covariance parameters of a structured fit.

    The inverse Hessian of the fit's own criterion (by differences of its exact gradient) is
    carried to log sds, Fisher's z of correlations and unconstrained dispersion parameters,
    where the intervals are symmetric, and back. An sd of 0 and a correlation of 1 or -1 lie on
    the boundary: they have neither standard error nor interval (nan), and the others are given
    that they stay there.

    Parameters
    ----------
    terms : sequence of RandomTerm
    posterior : Posterior
        Of a fit by the structured engine or by quadrature.
    level : float
        Of the intervals.

    Returns
    -------
    CovarianceUncertainty

    Raises
    ------
    ArgumentError
        For a fit with priors, with a posterior of every parameter or read from a file, one
        without Hessian, or a `level` that is no probability.
    """
    if not 0.0 < level < 1.0:
        raise ArgumentError(f"level={level!r} is not between 0 and 1")
    if isinstance(posterior, StructuredPosterior):
        return _linear(terms, posterior, level)
    if isinstance(posterior, VariationalPosterior):
        return _generalized(terms, posterior, level)
    raise ArgumentError(
        "covariance_parameters() needs a fit by maximum likelihood with its data, not "
        f"{posterior.origin}: confint(method='vi') has intervals of a fit with a posterior of "
        "every parameter"
    )


def _linear(
    terms: Sequence[RandomTerm], posterior: StructuredPosterior, level: float
) -> CovarianceUncertainty:
    problem, solution = posterior.problem, posterior.solution
    factors = solution.factorization.factors
    covariance = linear_parameter_covariance(problem, pack(factors))
    log_sigma = np.log(solution.sigma)
    parts = [
        unconstrained_term(factor, Z_factor)
        for factor, Z_factor in zip(factors, problem.basis.Z_factors, strict=True)
    ]
    scaled = [
        UnconstrainedTerm(
            part.pairs,
            part.natural * np.where(is_sd := _is_sd(part), solution.sigma, 1.0),
            part.values + np.where(is_sd, log_sigma, 0.0),
            part.jacobian,
        )
        for part in parts
    ]
    jacobian = block_diag(*(part.jacobian for part in parts), np.eye(1))
    jacobian[:-1, -1] = np.concatenate([_is_sd(part) for part in parts])
    half_width, error = _spread(jacobian, covariance, level)
    rows = _term_rows(terms, scaled, error, half_width)
    sigma = solution.sigma
    residual = CovarianceParameterRow(
        "Residual",
        None,
        None,
        sigma,
        sigma * error[-1],
        sigma * float(np.exp(-half_width[-1])),
        sigma * float(np.exp(half_width[-1])),
    )
    return CovarianceUncertainty((*rows, residual), level)


def _generalized(
    terms: Sequence[RandomTerm], posterior: VariationalPosterior, level: float
) -> CovarianceUncertainty:
    solution = posterior.solution
    if solution.parameter_cov is None:
        raise ArgumentError(
            "covariance_parameters() needs the Hessian of the criterion: fit with nAGQ >= 1 and "
            "control=glmerControl(use_hessian=True)"
        )
    parts = [
        unconstrained_term(factor, Z_factor)
        for factor, Z_factor in zip(
            solution.state.factorization.factors, posterior.problem.basis.Z_factors, strict=True
        )
    ]
    k, p = sum(part.jacobian.shape[1] for part in parts), len(solution.beta)
    kept = np.r_[:k, k + p : k + p + len(solution.dispersion)]
    covariance = solution.parameter_cov[np.ix_(kept, kept)]
    jacobian = block_diag(*(part.jacobian for part in parts), np.eye(len(solution.dispersion)))
    half_width, error = _spread(jacobian, covariance, level)
    rows = _term_rows(terms, parts, error, half_width)
    last = slice(len(rows), None)
    dispersions = _dispersion_rows(
        posterior.family, solution.dispersion, error[last], half_width[last]
    )
    return CovarianceUncertainty((*rows, *dispersions), level)


def _is_sd(part: UnconstrainedTerm) -> NDArray[np.bool_]:
    return np.array([i == j for i, j in part.pairs])


def _spread(
    jacobian: NDArray[np.float64], covariance: NDArray[np.float64], level: float
) -> tuple[Vector, Vector]:
    """Half widths of the intervals and standard errors, on the unconstrained scale."""
    with np.errstate(invalid="ignore"):
        variance = np.einsum("ma,ab,mb->m", jacobian, covariance, jacobian)
        error = np.sqrt(np.where(variance > 0.0, variance, np.nan))
    return float(ndtri(0.5 + 0.5 * level)) * error, error


def _term_rows(
    terms: Sequence[RandomTerm],
    parts: Sequence[UnconstrainedTerm],
    error: Vector,
    half_width: Vector,
) -> list[CovarianceParameterRow]:
    rows: list[CovarianceParameterRow] = []
    for term, part in zip(terms, parts, strict=True):
        for (i, j), natural, value in zip(part.pairs, part.natural, part.values, strict=True):
            inverse, at = (np.exp if i == j else np.tanh), len(rows)
            slope = natural if i == j else 1.0 - natural**2
            ends = inverse(value + np.array([-1.0, 1.0]) * half_width[at])
            rows.append(
                CovarianceParameterRow(
                    term.label,
                    term.column_names[j],
                    None if i == j else term.column_names[i],
                    float(natural),
                    float(slope * error[at]),
                    float(ends[0]),
                    float(ends[1]),
                )
            )
    return rows


def _dispersion_rows(
    family: Family, dispersion: Vector, error: Vector, half_width: Vector
) -> list[CovarianceParameterRow]:
    small = 1e-6
    natural = family.to_natural(dispersion)
    above, below = family.to_natural(dispersion + small), family.to_natural(dispersion - small)
    slope = np.abs(above - below) / (2.0 * small)
    ends = np.sort(
        [family.to_natural(dispersion - half_width), family.to_natural(dispersion + half_width)],
        axis=0,
    )
    return [
        CovarianceParameterRow(
            "Residual" if family.uses_scale and i == 0 else name,
            None,
            None,
            float(natural[i]),
            float(slope[i] * error[i]),
            float(ends[0, i]),
            float(ends[1, i]),
        )
        for i, name in enumerate(family.dispersion_names)
    ]
