"""One column of any library, or one Python object, as R's value."""

from __future__ import annotations

import datetime
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from glmmvi.design.collation import sort_strings
from glmmvi.design.moments import moments_from_array
from glmmvi.design.number_labels import number_label
from glmmvi.design.values import Factor, Logical, Matrix, Moments, Value
from glmmvi.errors import DataError


def factor_from_strings(values: Any, *, character: bool = True) -> Factor:
    """A vector of strings as codes and levels in R's order.

    Parameters
    ----------
    values : sequence of str or None
        Missing values (None, NaN, NA) get the code -1.
    character : bool
        Whether R would still call it a character vector.

    Returns
    -------
    Factor

    Examples
    --------
    >>> factor_from_strings(["b", "A", None, "a"]).levels
    ('a', 'A', 'b')
    """
    if isinstance(values, list):
        values = np.array(values, dtype=object)
    codes, uniques = pd.factorize(values)
    found = [str(u) for u in np.asarray(uniques, dtype=object)]
    levels = sort_strings(found)
    if levels != found:
        position = {level: i for i, level in enumerate(levels)}
        renumber = np.array([*(position[u] for u in found), -1], dtype=np.intp)
        codes = renumber[codes]
    return Factor(codes.astype(np.intp, copy=False), tuple(levels), character=character)


def level_text(value: Any) -> str:
    """A category as R's ``as.character`` prints it.

    Examples
    --------
    >>> level_text(1.0), level_text(True), level_text("a")
    ('1', 'TRUE', 'a')
    """
    if isinstance(value, str):
        return value
    if isinstance(value, (bool, np.bool_)):
        return "TRUE" if value else "FALSE"
    if isinstance(value, (int, np.integer)):
        return str(int(value))
    if isinstance(value, (float, np.floating)):
        return number_label(float(value))
    return str(value)


def as_value(column: Any, what: str) -> Value:
    """Convert a column or an array.

    Parameters
    ----------
    column : Series, array, list, Categorical, scalar
        Anything one- or two-dimensional.
    what : str
        How to call it in an error.

    Returns
    -------
    Value

    Raises
    ------
    DataError
        If it holds something that has no counterpart in R's formulas.

    Examples
    --------
    >>> as_value(pd.Series([True, False]), "column 'x'").values
    array([ True, False])
    """
    if isinstance(column, (Factor, Logical, Matrix, Moments)) or column is None:
        return column
    if isinstance(column, pd.DataFrame):
        matrix = column.to_numpy()
        if matrix.dtype.kind not in "fiub":
            raise DataError(f"{what} is a data frame; all of its columns must be numbers.")
        return Matrix(matrix.astype(np.float64), tuple(map(str, column.columns)))
    if isinstance(column, pd.Series):
        dtype = column.dtype
        if isinstance(dtype, np.dtype):
            return _from_array(column.to_numpy(), what)
        return _from_extension(column, what)
    if isinstance(column, (pd.Categorical, pd.api.extensions.ExtensionArray, pd.Index)):
        return as_value(pd.Series(column), what)
    if hasattr(column, "to_pandas"):  # a polars or pyarrow column
        return as_value(column.to_pandas(), what)
    if isinstance(column, (list, tuple)) and any(v is None for v in column):
        column = np.array(column, dtype=object)
    return _from_array(np.atleast_1d(np.asarray(column)), what)


def _from_extension(column: pd.Series, what: str) -> Value:
    dtype = column.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        codes = column.array.codes.astype(np.intp)  # .cat would make a Series in between
        return Factor(codes, _category_texts(dtype.categories, what), ordered=bool(dtype.ordered))
    if isinstance(dtype, pd.StringDtype) or pd.api.types.is_string_dtype(dtype):
        return factor_from_strings(column)
    if isinstance(dtype, pd.DatetimeTZDtype):
        times = column.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy()
        return replace(moments_from_array(times), zone=dtype.tz)
    if isinstance(dtype, pd.ArrowDtype) and dtype.kind in "OM":
        return _from_array(column.astype(object).to_numpy(), what)
    missing = column.isna().to_numpy()
    if pd.api.types.is_bool_dtype(dtype):
        values = column.fillna(False).to_numpy(dtype=bool)
        return Logical(values, missing if missing.any() else None)
    if pd.api.types.is_integer_dtype(dtype) and not missing.any():
        return column.to_numpy(dtype=np.int64)
    if pd.api.types.is_numeric_dtype(dtype):
        numbers = column.to_numpy(dtype=np.float64, na_value=np.nan)
        if pd.api.types.is_integer_dtype(dtype):
            _check_integers(numbers, what)
        return numbers
    return _from_array(column.astype(object).to_numpy(), what)


def _category_texts(categories: pd.Index, what: str) -> tuple[str, ...]:
    """Categories as R would print them; there may be a million of them."""
    values = categories.to_numpy(dtype=object)  # one by one, Arrow's strings are slow
    if isinstance(categories.dtype, pd.StringDtype):
        return tuple(values.tolist())
    texts = tuple(level_text(value) for value in values)
    if len(set(texts)) < len(texts):
        raise DataError(f"{what}: two categories print alike: {list(texts)}.")
    return texts


def _from_array(array: NDArray[Any], what: str) -> Value:
    if array.ndim == 2:
        if array.dtype.kind not in "fiub":
            raise DataError(f"{what} is a two-dimensional array of {array.dtype}, not of numbers.")
        return Matrix(array.astype(np.float64))
    if array.ndim > 2:
        raise DataError(f"{what} has {array.ndim} dimensions; one or two will do.")
    kind = array.dtype.kind
    if kind == "f":
        return array.astype(np.float64, copy=False)
    if kind in "iu":
        if array.dtype == np.uint64 and len(array) and array.max() > np.iinfo(np.int64).max:
            raise _too_large(what)
        return array.astype(np.int64, copy=False)
    if kind == "b":
        return Logical(array)
    if kind == "M":
        return moments_from_array(array)
    if kind in "US":
        return factor_from_strings(array.astype(str).astype(object))
    if kind == "O":
        return _from_objects(array, what)
    raise DataError(
        f"{what} has dtype {array.dtype}, which a formula cannot use: convert it to numbers, "
        "strings, booleans or categories."
    )


def _from_objects(array: NDArray[np.object_], what: str) -> Value:
    missing = np.asarray(pd.isna(array))
    present = array[~missing]
    kinds = {type(v) for v in present}
    if all(issubclass(k, str) for k in kinds) and kinds:
        return factor_from_strings(array)
    if not kinds:
        return Logical(np.zeros(len(array), bool), missing if missing.any() else None)
    if all(issubclass(k, (bool, np.bool_)) for k in kinds):
        filled = np.where(missing, False, array).astype(bool)
        return Logical(filled, missing if missing.any() else None)
    if all(issubclass(k, datetime.datetime) for k in kinds):
        return as_value(pd.Series(pd.to_datetime(list(array), utc=True)), what)
    if all(issubclass(k, datetime.date) for k in kinds):
        days = np.array([None if m else v for v, m in zip(array, missing, strict=True)])
        return _from_array(days.astype("datetime64[D]"), what)
    try:
        filled = np.where(missing, np.nan, array).astype(np.float64)
    except (TypeError, ValueError):
        names = ", ".join(sorted(k.__name__ for k in kinds))
        raise DataError(
            f"{what} mixes values that a formula cannot use ({names}): convert it to numbers, "
            "strings, booleans or categories."
        ) from None
    if all(issubclass(k, (int, np.integer)) for k in kinds):
        if missing.any():
            _check_integers(filled, what)
            return filled
        try:
            return array.astype(np.int64)
        except OverflowError:
            raise _too_large(what) from None
    return filled


def _check_integers(numbers: NDArray[np.float64], what: str) -> None:
    """Integers with missing values are held as floats: refuse those that would be rounded."""
    if np.nanmax(np.abs(numbers), initial=0.0) >= 2.0**53:
        raise _too_large(what)


def _too_large(what: str) -> DataError:
    return DataError(
        f"{what} holds integers that are too large to tell apart as numbers: convert identifiers "
        "to strings, and measurements to floats."
    )
