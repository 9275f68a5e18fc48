"""``glmer_nb``: negative binomial mixed models whose theta is estimated."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from glmmvi.api.arguments import refuse_unknown
from glmmvi.api.glmer import glmer
from glmmvi.api.updatable import updatable
from glmmvi.errors import ArgumentError
from glmmvi.formula import ModelFormula
from glmmvi.model.families import nbinom2
from glmmvi.model.families.negative_binomial_family import NegativeBinomialFamily
from glmmvi.results.generalized_fit import GeneralizedMixedFit


@updatable
def glmer_nb(formula: str | ModelFormula, data: Any, **arguments: Any) -> GeneralizedMixedFit:
    """Fit a negative binomial mixed model with a log link, as lme4's ``glmer.nb``.

    ``theta`` maximises the same criterion as all other parameters, in one optimisation; lme4
    searches for it by refitting. Its estimate is in ``fit.dispersion_parameters()["theta"]``
    (lme4's ``getME(fit, "glmer.nb.theta")``) and in the printed name of the family.

    Parameters
    ----------
    formula : str or ModelFormula
    data : data frame
    **arguments
        Those of :func:`glmmvi.glmer`, but for `family`.

    Returns
    -------
    GeneralizedMixedFit

    Raises
    ------
    ArgumentError
        If `family` is given, or an argument is unknown.
    FormulaError, DataError
        As `glmer`.

    See Also
    --------
    glmmvi.nbinom2 : The same family for `glmer`, with other links.
    glmmvi.negative_binomial : The family at a known theta.

    Examples
    --------
    >>> import glmmvi as gv
    >>> ticks = gv.load_dataset("grouseticks")
    >>> fit = gv.glmer_nb("TICKS ~ YEAR + (1 | BROOD)", ticks)
    >>> fit.family.name.startswith("Negative Binomial(3.2"), fit.ngrps()
    (True, {'BROOD': 118})
    """
    if "family" in arguments:
        raise ArgumentError(
            "glmer_nb has no argument 'family': it is the negative binomial with a log link; use "
            "glmer(family=glmmvi.nbinom2(link)) for another link"
        )
    refuse_unknown(glmer, arguments)
    fit = glmer(formula, data, nbinom2(), **arguments)
    assert isinstance(fit, GeneralizedMixedFit)
    assert isinstance(fit.family, NegativeBinomialFamily)
    theta = fit.dispersion_parameters()["theta"]
    return replace(fit, family=replace(fit.family, estimate=theta))
