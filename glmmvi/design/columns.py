"""Data frames in: one view of pandas, polars, pyarrow and plain mappings of arrays.

Nothing of the user's is modified, and only the columns that the formula names are converted.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from glmmvi.design.intake import as_value
from glmmvi.design.values import Value
from glmmvi.errors import ArgumentError, DataError


def closest(name: str, names: Iterable[str]) -> str:
    """A hint that lists the names most like `name`; empty where none is.

    Examples
    --------
    >>> closest("Dayz", ["Days", "Subject"])
    " Did you mean 'Days'?"
    """
    pool = list(dict.fromkeys(str(n) for n in names))
    found = difflib.get_close_matches(name, pool, n=3, cutoff=0.6)
    if not found:
        lowered = {n.lower(): n for n in pool}
        found = [lowered[n] for n in difflib.get_close_matches(name.lower(), lowered, n=3)]
    return f" Did you mean {' or '.join(map(repr, found))}?" if found else ""


@dataclass(frozen=True, eq=False)
class DataColumns:
    """The columns of a data frame as R's values, converted when asked for.

    Attributes
    ----------
    names : tuple of str
        Names of the columns.
    n : int
        Number of rows.
    index : Index
        The frame's row labels (0, 1, ... where it has none).
    labelled : bool
        Whether the frame has row labels (pandas).
    """

    names: tuple[str, ...]
    n: int
    index: pd.Index
    labelled: bool
    _get: Callable[[str], Any] = field(repr=False)
    _values: dict[str, Value] = field(default_factory=dict, repr=False)

    def __contains__(self, name: str) -> bool:
        return name in self.names

    def raw(self, name: str) -> Any:
        """The column called `name`, as the frame has it."""
        return self._get(name)

    def column(self, name: str) -> Value:
        """The column called `name`, as R's value."""
        if name not in self._values:
            value = as_value(self._get(name), f"column {name!r}")
            self._values[name] = value
        return self._values[name]


def read_columns(data: Any, *, allow_empty: bool = False) -> DataColumns:
    """Look at a data frame of any supported kind.

    Parameters
    ----------
    data : pandas, polars or pyarrow data frame, or mapping of names to arrays
        The data. Never modified.
    allow_empty : bool
        Whether no rows is fine.

    Returns
    -------
    DataColumns

    Raises
    ------
    DataError
        If there are no rows, a name is there twice, or arrays differ in length.
    ArgumentError
        If `data` is not a data frame.

    Examples
    --------
    >>> columns = read_columns({"x": [1.0, 2.0], "g": ["a", "b"]})
    >>> columns.names, columns.n
    (('x', 'g'), 2)
    """
    if isinstance(data, DataColumns):
        return data
    if isinstance(data, pd.DataFrame):
        columns = _from_pandas(data)
    elif isinstance(data, Mapping):
        columns = _from_mapping(data)
    elif data is None or isinstance(data, (str, bytes, list, tuple, np.ndarray)):
        raise ArgumentError(
            f"data must be a data frame (pandas, polars, pyarrow) or a mapping of names to arrays, "
            f"not {type(data).__name__}."
        )
    else:
        columns = _from_narwhals(data)
    if columns.n == 0 and not allow_empty:
        raise DataError("0 (non-NA) cases: the data frame has no rows.")
    return columns


def check_row_labels(values: Any, columns: DataColumns, what: str) -> None:
    """Refuse a pandas Series whose rows are labelled otherwise than those of the data.

    R's vectors have no labels and go by position. A Series in another order is a mistake that
    neither position nor alignment would show, so it is left to the caller.

    Parameters
    ----------
    values : object
        One value a row; what is not pandas goes by position.
    columns : DataColumns
        The data.
    what : str
        How to call it in the error.

    Raises
    ------
    DataError
        If both have row labels and the labels differ.

    Examples
    --------
    >>> data = read_columns(pd.DataFrame({"x": [1.0, 2.0]}))
    >>> check_row_labels(pd.Series([1.0, 2.0]), data, "weights")
    """
    if not columns.labelled or not isinstance(values, (pd.Series, pd.DataFrame)):
        return
    if len(values) != columns.n or values.index.equals(columns.index):
        return
    if set(values.index) == set(columns.index):
        raise DataError(
            f"{what} is a pandas object with the row labels of the data in another order: with w "
            "for it, give w.loc[data.index] to go by label, or w.to_numpy() to go by position."
        )
    raise DataError(
        f"{what} is a pandas object with other row labels than the data: with w for it, give "
        "w.to_numpy() to go by position."
    )


def _check_names(names: list[Any]) -> tuple[str, ...]:
    texts = tuple(str(name) for name in names)
    if len(set(texts)) < len(texts):
        twice = ", ".join(repr(n) for n, count in Counter(texts).items() if count > 1)
        raise DataError(
            f"duplicated column names: {twice}. Rename or drop one of each, so that the formula "
            "can tell them apart."
        )
    return texts


def _from_pandas(data: pd.DataFrame) -> DataColumns:
    labels = list(data.columns)
    names = _check_names(labels)
    position = dict(zip(names, labels, strict=True))
    return DataColumns(names, len(data), data.index, True, lambda name: data[position[name]])


def _from_mapping(data: Mapping[Any, Any]) -> DataColumns:
    names = _check_names(list(data))
    position = dict(zip(names, data, strict=True))
    lengths = {}
    for name, label in position.items():
        column = data[label]
        if isinstance(column, str) or np.ndim(column) == 0:
            raise DataError(f"column {name!r} is a single value; give an array with one a row.")
        lengths[name] = len(column)
    if len(set(lengths.values())) > 1:
        listed = ", ".join(f"{name}: {length}" for name, length in lengths.items())
        raise DataError(f"the arrays differ in length ({listed}).")
    n = next(iter(lengths.values()), 0)
    return DataColumns(names, n, pd.RangeIndex(n), False, lambda name: data[position[name]])


def _from_narwhals(data: Any) -> DataColumns:
    import narwhals as nw

    try:
        frame = nw.from_native(data)
    except TypeError:
        raise ArgumentError(
            f"data must be a data frame (pandas, polars, pyarrow) or a mapping of names to arrays, "
            f"not {type(data).__name__}."
        ) from None
    if isinstance(frame, nw.LazyFrame):
        frame = frame.collect()
    names = _check_names(list(frame.columns))

    def get(name: str) -> Any:
        series = frame[name]
        if series.implementation.is_pyarrow() and series.dtype != nw.Date:
            return series.to_native().to_pandas()  # narwhals would lose the categories
        if series.implementation.is_polars():
            if series.dtype == nw.Enum:  # levels in their order, but no ordered factor
                return series.to_pandas().cat.as_unordered()
            if series.dtype == nw.Categorical:
                series = series.cast(nw.String)  # polars' categories have no order of their own
        if series.dtype == nw.Date:
            days = series.to_pandas()
            return pd.to_datetime(days).to_numpy().astype("datetime64[D]")
        return series.to_pandas()

    return DataColumns(names, len(frame), pd.RangeIndex(len(frame)), False, get)
