"""The overdispersion test of the GLMM FAQ, with an interval of the ratio."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from glmmvi.errors import ArgumentError, nearest_hint
from glmmvi.inference.effects_posterior import draw_effects, sum_of_terms
from glmmvi.inference.tail_probabilities import chi_squared_quantile, chi_squared_tail
from glmmvi.results.any_fit import AnyFit
from glmmvi.results.effects import effects_of
from glmmvi.results.generalized_fit import GeneralizedMixedFit
from glmmvi.results.prediction_intervals import check_level
from glmmvi.results.simulation import responses
from glmmvi.unknown_arguments import names_arguments

Method = Literal["chisq", "surrogate"]

_CHUNK = 2_000_000  # numbers of a temporary


@dataclass(frozen=True)
class OverdispersionTest:
    """Pearson's chi-square against what the family's variance would give.

    Attributes
    ----------
    chisq, ratio, rdf, p : float
        The FAQ's names; `ratio` above 1 is more variance than the family has.
    lower, upper : float
        Interval of the ratio.
    level : float
        Of the interval.
    method : {"chisq", "surrogate"}
        Where interval, `p` (and with ``"surrogate"`` the ratio) are from.
    """

    chisq: float
    ratio: float
    rdf: float
    p: float
    lower: float
    upper: float
    level: float
    method: Method

    def __str__(self) -> str:
        source = "chi-square" if self.method == "chisq" else "surrogate and simulation"
        return (
            f"Overdispersion: chisq = {self.chisq:.3f} on {self.rdf:g} df, "
            f"ratio = {self.ratio:.3f}, p = {self.p:.4g}\n"
            f"{100 * self.level:g} % interval of the ratio ({source}): "
            f"{self.lower:.3f} to {self.upper:.3f}"
        )

    def __repr__(self) -> str:
        return str(self)


@names_arguments
def overdispersion(
    fit: AnyFit,
    *,
    level: float = 0.95,
    method: Method = "chisq",
    nsim: int = 1000,
    seed: int | None = 0,
) -> OverdispersionTest:
    """Compare the Pearson residuals' sum of squares with what the family would give.

    Bolker et al., GLMM FAQ, ``overdisp_fun``: the sum over its residual degrees of freedom.

    Parameters
    ----------
    fit : GeneralizedMixedFit
        Of a family without a free scale.
    level : float
        Of the interval of the ratio.
    method : {"chisq", "surrogate"}
        ``"chisq"``: `p` and the interval as if the sum over the true ratio were chi-square with
        ``rdf`` degrees of freedom; of no use for binary responses or small expected counts.
        ``"surrogate"``: fixed and random effects are drawn from the surrogate, and a response
        from each draw; the ratio is that of the Pearson sum of the data to the sum of the
        simulated response, both at the draw: its median, its quantiles, and `p` the share of
        draws in which it is not above 1 (a posterior predictive p value, Gelman, Meng and Stern
        1996). No large counts are assumed; the covariance parameters are at their estimates.
    nsim : int
        Draws, with ``method="surrogate"``.
    seed : int, optional
        Of the draws.

    Returns
    -------
    OverdispersionTest

    Raises
    ------
    ArgumentError
        For a linear mixed model, a family that estimates its scale, or another `method`.

    Examples
    --------
    >>> import glmmvi as gv
    >>> formula = "cbind(incidence, size - incidence) ~ period + (1 | herd)"
    >>> fit = gv.glmer(formula, gv.load_dataset("cbpp"), family="binomial")
    >>> test = overdispersion(fit)
    >>> test.rdf, round(test.ratio, 1), round(test.lower, 1), round(test.upper, 1)
    (51, 1.3, 0.9, 1.9)
    """
    if not isinstance(fit, GeneralizedMixedFit) or fit.family.uses_scale:
        raise ArgumentError(
            "overdispersion: this model estimates its residual variance; the test is for families "
            "whose variance follows from the mean (binomial, poisson, ...)"
        )
    if method not in get_args(Method):
        raise ArgumentError(
            f"overdispersion: method={method!r} is neither 'chisq' nor 'surrogate'"
            f"{nearest_hint(str(method), get_args(Method))}"
        )
    check_level(level)
    tails = (0.5 - 0.5 * level, 0.5 + 0.5 * level)
    chisq = float(np.nansum(fit.residuals("pearson") ** 2))
    df = fit.df_residual()
    if method == "chisq":
        low, high = (chisq / float(chi_squared_quantile(tail, df)) for tail in reversed(tails))
        p = float(chi_squared_tail(chisq, df))
        return OverdispersionTest(chisq, chisq / df, df, p, low, high, level, method)
    ratios = _simulated_ratios(fit, nsim, np.random.default_rng(seed))
    low, middle, high = (float(np.quantile(ratios, tail)) for tail in (tails[0], 0.5, tails[1]))
    p = float(np.mean(ratios <= 1.0))
    return OverdispersionTest(chisq, middle, df, p, low, high, level, method)


def _simulated_ratios(
    fit: GeneralizedMixedFit, nsim: int, rng: np.random.Generator
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Pearson sums of the data over those of simulated responses, at draws of the effects."""
    if not isinstance(nsim, (int, np.integer)) or nsim < 2:
        raise ArgumentError(f"overdispersion: nsim={nsim!r} is no number of draws from 2 up")
    design, found = fit.design, []
    effects = effects_of(fit.posterior)
    step = max(1, _CHUNK // design.n)
    for start in range(0, nsim, step):
        draws = draw_effects(effects, min(step, nsim - start), rng)
        eta = design.offset + draws.beta @ design.X.T
        terms = design.terms
        eta += sum_of_terms([term.Z for term in terms], [term.codes for term in terms], draws.b)
        mean = fit.family.response_mean(fit.family.inverse_link(eta), fit.dispersion)
        precision = design.weights / fit.family.variance(
            fit.family.inverse_link(eta), fit.dispersion
        )
        simulated = responses(fit, eta, rng, None, None)
        sums = [np.nansum(precision * (y - mean) ** 2, axis=1) for y in (design.y, simulated)]
        found.append(sums[0] / np.where(sums[1] > 0.0, sums[1], np.nan))
    ratios = np.concatenate(found)
    return np.asarray(ratios[np.isfinite(ratios)])
