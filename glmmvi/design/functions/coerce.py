"""Values to what a function needs: numbers, strings, a factor, one number, one flag."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from glmmvi.design.intake import factor_from_strings
from glmmvi.design.moments import moment_texts, style_of
from glmmvi.design.number_labels import number_label
from glmmvi.design.values import Factor, Logical, Matrix, Moments, Value, kind_of, strings_of
from glmmvi.errors import DataError


def as_number(value: Value, function: str) -> NDArray[Any]:
    """A numeric array (two-dimensional for a matrix); logicals count as 0 and 1.

    Examples
    --------
    >>> as_number(Logical(np.array([True, False])), "sqrt")
    array([1, 0])
    """
    if isinstance(value, np.ndarray):
        return value
    if isinstance(value, Logical):
        if value.missing is None:
            return value.values.astype(np.int64)
        return np.where(value.missing, np.nan, value.values)
    if isinstance(value, (Matrix, Moments)):
        return value.values
    if isinstance(value, Factor):
        if value.character:
            raise DataError(
                f"non-numeric argument to {function}: it is text. Convert the column to numbers."
            )
        raise DataError(
            f"‘{function}’ not meaningful for factors: convert the column to numbers, or use "
            "as.numeric() for the numbers of its levels."
        )
    raise DataError(f"{function} cannot use NULL.")


def like(value: Value, result: NDArray[Any]) -> Value:
    """Wrap the result of a numeric function of `value` (a matrix keeps its column names).

    Examples
    --------
    >>> like(np.array([1.0]), np.array([2.0]))
    array([2.])
    """
    if result.ndim == 2:
        return Matrix(result, value.names if isinstance(value, Matrix) else None)
    if result.dtype.kind == "b":
        return Logical(result)
    return result


def labels_of_numbers(values: NDArray[Any]) -> list[str]:
    """Texts of distinct numbers as R's ``as.character`` gives them.

    Examples
    --------
    >>> labels_of_numbers(np.array([1.0, 2.5]))
    ['1', '2.5']
    """
    if values.dtype.kind == "i":
        return [str(v) for v in values.tolist()]
    return [number_label(v) for v in values.tolist()]


def as_factor(value: Value) -> Factor:
    """R's ``as.factor``: numbers and dates in their order, strings in R's locale order.

    Levels that do not occur stay if `value` is a factor.

    Examples
    --------
    >>> as_factor(np.array([10.0, 2.0, 2.0])).levels
    ('2', '10')
    """
    if isinstance(value, Factor):
        return replace(value, character=False) if value.character else value
    if isinstance(value, Logical):
        codes = value.values.astype(np.intp)
        if value.missing is not None:
            codes[value.missing] = -1
        present = [level for level in (0, 1) if (codes == level).any()]
        names = tuple(("FALSE", "TRUE")[level] for level in present)
        if len(present) == 1:
            codes = np.where(codes < 0, -1, 0).astype(np.intp)
        return Factor(codes, names)
    if value is None:
        raise DataError("NULL cannot be made a factor.")
    numbers: NDArray[Any] = as_number(value, "factor")
    if numbers.ndim == 2:
        if numbers.shape[1] != 1:
            raise DataError(
                f"a matrix with {numbers.shape[1]} columns cannot be made a factor or text: name "
                "one of its columns."
            )
        numbers = numbers[:, 0]
    codes, uniques = pd.factorize(numbers, sort=True)  # NaN gets the code -1
    if isinstance(value, Moments):
        texts = moment_texts(replace(value, values=uniques, style=style_of(value))).tolist()
    else:
        texts = labels_of_numbers(uniques)
    levels = tuple(dict.fromkeys(texts))
    if len(levels) < len(texts):  # numbers that print alike are one level, as in R
        position = {level: i for i, level in enumerate(levels)}
        codes = np.array([*(position[t] for t in texts), -1], dtype=np.intp)[codes]
    return Factor(codes.astype(np.intp, copy=False), levels)


def as_text(value: Value) -> Factor:
    """R's ``as.character``: the strings of any value.

    Examples
    --------
    >>> strings_of(as_text(np.array([2.0, 1.5])))
    ['2', '1.5']
    """
    factor = as_factor(value)
    table = np.array([*factor.levels, None], dtype=object)
    if isinstance(value, Factor) and value.character:
        return value
    return factor_from_strings(table[factor.codes])


def one_number(value: Value, what: str) -> float:
    """A single number.

    Examples
    --------
    >>> one_number(np.array([3.0]), "degree")
    3.0
    """
    number = as_number(value, what)
    if number.size != 1:
        raise DataError(f"{what} must be a single number; it has {number.size} values.")
    return float(number.reshape(-1)[0])


def one_flag(value: Value, what: str) -> bool:
    """A single TRUE or FALSE.

    Examples
    --------
    >>> one_flag(Logical(np.array([True])), "raw")
    True
    """
    return bool(one_number(value, what))


def one_string(value: Value, what: str) -> str:
    """A single string.

    Examples
    --------
    >>> one_string(factor_from_strings(["a"]), "ref")
    'a'
    """
    if isinstance(value, Factor) and len(value.codes) == 1 and value.codes[0] >= 0:
        return value.levels[value.codes[0]]
    if isinstance(value, np.ndarray) and value.size == 1:
        return labels_of_numbers(value)[0]
    raise DataError(f"{what} must be a single string, not {kind_of(value)}.")


def string_list(value: Value, what: str) -> list[str]:
    """Strings without missing values.

    Examples
    --------
    >>> string_list(np.array([4, 3]), "levels")
    ['4', '3']
    """
    if isinstance(value, np.ndarray):
        return labels_of_numbers(value)
    texts = [t for t in strings_of(as_text(value)) if t is not None]
    if value is None:
        raise DataError(f"{what} must not be NULL.")
    return texts
