"""Grouping factors: any variable, and their interactions, with lme4's levels."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from glmmvi.design.functions.coerce import as_factor
from glmmvi.design.values import Factor, Value, drop_unused_levels
from glmmvi.errors import DataError
from glmmvi.formula.expression import Call, Expression


def grouping_factor(
    group: Expression, name: str, value_of: Callable[[Expression], Value]
) -> Factor:
    """The grouping factor of a term, on the levels that occur.

    Parameters
    ----------
    group : Expression
        What stands right of the bar.
    name : str
        How R prints it.
    value_of : callable
        Value of a variable on the rows used.

    Returns
    -------
    Factor
        Levels of ``a:b`` are ``level(a):level(b)``, those of `a` varying slowest.

    Raises
    ------
    DataError
        lme4's ``Invalid grouping factor specification``.

    Examples
    --------
    >>> from glmmvi.formula.expression import Symbol
    >>> grouping_factor(Symbol("g"), "g", lambda _: np.array([3.0, 1.0])).levels
    ('1', '3')
    """
    factor = drop_unused_levels(_evaluate(group, name, value_of))
    if not factor.levels:
        raise DataError(f"Invalid grouping factor specification, {name}: every value is missing.")
    return Factor(factor.codes, factor.levels)


def _evaluate(group: Expression, name: str, value_of: Callable[[Expression], Value]) -> Factor:
    if isinstance(group, Call) and len(group.arguments) >= 1:
        if group.function == "(":
            return _evaluate(group.arguments[0].value, name, value_of)
        if group.function == ":":
            left, right = (
                drop_unused_levels(_evaluate(argument.value, name, value_of))
                for argument in group.arguments
            )
            return _observed_combinations(left, right)
        if group.function in ("+", "-", "^", "|", "||", "*", "/"):
            raise DataError(
                f"Invalid grouping factor specification, {name}: combine factors with ':' "
                "(one factor of all combinations), '/' (nesting) or separate terms."
            )
    return as_factor(value_of(group))


def _observed_combinations(a: Factor, b: Factor) -> Factor:
    """R's ``a:b`` without the combinations that do not occur."""
    missing = (a.codes < 0) | (b.codes < 0)
    kb = len(b.levels)
    cells = a.codes * kb + b.codes
    if missing.any():
        cells[missing] = -1
    total = len(a.levels) * kb
    if total <= 4 * len(cells) + 1024:
        present = np.flatnonzero(np.bincount(cells + 1, minlength=total + 1)[1:])
        renumber = np.full(total + 1, -1, dtype=np.intp)
        renumber[present] = np.arange(len(present))
        codes = renumber[cells]
    else:
        present, codes = np.unique(cells, return_inverse=True)
        codes = codes.reshape(-1)
        if len(present) and present[0] == -1:
            present, codes = present[1:], codes - 1
    levels = tuple(f"{a.levels[c // kb]}:{b.levels[c % kb]}" for c in present.tolist())
    return Factor(codes.astype(np.intp, copy=False), levels)
