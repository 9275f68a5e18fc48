"""Terms to columns by R's rules: contrasts or full coding by margin, R's names.

A factor of a term gets contrasts exactly where the term without it is contained in an earlier
term (or is empty: then the intercept stands for it); without an intercept the first factor of
the first term with one gets all its levels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glmmvi.design.contrasts import Contrasts, default_coding, full_coding, resolve_coding
from glmmvi.design.functions.coerce import as_number
from glmmvi.design.values import Coding, Factor, Logical, Matrix, Value
from glmmvi.errors import ArgumentError, DataError

DEFAULT_CONTRASTS = ("contr.treatment", "contr.poly")


@dataclass(frozen=True, eq=False)
class VariableColumns:
    """How one variable enters one term.

    Attributes
    ----------
    name : str
        The variable, as R prints it.
    coding : Coding or None
        For a factor or a logical.
    width : int
        Number of columns.
    suffixes : tuple of str
        What is appended to the name, one a column.
    """

    name: str
    coding: Coding | None
    width: int
    suffixes: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class ColumnPlan:
    """The recipe of a model matrix: no data in it.

    Attributes
    ----------
    intercept : bool
        Whether the first column is the intercept.
    terms : tuple of (int, tuple of VariableColumns)
        The number of each term (R's ``assign``) and its variables; the first varies fastest.
    names : tuple of str
        R's column names.
    assign : tuple of int
        Number of the term of each column.
    contrasts : dict of str to Coding
        The contrasts in use, by variable.
    """

    intercept: bool
    terms: tuple[tuple[int, tuple[VariableColumns, ...]], ...]
    names: tuple[str, ...]
    assign: tuple[int, ...]
    contrasts: Mapping[str, Coding]


def margin_codes(
    terms: Sequence[Sequence[str]], intercept: bool, factors: frozenset[str]
) -> list[list[bool]]:
    """For each variable of each term, whether it is coded by contrasts.

    Parameters
    ----------
    terms : sequence of sequences of str
        The variables of the terms, in R's order of terms.
    intercept : bool
        Whether there is an intercept.
    factors : frozenset of str
        Which variables are factors or logicals.

    Returns
    -------
    list of list of bool
        True for contrasts, False for all levels.

    Examples
    --------
    >>> margin_codes([["a"], ["a", "b"]], True, frozenset({"a", "b"}))
    [[True], [False, True]]
    """
    sets = [frozenset(term) for term in terms]
    codes = []
    for j, term in enumerate(terms):
        row = []
        for variable in term:
            rest = sets[j] - {variable}
            row.append(not rest or any(rest <= earlier for earlier in sets[:j]))
        codes.append(row)
    if not intercept:
        for j, term in enumerate(terms):
            for i, variable in enumerate(term):
                if variable in factors:
                    codes[j][i] = False
                    return codes
    return codes


def plan_columns(
    terms: Sequence[tuple[int, Sequence[str]]],
    intercept: bool,
    values: Mapping[str, Value],
    contrasts: Contrasts = None,
) -> ColumnPlan:
    """Decide the coding and the names of all columns.

    Parameters
    ----------
    terms : sequence of (int, sequence of str)
        Number and variables of each term, in R's order.
    intercept : bool
        Whether there is an intercept.
    values : mapping of str to Value
        The variables of the model frame, by R's name.
    contrasts : mapping, pair of names, or None
        By variable, as R's ``contrasts=``; a pair replaces the defaults for unordered and
        ordered factors, as R's ``options(contrasts=)``.

    Returns
    -------
    ColumnPlan

    Raises
    ------
    DataError
        If a factor that needs contrasts has one level.
    ArgumentError
        If contrasts are given for a variable that is not a factor.

    Examples
    --------
    >>> a = Factor(np.array([0, 1, 2]), ("u", "v", "w"))
    >>> plan_columns([(1, ["a"])], True, {"a": a}).names
    ('(Intercept)', 'av', 'aw')
    """
    factors = frozenset(k for k, v in values.items() if isinstance(v, (Factor, Logical)))
    codes = margin_codes([variables for _, variables in terms], intercept, factors)
    codings: dict[tuple[str, bool], VariableColumns] = {}
    planned = []
    used: dict[str, Coding] = {}
    for (number, variables), row in zip(terms, codes, strict=True):
        parts = []
        for name, reduced in zip(variables, row, strict=True):
            key = (name, reduced or name not in factors)
            if key not in codings:
                codings[key] = _variable_columns(name, values[name], reduced, contrasts)
            part = codings[key]
            if reduced and part.coding is not None:
                used[name] = part.coding
            parts.append(part)
        planned.append((number, tuple(parts)))
    names: list[str] = ["(Intercept)"] if intercept else []
    assign = [0] if intercept else []
    for number, term_parts in planned:
        labels = [""]
        for i, part in enumerate(term_parts):
            separator = ":" if i else ""
            labels = [
                f"{label}{separator}{part.name}{suffix}"
                for suffix in part.suffixes
                for label in labels
            ]
        names.extend(labels)
        assign.extend([number] * len(labels))
    return ColumnPlan(intercept, tuple(planned), tuple(names), tuple(assign), used)


def _numbered(names: tuple[str, ...] | None, width: int) -> tuple[str, ...]:
    return names if names is not None else tuple(str(i + 1) for i in range(width))


def _variable_columns(
    name: str, value: Value, reduced: bool, contrasts: Contrasts
) -> VariableColumns:
    if isinstance(value, (Factor, Logical)):
        levels = value.levels if isinstance(value, Factor) else ("FALSE", "TRUE")
        coding = full_coding(levels)
        if reduced:
            coding = _contrasts_of(name, value, levels, contrasts)
        width = coding.matrix.shape[1]
        return VariableColumns(name, coding, width, _numbered(coding.names, width))
    if isinstance(value, Matrix):
        width = value.values.shape[1]
        suffixes = ("",) if width == 1 else _numbered(value.names, width)
        return VariableColumns(name, None, width, suffixes)
    if value is None:
        raise DataError(f"invalid type (NULL) for variable '{name}'.")
    return VariableColumns(name, None, 1, ("",))


def _contrasts_of(
    name: str, value: Factor | Logical, levels: tuple[str, ...], contrasts: Contrasts
) -> Coding:
    if len(levels) < 2:
        raise DataError(
            "contrasts can be applied only to factors with 2 or more levels: "
            f"'{name}' has {len(levels)} ({', '.join(levels) or 'no value'}) in the rows used. "
            "Leave it out of the formula."
        )
    if isinstance(contrasts, Mapping):
        if name in contrasts:
            return resolve_coding(contrasts[name], levels, name)
        defaults: Sequence[str] = DEFAULT_CONTRASTS
    else:
        defaults = contrasts or DEFAULT_CONTRASTS
        if isinstance(defaults, str) or len(defaults) != 2:
            raise ArgumentError(
                "contrasts must map variables to contrasts, for example {'a': 'contr.sum'}, or be "
                "a pair of names for unordered and ordered factors."
            )
    if isinstance(value, Factor) and value.coding is not None:
        return value.coding
    return default_coding(levels, isinstance(value, Factor) and value.ordered, defaults)


def fill_columns(plan: ColumnPlan, values: Mapping[str, Value], n: int) -> NDArray[np.float64]:
    """Compute the columns.

    Parameters
    ----------
    plan : ColumnPlan
        What to compute.
    values : mapping of str to Value
        The variables, factors on the levels of the plan.
    n : int
        Number of rows.

    Returns
    -------
    float64, shape (n, p)
        In column-major order. Rows with a missing value have NaN.

    Examples
    --------
    >>> x = np.array([1.0, 2.0])
    >>> plan = plan_columns([(1, ["x"])], True, {"x": x})
    >>> fill_columns(plan, {"x": x}, 2).tolist()
    [[1.0, 1.0], [1.0, 2.0]]
    """
    X = np.empty((n, len(plan.names)), order="F")
    j = 0
    if plan.intercept:
        X[:, 0] = 1.0
        j = 1
    for _, parts in plan.terms:
        if len(parts) == 1:
            part = parts[0]
            for k in range(part.width):
                _fill(X[:, j + k], part, values[part.name], k)
            j += part.width
        else:
            j = _fill_product(X, j, parts, values)
    return X


def _fill_product(
    X: NDArray[np.float64],
    start: int,
    parts: tuple[VariableColumns, ...],
    values: Mapping[str, Value],
) -> int:
    """Columns of an interaction: the product over its variables, the first fastest."""
    total = int(np.prod([part.width for part in parts]))
    scratch = np.empty(X.shape[0])
    stride = 1
    for v, part in enumerate(parts):
        for k in range(part.width):
            fresh = True
            for c in range(total):
                if (c // stride) % part.width != k:
                    continue
                target = X[:, start + c]
                if v == 0:
                    _fill(target, part, values[part.name], k)
                    continue
                if fresh:
                    _fill(scratch, part, values[part.name], k)
                    fresh = False
                with np.errstate(invalid="ignore"):  # infinity times 0: refused by name later
                    target *= scratch
        stride *= part.width
    X[:, start : start + total] += 0.0  # no negative zeros
    return start + total


def _fill(out: NDArray[np.float64], part: VariableColumns, value: Value, k: int) -> None:
    if part.coding is None:
        number = as_number(value, part.name)
        out[:] = number[:, k] if number.ndim == 2 else number
        return
    table = np.append(part.coding.matrix[:, k], np.nan)  # the code -1 takes the NaN
    if isinstance(value, Logical):
        codes: NDArray[np.integer] = value.values.view(np.int8)
        if value.missing is not None:
            codes = np.where(value.missing, np.int8(-1), codes)
    else:
        assert isinstance(value, Factor)
        codes = value.codes
    np.take(table, codes, out=out, mode="wrap")
