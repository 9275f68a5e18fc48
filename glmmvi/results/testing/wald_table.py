"""car's ``Anova``: Wald chi-square tests of the terms, types II and III."""

from __future__ import annotations

from typing import Any

import numpy as np

from glmmvi.design.fixed_terms import fixed_terms
from glmmvi.errors import ArgumentError
from glmmvi.formula.deparse import deparse
from glmmvi.inference.tail_probabilities import chi_squared_tail
from glmmvi.inference.wald_tests import term_test
from glmmvi.results.mixed_fit import MixedModelFit
from glmmvi.results.tables import AnovaTable
from glmmvi.results.testing.term_contrasts import ROMAN, type_number
from glmmvi.unknown_arguments import names_arguments


@names_arguments
def Anova(fit: MixedModelFit, type: Any = "II") -> AnovaTable:
    """Wald chi-square tests of the fixed-effects terms, as car's ``Anova``.

    Parameters
    ----------
    fit : fitted model
        Of `lmer` or `glmer`.
    type : {"II", "III", 2, 3}
        II: each term after all others that do not contain it. III: the term's own
        coefficients are 0, whatever the contrasts (so that it depends on them), the intercept
        among the terms.

    Returns
    -------
    AnovaTable

    Raises
    ------
    ArgumentError
        For type I, and unknown types.

    See Also
    --------
    glmmvi.anova : F tests with Satterthwaite's degrees of freedom for lmer fits.

    Examples
    --------
    >>> import glmmvi as gv
    >>> fit = gv.lmer("Reaction ~ Days + (Days | Subject)", gv.load_dataset("sleepstudy"))
    >>> table = gv.Anova(fit)
    >>> table.heading[0]
    'Analysis of Deviance Table (Type II Wald chisquare tests)'
    >>> table.as_data_frame()[["Chisq", "Df"]].round(2)
          Chisq   Df
    Days  45.85  1.0
    """
    number = type_number(type)
    if number == 1:
        raise ArgumentError("Anova has types II and III; sequential tests: anova(fit, type='I')")
    design, estimates = fit.design, fit.estimates
    assign = np.array(design.assign, dtype=np.intp)
    terms = fixed_terms(design)
    rows, tests = [], []
    if number == 3 and design.recipe.plan.intercept:
        nothing = np.zeros(design.p, dtype=bool)
        rows.append("(Intercept)")
        tests.append(term_test(estimates.beta, estimates.beta_cov, assign == 0, nothing))
    for term in terms:
        larger = [
            other.number
            for other in terms
            if number == 2 and set(term.variables) < set(other.variables)
        ]
        rows.append(term.label)
        tests.append(
            term_test(
                estimates.beta, estimates.beta_cov, assign == term.number, np.isin(assign, larger)
            )
        )
    statistic = np.array([test.statistic for test in tests])
    df = np.array([float(test.df) for test in tests])
    response = design.formula.response
    return AnovaTable(
        (
            f"Analysis of Deviance Table (Type {ROMAN[number]} Wald chisquare tests)",
            f"\nResponse: {'' if response is None else deparse(response)}",
        ),
        tuple(rows),
        ("Chisq", "Df", "Pr(>Chisq)"),
        (statistic, df, np.asarray(chi_squared_tail(statistic, df))),
    )
