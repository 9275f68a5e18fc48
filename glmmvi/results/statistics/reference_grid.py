"""The reference grid: every combination of factors' levels, covariates at one value each."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from glmmvi.design.columns import read_columns
from glmmvi.design.functions.coerce import as_number
from glmmvi.design.values import Factor, Logical, Value
from glmmvi.errors import ArgumentError, nearest_hint
from glmmvi.formula.variables import variables_of
from glmmvi.results.any_fit import AnyFit


def fixed_variables(fit: AnyFit) -> list[str]:
    """Columns of the data that the fixed part (offsets included) reads.

    Parameters
    ----------
    fit : LinearMixedFit or GeneralizedMixedFit

    Returns
    -------
    list of str

    Examples
    --------
    >>> import glmmvi as gv
    >>> fit = gv.lmer("Reaction ~ log(Days + 1) + (1 | Subject)", gv.load_dataset("sleepstudy"))
    >>> fixed_variables(fit)
    ['Days']
    """
    recipe = fit.design.recipe
    parts = {part.name: None for _, term in recipe.plan.terms for part in term}
    expressions = [recipe.variables[name] for name in parts] + list(recipe.offsets)
    if recipe.offset_argument is not None:
        expressions.append(recipe.offset_argument)
    columns = read_columns(fit.getData())
    names = {name: None for expression in expressions for name in variables_of(expression)}
    return [name for name in names if name in columns]


def column_values(fit: AnyFit, name: str) -> Value:
    """A column of the fit's data as R's value: a factor, a logical or numbers."""
    return read_columns(fit.getData()).column(name)


def reference_grid(fit: AnyFit, at: Mapping[str, Any] | None = None) -> pd.DataFrame:
    """One row a combination of the fixed part's variables, the first of them fastest.

    Factors, texts and logicals take all their levels that the fit knows, numbers their mean over
    the rows used: what R's emmeans (1.8.4) calls ``ref_grid``.

    Parameters
    ----------
    fit : LinearMixedFit or GeneralizedMixedFit
        With its data.
    at : mapping, optional
        Values of variables, instead: ``{"Days": [0, 9]}``.

    Returns
    -------
    DataFrame

    Raises
    ------
    ArgumentError
        If `at` names what the fixed part does not read.

    Examples
    --------
    >>> import glmmvi as gv
    >>> fit = gv.lmer("Reaction ~ Days + (1 | Subject)", gv.load_dataset("sleepstudy"))
    >>> reference_grid(fit)["Days"].tolist(), reference_grid(fit, {"Days": [0, 9]}).shape
    ([4.5], (2, 1))
    """
    names, given = fixed_variables(fit), dict(at or {})
    for name in given:
        if name not in names:
            raise ArgumentError(
                f"at: the fixed part has no variable {name!r}{nearest_hint(name, names)}; it has "
                f"{', '.join(names) or 'none'}"
            )
    values = [
        np.atleast_1d(np.asarray(given[name])).tolist() if name in given else _values(fit, name)
        for name in names
    ]
    rows = [row[::-1] for row in product(*values[::-1])]
    return pd.DataFrame(rows, columns=names)


def _values(fit: AnyFit, name: str) -> list[Any]:
    value = column_values(fit, name)
    if isinstance(value, Logical):
        return [False, True]
    if isinstance(value, Factor):
        known = fit.design.recipe.levels.get(name, value.levels)
        return list(known)
    numbers = _used(fit, as_number(value, name))
    recipe = fit.design.recipe
    made_factor = any(variables_of(recipe.variables[text])[:1] == (name,) for text in recipe.levels)
    if made_factor:  # factor(x) of a number: its values, not their mean
        return np.unique(numbers[np.isfinite(numbers)]).tolist()
    return [float(np.nanmean(numbers))]


def _used(fit: AnyFit, values: Any) -> Any:
    """Values of the rows that the fit used, found by their labels; all if labels repeat."""
    index = read_columns(fit.getData()).index
    if not index.is_unique:
        return values
    rows = index.get_indexer(fit.design.frame.index)
    return values if (rows < 0).any() else np.asarray(values)[rows]
