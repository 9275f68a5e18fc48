"""lmerTest's ``step``: backward elimination of random-effects and fixed-effects terms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np

from glmmvi.design.fixed_terms import fixed_terms
from glmmvi.errors import ArgumentError, DataError, nearest_hint
from glmmvi.formula import update_formula
from glmmvi.results.fit import LinearMixedFit
from glmmvi.results.mixed_fit import MixedModelFit
from glmmvi.results.tables import AnovaTable
from glmmvi.results.testing.lmertest_tables import linear_fit
from glmmvi.results.testing.marginal_terms import marginal_tests
from glmmvi.results.testing.random_terms import expanded_text, ranova, reductions
from glmmvi.results.testing.small_sample import Ddf
from glmmvi.unknown_arguments import names_arguments


@dataclass(frozen=True, repr=False)
class StepResult:
    """What ``step(fit)`` did; ``print`` shows it as lmerTest does.

    Attributes
    ----------
    random, fixed : AnovaTable
        The terms in the order in which they were eliminated (the column ``Eliminated``), then
        those that stay (with 0). ``random.as_data_frame()`` has the numbers.
    model : LinearMixedFit
        The model that is left.
    """

    random: AnovaTable
    fixed: AnovaTable
    model: LinearMixedFit

    def __str__(self) -> str:
        return f"{self.random}\n\n{self.fixed}\n\nModel found:\n{self.model.formula}"

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        return f"{self.random.to_html()}\n{self.fixed.to_html()}"


@names_arguments
def step(
    fit: MixedModelFit,
    *,
    ddf: Ddf = "Satterthwaite",
    alpha_random: float = 0.1,
    alpha_fixed: float = 0.05,
    reduce_fixed: bool = True,
    reduce_random: bool = True,
    keep: str | Sequence[str] = (),
) -> StepResult:
    """Eliminate random-effects terms, then fixed-effects terms, as lmerTest's ``step``.

    The term with the largest p value above the level is left out and the rest is fitted again,
    until there is none: first by `glmmvi.ranova`, then by ``drop1(fit, ddf=ddf)``, which respects
    marginality. Tests after a selection are no longer at their level.

    Parameters
    ----------
    fit : LinearMixedFit
        With its data at hand.
    ddf : {"Satterthwaite", "Kenward-Roger"}
        Degrees of freedom of the F tests.
    alpha_random, alpha_fixed : float
        Levels that a term has to reach in order to stay.
    reduce_fixed, reduce_random : bool
        Whether terms of that part may be eliminated.
    keep : str or sequence of str
        R's labels of fixed-effects terms that stay whatever their p values.

    Returns
    -------
    StepResult

    Raises
    ------
    ArgumentError
        For generalized and stochastic fits, unknown terms, and if no random-effects term would
        be left (lmerTest goes on with ``lm``).
    DataError
        If the smaller model has other rows, because of missing values.

    See Also
    --------
    glmmvi.get_model : The model that is left.

    Examples
    --------
    >>> import glmmvi as gv
    >>> fit = gv.lmer("distance ~ age * Sex + (age | Subject)", gv.load_dataset("Orthodont"))
    >>> found = gv.step(fit)
    >>> found.random.as_data_frame()[["Eliminated", "LRT"]].round(2)
                            Eliminated    LRT
    <none>                         NaN    NaN
    age in (age | Subject)         1.0   1.18
    (1 | Subject)                  0.0  49.80
    >>> print(gv.get_model(found).formula)
    distance ~ age + Sex + (1 | Subject) + age:Sex
    """
    linear = linear_fit(fit, "step")
    if ddf not in get_args(Ddf):
        raise ArgumentError(
            f"step: ddf={ddf!r} is neither 'Satterthwaite' nor 'Kenward-Roger'"
            f"{nearest_hint(str(ddf), get_args(Ddf))}"
        )
    for name, level in (("alpha_random", alpha_random), ("alpha_fixed", alpha_fixed)):
        if not 0.0 <= level <= 1.0:
            raise ArgumentError(f"step: {name}={level!r} has to be between 0 and 1")
    kept = _known_labels(linear, [keep] if isinstance(keep, str) else list(keep))
    model, random = _reduce_random(linear, alpha_random if reduce_random else 1.0)
    model, fixed = _reduce_fixed(model, ddf, alpha_fixed if reduce_fixed else 1.0, kept)
    return StepResult(random, fixed, model)


@names_arguments
def get_model(result: StepResult) -> LinearMixedFit:
    """Give the model that ``step`` found, as lmerTest's ``get_model``.

    Parameters
    ----------
    result : StepResult

    Returns
    -------
    LinearMixedFit

    Raises
    ------
    ArgumentError
        For what ``step`` did not return.

    Examples
    --------
    >>> import glmmvi as gv
    >>> fit = gv.lmer("strength ~ 1 + (1 | batch/cask)", gv.load_dataset("Pastes"))
    >>> print(gv.get_model(gv.step(fit)).formula)
    strength ~ (1 | cask:batch)
    """
    if not isinstance(result, StepResult):
        raise ArgumentError(
            f"get_model: result is a {type(result).__name__}, not what step(fit) returns"
        )
    return result.model


def _reduce_random(fit: LinearMixedFit, alpha: float) -> tuple[LinearMixedFit, AnovaTable]:
    """Leave out random-effects terms one by one."""
    table = ranova(fit)
    rows = [_row(table, 0, np.nan)]
    while (worst := _worst(table.columns[-1][1:], alpha)) is not None:
        smaller = reductions(fit)[worst]
        if not smaller.kept and len(fit.design.recipe.random) == 1:
            raise ArgumentError(
                f"step: no random-effects term is left: {smaller.label} has p = "
                f"{table.columns[-1][1 + worst]:.3g} > alpha_random={alpha:g}. lmerTest goes on "
                "with lm, which is not a mixed model; give reduce_random=False to eliminate "
                "fixed effects only"
            )
        rows.append(_row(table, 1 + worst, len(rows)))
        formula = update_formula(expanded_text(fit.design.formula), smaller.change)
        fit = _smaller(fit.update(formula), fit)
        table = ranova(fit)
    rows += [_row(table, i, 0.0) for i in range(1, len(table.row_names))]
    return fit, _table(("Backward reduced random-effect table:\n",), table.column_names, rows)


def _reduce_fixed(
    fit: LinearMixedFit, ddf: Ddf, alpha: float, keep: Sequence[str]
) -> tuple[LinearMixedFit, AnovaTable]:
    """Leave out fixed-effects terms one by one."""
    table = marginal_tests(fit, None, ddf, "step")
    rows: list[Row] = []
    while True:
        stays = np.array([label in keep for label in table.row_names], dtype=bool)
        worst = _worst(np.where(stays, np.nan, table.columns[-1]), alpha)
        if worst is None:
            break
        rows.append(_row(table, worst, 1 + len(rows)))
        fit = _smaller(fit.update(f". ~ . - ({table.row_names[worst]})"), fit)
        table = marginal_tests(fit, None, ddf, "step")
    rows += [_row(table, i, 0.0) for i in range(len(table.row_names))]
    heading = ("Backward reduced fixed-effect table:", f"Degrees of freedom method: {ddf} \n")
    return fit, _table(heading, table.column_names, rows)


Row = tuple[str, list[float]]


def _row(table: AnovaTable, i: int, eliminated: float) -> Row:
    return table.row_names[i], [eliminated, *(float(column[i]) for column in table.columns)]


def _table(heading: tuple[str, ...], names: tuple[str, ...], rows: list[Row]) -> AnovaTable:
    values = np.array([numbers for _, numbers in rows]).reshape(len(rows), 1 + len(names))
    labels = tuple(label for label, _ in rows)
    return AnovaTable(heading, labels, ("Eliminated", *names), tuple(values.T))


def _worst(p_values: np.ndarray, alpha: float) -> int | None:
    """Which p value is the largest of those above `alpha`, if any is."""
    above = np.where(p_values > alpha, p_values, -1.0)
    return int(np.argmax(above)) if np.any(above >= 0.0) else None


def _smaller(smaller: LinearMixedFit, fit: LinearMixedFit) -> LinearMixedFit:
    """The refit, if it is one of the same rows without the term."""
    if smaller.nobs() != fit.nobs():
        raise DataError(
            f"step: `{smaller.formula}` has {smaller.nobs()} rows, `{fit.formula}` had "
            f"{fit.nobs()}: leave out the rows with missing values first"
        )
    if str(smaller.formula) == str(fit.formula):
        raise ArgumentError(
            f"step: a term could not be taken out of `{fit.formula}`, in which it is written in "
            "other words; write the formula term by term"
        )
    return smaller


def _known_labels(fit: LinearMixedFit, keep: list[str]) -> list[str]:
    known = [term.label for term in fixed_terms(fit.design)]
    for label in keep:
        if label not in known:
            raise ArgumentError(
                f"step: keep={label!r} is not a term of the fixed part; there are "
                f"{', '.join(known) or 'none'}{nearest_hint(str(label), known)}"
            )
    return keep
