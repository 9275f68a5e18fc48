"""``drop1``: every term that can be left out, left out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np

from glmmvi.design.fixed_terms import fixed_terms, without_term
from glmmvi.errors import ArgumentError, nearest_hint
from glmmvi.inference.tail_probabilities import chi_squared_tail
from glmmvi.results.fit import LinearMixedFit
from glmmvi.results.mixed_fit import MixedModelFit
from glmmvi.results.refit import refit_ml
from glmmvi.results.tables import AnovaTable
from glmmvi.results.testing.marginal_terms import marginal_tests
from glmmvi.results.testing.refit import log_likelihood_of
from glmmvi.results.testing.scope import chosen_terms
from glmmvi.results.testing.small_sample import Ddf, check_ddf
from glmmvi.unknown_arguments import names_arguments

Test = Literal["none", "Chisq"]


@names_arguments
def drop1(
    fit: MixedModelFit,
    scope: str | Sequence[str] | None = None,
    *,
    test: Test = "none",
    k: float = 2.0,
    ddf: Ddf | Literal["lme4"] | None = None,
) -> AnovaTable:
    """Single term deletions, as lme4's ``drop1``, or as lmerTest's with F tests.

    Parameters
    ----------
    fit : fitted model
        REML fits are compared by maximum likelihood, as in lme4. The models without a term are
        refitted from the same design, warm-started.
    scope : str or sequence of str, optional
        R's labels of the terms to drop; by default those that no other term contains.
    test : {"none", "Chisq"}
        Whether to add likelihood ratio tests.
    k : float
        Penalty a parameter in the column ``AIC``.
    ddf : {"Satterthwaite", "Kenward-Roger", "lme4"}, optional
        Of `lmer` fits: lmerTest's F tests of the terms that no other term contains, without
        refits, by these degrees of freedom. ``"lme4"`` is as None.

    Returns
    -------
    AnovaTable

    Raises
    ------
    ArgumentError
        For an unknown test or term, and for `test` or `k` together with F tests.

    Examples
    --------
    >>> import glmmvi as gv
    >>> fit = gv.lmer("Reaction ~ Days + (1 | Subject)", gv.load_dataset("sleepstudy"))
    >>> print(gv.drop1(fit, test="Chisq"))
    Single term deletions
    <BLANKLINE>
    Model:
    Reaction ~ Days + (1 | Subject)
           npar    AIC    LRT   Pr(Chi)
    <none>      1802.1
    Days      1 1916.5 116.46 < 2.2e-16 ***
    ---
    Signif. codes:  0 ‘***’ 0.001 ‘**’ 0.01 ‘*’ 0.05 ‘.’ 0.1 ‘ ’ 1
    >>> print(gv.drop1(fit, ddf="Satterthwaite"))
    Single term deletions using Satterthwaite's method:
    <BLANKLINE>
    Model:
    Reaction ~ Days + (1 | Subject)
         Sum Sq Mean Sq NumDF DenDF F value    Pr(>F)
    Days 162703  162703     1   161   169.4 < 2.2e-16 ***
    ---
    Signif. codes:  0 ‘***’ 0.001 ‘**’ 0.01 ‘*’ 0.05 ‘.’ 0.1 ‘ ’ 1
    """
    if test not in get_args(Test):
        raise ArgumentError(
            f"drop1: test={test!r} is neither 'none' nor 'Chisq'"
            f"{nearest_hint(str(test), get_args(Test))}"
        )
    check_ddf(ddf)
    if ddf is not None and ddf != "lme4":
        if test != "none" or k != 2.0:
            raise ArgumentError(
                f"drop1: ddf={ddf!r} asks for F tests, which have neither test= nor k=; leave "
                "ddf= out for likelihood ratio tests and the AIC"
            )
        return marginal_tests(fit, scope, ddf)
    terms = chosen_terms(fixed_terms(fit.design), scope)
    full = refit_ml(fit) if isinstance(fit, LinearMixedFit) else fit
    log_lik = [float(full.logLik())]  # type: ignore[attr-defined]
    dropped = []
    for term in terms:
        design = without_term(fit.design, term)
        dropped.append(float(fit.design.p - design.p))
        log_lik.append(log_likelihood_of(fit, design))
    npar = np.array([np.nan, *dropped])
    deviance = -2.0 * np.array(log_lik)
    aic = deviance + k * (fit.n_parameters - np.nan_to_num(npar))
    columns, names = [npar, aic], ["npar", "AIC"]
    if test == "Chisq":
        rise = deviance - deviance[0]
        rise[0] = np.nan
        p_value = np.where(npar > 0, chi_squared_tail(rise, np.where(npar > 0, npar, 1.0)), np.nan)
        columns += [rise, p_value]
        names += ["LRT", "Pr(Chi)"]
    rows = ("<none>", *(term.label for term in terms)) if terms else ("1",)
    heading = ("Single term deletions", "\nModel:", *fit.call.formula)
    return AnovaTable(heading, rows, tuple(names), tuple(columns))
