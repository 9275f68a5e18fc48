"""R's ``anova``: of several models, or of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from glmmvi.errors import ArgumentError
from glmmvi.results.fit import LinearMixedFit
from glmmvi.results.generalized_fit import GeneralizedMixedFit
from glmmvi.results.mixed_fit import MixedModelFit
from glmmvi.results.tables import AnovaTable
from glmmvi.results.testing.compare_models import compare_models
from glmmvi.results.testing.lmertest_tables import lmertest_anova
from glmmvi.results.testing.sequential_table import sequential_table
from glmmvi.results.testing.small_sample import Ddf, check_ddf
from glmmvi.unknown_arguments import names_arguments


@names_arguments
def anova(
    fit: MixedModelFit,
    *others: MixedModelFit,
    refit: bool = True,
    model_names: Sequence[str] | None = None,
    type: Any = None,
    ddf: str | None = None,
) -> AnovaTable:
    """Compare models by likelihood ratio tests, or test the terms of one.

    Parameters
    ----------
    fit : fitted model
    *others : fitted models
        Of the same data: likelihood ratio tests, in the order of the number of parameters, as
        lme4's. Without them the terms of `fit` are tested.
    refit : bool
        Whether REML fits are refitted by maximum likelihood first.
    model_names : sequence of str, optional
        By default the names of the caller's variables.
    type : {1, 2, 3, "I", "II", "III"}, optional
        Of one `lmer` fit: lmerTest's F tests with Satterthwaite's degrees of freedom; type III
        where only `ddf` is given.
    ddf : {"Satterthwaite", "Kenward-Roger", "lme4"}, optional
        Which degrees of freedom. ``"lme4"``, the default without `type`: sequential sums of
        squares without p values. Kenward and Roger's are with the prior weights, which pbkrtest
        (0.5.2) ignores.

    Returns
    -------
    AnovaTable

    Raises
    ------
    ArgumentError
        For what is not a fit, or arguments that do not go together.
    DataError
        If the models are of different data.

    Warns
    -----
    GlmmviMessage
        lme4's ``refitting model(s) with ML (instead of REML)``.

    See Also
    --------
    glmmvi.Anova : Wald tests of the terms, for generalized models too.

    Examples
    --------
    >>> import glmmvi as gv
    >>> fit = gv.lmer("Reaction ~ Days + (Days | Subject)", gv.load_dataset("sleepstudy"))
    >>> print(gv.anova(fit))
    Analysis of Variance Table
         npar Sum Sq Mean Sq F value
    Days    1  30031   30031  45.853
    >>> print(gv.anova(fit, type="III"))
    Type III Analysis of Variance Table with Satterthwaite's method
         Sum Sq Mean Sq NumDF DenDF F value    Pr(>F)
    Days  30031   30031     1    17  45.853 3.264e-06 ***
    ---
    Signif. codes:  0 ‘***’ 0.001 ‘**’ 0.01 ‘*’ 0.05 ‘.’ 0.1 ‘ ’ 1
    """
    for position, other in enumerate((fit, *others), start=1):
        if not isinstance(other, MixedModelFit):
            raise ArgumentError(
                f"anova: argument {position} is {other!r}, not a fitted model; the others are "
                "named: refit=, model_names=, type=, ddf="
            )
    check_ddf(ddf)
    if others:
        if type is not None or ddf is not None:
            raise ArgumentError("anova: type= and ddf= are for the terms of one model")
        return compare_models((fit, *others), refit=refit, names=model_names)
    if type is not None and ddf == "lme4":
        raise ArgumentError("anova: ddf='lme4' has sequential sums of squares only, no type=")
    if type is not None or ddf in ("Satterthwaite", "Kenward-Roger"):
        method: Ddf = "Kenward-Roger" if ddf == "Kenward-Roger" else "Satterthwaite"
        return lmertest_anova(fit, "III" if type is None else type, method)
    if not isinstance(fit, (LinearMixedFit, GeneralizedMixedFit)):
        raise ArgumentError(f"a {fit.__class__.__name__} has no table of its terms")
    return sequential_table(fit, fit.sigma())
