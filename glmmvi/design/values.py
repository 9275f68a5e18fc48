"""What an R expression evaluates to on a data frame.

A numeric vector is a plain one-dimensional NumPy array (``float64``, or ``int64`` where R has
an integer); a missing number is ``NaN``. Everything else is one of the classes here. ``NULL``
is ``None``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Rows: TypeAlias = NDArray[np.bool_] | NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Coding:
    """A contrast matrix with the names of its columns.

    Attributes
    ----------
    matrix : float64, shape (number of levels, columns)
        One row a level.
    names : tuple of str or None
        Suffixes of the column names; numbers 1, 2, ... where there are none.
    source : str or None
        Name of R's function that made it, if it is still the whole of it.
    """

    matrix: NDArray[np.float64]
    names: tuple[str, ...] | None
    source: str | None = None


@dataclass(frozen=True, eq=False)
class Factor:
    """A factor, or a vector of strings (R makes a factor of it where it needs columns).

    Attributes
    ----------
    codes : intp, shape (n,)
        Index into `levels`; -1 is missing.
    levels : tuple of str
        The levels, in order.
    ordered : bool
        Whether the levels have an order that means something.
    character : bool
        Whether R would hold strings, not a factor.
    coding : Coding or None
        Contrasts that ``C()`` attached.
    """

    codes: NDArray[np.intp]
    levels: tuple[str, ...]
    ordered: bool = False
    character: bool = False
    coding: Coding | None = None


@dataclass(frozen=True, eq=False)
class Logical:
    """A logical vector; `missing` marks its NAs, if there are any."""

    values: NDArray[np.bool_]
    missing: NDArray[np.bool_] | None = None


@dataclass(frozen=True, eq=False)
class Matrix:
    """A numeric matrix: a variable with several columns, such as ``poly(x, 2)``."""

    values: NDArray[np.float64]
    names: tuple[str, ...] | None = None


@dataclass(frozen=True, eq=False)
class Moments:
    """Dates or times: numbers in a model matrix, text where a level needs a name.

    Attributes
    ----------
    values : float64, shape (n,)
        Since the beginning of 1970 (UTC); NaN is missing.
    unit : {"day", "second"}
        What 1 means: R's ``Date`` counts days, ``POSIXct`` seconds.
    style : {"day", "second"} or None
        How fine the text is; None for seconds unless all are midnights.
    zone : tzinfo or None
        Time zone of the text.
    """

    values: NDArray[np.float64]
    unit: str
    style: str | None = None
    zone: Any = None


Value: TypeAlias = NDArray[Any] | Logical | Factor | Matrix | Moments | None


def length_of(value: Value) -> int:
    """Number of rows of a value.

    Examples
    --------
    >>> length_of(np.array([1.0, 2.0]))
    2
    """
    if value is None:
        return 0
    if isinstance(value, Factor):
        return len(value.codes)
    if isinstance(value, (Logical, Matrix, Moments)):
        return len(value.values)
    return len(value)


def missing_in(value: Value) -> NDArray[np.bool_] | None:
    """Which rows are missing; None where none is.

    Examples
    --------
    >>> missing_in(np.array([1.0, np.nan]))
    array([False,  True])
    """
    found: NDArray[np.bool_] | None
    if value is None:
        return None
    if isinstance(value, Factor):
        if not len(value.codes) or value.codes.min() >= 0:
            return None
        return np.less(value.codes, 0)
    if isinstance(value, Logical):
        found = value.missing
    elif isinstance(value, Matrix):
        if np.isfinite(value.values.sum()):
            return None
        found = np.asarray(np.isnan(value.values).any(axis=1))
    elif isinstance(value, Moments):
        found = np.isnan(value.values)
    elif value.dtype.kind == "i" or np.isfinite(value.sum()):
        return None  # a finite sum has no NaN in it: one cheap pass
    else:
        found = np.asarray(np.isnan(value))
    return found if found is not None and found.any() else None


def take_rows(value: Value, rows: Rows) -> Value:
    """The rows asked for.

    Examples
    --------
    >>> take_rows(np.array([1.0, 2.0, 3.0]), np.array([True, False, True]))
    array([1., 3.])
    """
    if value is None:
        return None
    if isinstance(value, Factor):
        return replace(value, codes=value.codes[rows])
    if isinstance(value, Logical):
        missing = None if value.missing is None else value.missing[rows]
        return Logical(value.values[rows], missing)
    if isinstance(value, (Matrix, Moments)):
        return replace(value, values=value.values[rows])
    return value[rows]


def drop_unused_levels(factor: Factor) -> Factor:
    """The same factor without the levels that do not occur.

    Contrasts that ``C()`` attached are for the old levels and go.

    Examples
    --------
    >>> drop_unused_levels(Factor(np.array([0, 2]), ("a", "b", "c"))).levels
    ('a', 'c')
    """
    k = len(factor.levels)
    counts = np.bincount(factor.codes + 1, minlength=k + 1)[1:]
    if counts.all():
        return factor
    keep = np.flatnonzero(counts)
    renumber = np.full(k + 1, -1, dtype=np.intp)  # the last entry serves the code -1
    renumber[keep] = np.arange(len(keep))
    levels = tuple(factor.levels[i] for i in keep)
    return replace(factor, codes=renumber[factor.codes], levels=levels, coding=None)


def strings_of(factor: Factor) -> list[str | None]:
    """The values of a factor as strings, None where missing.

    Examples
    --------
    >>> strings_of(Factor(np.array([1, -1]), ("a", "b")))
    ['b', None]
    """
    table: list[str | None] = [*factor.levels, None]
    return [table[code] for code in factor.codes]


def kind_of(value: Value) -> str:
    """R's class of a value, as its messages name it.

    Examples
    --------
    >>> kind_of(np.array([1.0]))
    'numeric'
    """
    if isinstance(value, Factor):
        if value.character:
            return "character"
        return "ordered" if value.ordered else "factor"
    if isinstance(value, Logical):
        return "logical"
    if isinstance(value, Matrix):
        return f"nmatrix.{value.values.shape[1]}"
    return "NULL" if value is None else "numeric"
