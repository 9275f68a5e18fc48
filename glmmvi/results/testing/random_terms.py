"""``ranova``: likelihood ratio tests of the random-effects terms, as lmerTest's."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from glmmvi.design.recipe import TermRecipe
from glmmvi.errors import ArgumentError, FormulaError
from glmmvi.formula import ModelFormula, deparse, update_formula
from glmmvi.inference.linear_mixed import build_problem, criterion, optimize
from glmmvi.inference.regression_arrays import RegressionArrays, TermArrays
from glmmvi.inference.tail_probabilities import chi_squared_tail
from glmmvi.results.engine_arrays import engine_arrays
from glmmvi.results.fit import LinearMixedFit
from glmmvi.results.mixed_fit import MixedModelFit
from glmmvi.results.tables import AnovaTable
from glmmvi.results.testing.lmertest_tables import linear_fit
from glmmvi.unknown_arguments import names_arguments


@names_arguments
def ranova(fit: MixedModelFit, *, reduce_terms: bool = True) -> AnovaTable:
    """Likelihood ratio tests of the random-effects terms.

    Parameters
    ----------
    fit : LinearMixedFit
        By REML or maximum likelihood; the smaller models are fitted by the same criterion.
    reduce_terms : bool
        Whether ``(x | g)`` is compared with ``(1 | g)``, or left out altogether.

    Returns
    -------
    AnovaTable
        p values are from a chi-square: conservative, as a variance is not negative.

    Raises
    ------
    ArgumentError
        For generalized and stochastic fits.

    Notes
    -----
    A term without an intercept and with one variable, ``(0 + x | g)``, is left out; lmerTest
    (3.1-3) compares it with ``(1 | g)``, which is not a smaller model.

    Examples
    --------
    >>> import glmmvi as gv
    >>> fit = gv.lmer("Reaction ~ Days + (Days | Subject)", gv.load_dataset("sleepstudy"))
    >>> print(gv.ranova(fit))
    ANOVA-like table for random-effects: Single term deletions
    <BLANKLINE>
    Model:
    Reaction ~ Days + (Days | Subject)
                             npar  logLik    AIC    LRT Df Pr(>Chisq)
    <none>                      6 -871.81 1755.6
    Days in (Days | Subject)    4 -893.23 1794.5 42.837  2   4.99e-10 ***
    ---
    Signif. codes:  0 ‘***’ 0.001 ‘**’ 0.01 ‘*’ 0.05 ‘.’ 0.1 ‘ ’ 1
    """
    linear = linear_fit(fit, "ranova")
    arrays = engine_arrays(linear.design)
    rows, log_lik, npar = ["<none>"], [linear.elbo], [linear.n_parameters]
    for smaller in reductions(linear, reduce_terms):
        rows.append(smaller.label)
        log_lik.append(_log_likelihood(arrays, smaller.term, smaller.kept, reml=linear.reml))
        d, left = arrays.terms[smaller.term].d, len(smaller.kept)
        npar.append(linear.n_parameters - (d * (d + 1) - left * (left + 1)) // 2)
    value, count = np.array(log_lik), np.array(npar, dtype=np.float64)
    statistic, df = 2.0 * (value[0] - value), count[0] - count
    statistic[0] = df[0] = np.nan
    p_value = np.where(df > 0, chi_squared_tail(statistic, np.where(df > 0, df, 1.0)), np.nan)
    return AnovaTable(
        (
            "ANOVA-like table for random-effects: Single term deletions",
            "\nModel:",
            expanded_text(linear.design.formula),
        ),
        tuple(rows),
        ("npar", "logLik", "AIC", "LRT", "Df", "Pr(>Chisq)"),
        (count, value, -2.0 * value + 2.0 * count, statistic, df, p_value),
    )


def expanded_text(formula: ModelFormula) -> str:
    """The formula as lmerTest writes it: terms by degree, every bar on its own, one line."""
    bars = (f"({deparse(bar.lhs)} | {deparse(bar.group)})" for bar in formula.random)
    try:
        return str(update_formula(formula, f". ~ {' + '.join([deparse(formula.fixed), *bars])}"))
    except FormulaError:  # a ``.`` of its own
        return str(formula)


@dataclass(frozen=True)
class Reduction:
    """A smaller random part.

    Attributes
    ----------
    label : str
        lmerTest's: ``"(1 | g)"`` where the term is left out, ``"x in (x | g)"`` where ``x`` is.
    term : int
        Number of the term in the design.
    kept : list of int
        Which of its columns stay.
    change : str
        The formula's change, for `update_formula` of the text of `expanded_text`.
    """

    label: str
    term: int
    kept: list[int]
    change: str


def reductions(fit: LinearMixedFit, reduce_terms: bool = True) -> list[Reduction]:
    """The smaller models that ``ranova`` compares a fit with, in the order of the formula."""
    order = {str(bar): k for k, bar in enumerate(fit.design.formula.random)}
    recipes = enumerate(fit.design.recipe.random)
    ordered = sorted(recipes, key=lambda pair: order.get(pair[1].text, len(order)))
    return [found for r, recipe in ordered for found in _of_term(r, recipe, reduce_terms)]


def _of_term(r: int, recipe: TermRecipe, reduce_terms: bool) -> list[Reduction]:
    """What a term is reduced to."""
    plan = recipe.plan
    whole = f"({recipe.text})"
    sets = {number: frozenset(part.name for part in parts) for number, parts in plan.terms}
    scope = [k for k, own in sets.items() if not any(own < other for other in sets.values())]
    if not scope or not reduce_terms or (len(sets) == 1 and not plan.intercept):
        return [Reduction(whole, r, [], f". ~ . - {whole}")]
    factors = {part.name for _, parts in plan.terms for part in parts if part.coding is not None}
    if not plan.intercept and len(factors) > 1:
        raise ArgumentError(
            f"ranova: {whole} has several factors and no intercept, so that its terms cannot be "
            "left out one by one; use reduce_terms=False"
        )
    names = {number: ":".join(part.name for part in parts) for number, parts in plan.terms}
    found = []
    for k in scope:
        left = " + ".join(name for number, name in names.items() if number != k) or "1"
        lhs = left if plan.intercept else f"{left} - 1"
        found.append(
            Reduction(
                f"{names[k]} in {whole}",
                r,
                [c for c, number in enumerate(plan.assign) if number != k],
                f". ~ . - {whole} + ({lhs} | {deparse(recipe.group)})",
            )
        )
    return found


def _log_likelihood(arrays: RegressionArrays, r: int, kept: list[int], *, reml: bool) -> float:
    """Maximised (restricted) log likelihood with some of the columns of term `r`, nats."""
    term = arrays.terms[r]
    terms = list(arrays.terms)
    if kept:
        terms[r] = TermArrays(np.ascontiguousarray(term.Z[:, kept]), term.codes, term.n_levels)
    elif len(terms) > 1:
        del terms[r]
    else:  # no random effects are left: the criterion with their variances at 0
        problem = build_problem(arrays, reml=reml)
        return -0.5 * criterion(problem, [np.zeros((term.d, term.d))])
    problem = build_problem(replace(arrays, terms=tuple(terms)), reml=reml)
    return optimize(problem)[0].elbo
