"""The overdispersion test of the GLMM FAQ."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2

from glmmvi.errors import ArgumentError
from glmmvi.results.any_fit import AnyFit
from glmmvi.results.generalized_fit import GeneralizedMixedFit


@dataclass(frozen=True)
class OverdispersionTest:
    """Pearson's chi-square against the residual degrees of freedom.

    Attributes
    ----------
    chisq, ratio, rdf, p : float
        The FAQ's names; `ratio` above 1 is more variance than the family has.
    """

    chisq: float
    ratio: float
    rdf: float
    p: float

    def __str__(self) -> str:
        return (
            f"Overdispersion: chisq = {self.chisq:.3f} on {self.rdf:g} df, "
            f"ratio = {self.ratio:.3f}, p = {self.p:.4g}"
        )


def overdispersion(fit: AnyFit) -> OverdispersionTest:
    """Compare the Pearson residuals' sum of squares with a chi-square.

    Bolker et al., GLMM FAQ, ``overdisp_fun``: approximate, and of no use for binary responses or
    small expected counts.

    Parameters
    ----------
    fit : GeneralizedMixedFit
        Of a family without a free scale.

    Returns
    -------
    OverdispersionTest

    Raises
    ------
    ArgumentError
        For a linear mixed model, or a family that estimates its scale.

    Examples
    --------
    >>> import glmmvi as gv
    >>> formula = "cbind(incidence, size - incidence) ~ period + (1 | herd)"
    >>> fit = gv.glmer(formula, gv.load_dataset("cbpp"), family="binomial")
    >>> test = overdispersion(fit)
    >>> test.rdf, round(test.ratio, 1)
    (51, 1.3)
    """
    if not isinstance(fit, GeneralizedMixedFit) or fit.family.uses_scale:
        raise ArgumentError(
            "overdispersion: this model estimates its residual variance; the test is for families "
            "whose variance follows from the mean (binomial, poisson, ...)"
        )
    chisq = float(np.nansum(fit.residuals("pearson") ** 2))
    df = fit.df_residual()
    return OverdispersionTest(chisq, chisq / df, df, float(chi2.sf(chisq, df)))
