"""Arguments with one value a row: ``weights=``, ``offset=``, ``subset=``."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from glmmvi.design.columns import DataColumns, check_row_labels
from glmmvi.design.evaluate import Evaluator
from glmmvi.design.functions.coerce import as_number
from glmmvi.design.intake import as_value
from glmmvi.design.values import Factor, Matrix, Value, length_of
from glmmvi.errors import ArgumentError, DataError
from glmmvi.formula.expression import Call, Constant, Expression, Number, Symbol, Text


def argument_expression(argument: Any, columns: DataColumns) -> Expression | None:
    """The expression that a text argument stands for; None for an array.

    Parameters
    ----------
    argument : str, Expression or array
        The name of a column (any name, taken whole), or the text of an R expression.
    columns : DataColumns
        The data.

    Returns
    -------
    Expression or None

    Examples
    --------
    >>> from glmmvi.design.columns import read_columns
    >>> argument_expression("w", read_columns({"w": [1.0]}))
    Symbol(name='w')
    """
    if isinstance(argument, (Symbol, Number, Text, Constant, Call)):
        return argument
    if not isinstance(argument, str):
        return None
    if argument in columns:
        return Symbol(argument)
    from glmmvi.formula.grammar import parse_expression

    return parse_expression(argument)


def row_values(
    argument: Any, evaluator: Evaluator, what: str, n: int
) -> tuple[Value, Expression | None]:
    """Value of an argument on all rows of the data, and its expression if it has one.

    Parameters
    ----------
    argument : array, str or Expression
        The argument.
    evaluator : Evaluator
        For expressions.
    what : str
        R's name of the argument in a model frame: ``(weights)``.
    n : int
        Rows of the data.

    Returns
    -------
    value : Value
    expression : Expression or None

    Raises
    ------
    DataError
        R's ``variable lengths differ``, or a pandas Series with other row labels than the data.

    Examples
    --------
    >>> from glmmvi.design.columns import read_columns
    >>> e = Evaluator(read_columns({"w": [1.0, 2.0]}))
    >>> row_values("w", e, "(weights)", 2)[0]
    array([1., 2.])
    """
    expression = argument_expression(argument, evaluator.columns)
    if expression is None:
        if callable(argument):
            raise ArgumentError(f"{what.strip('()')} must be an array or a text, not a function.")
        check_row_labels(argument, evaluator.columns, what.strip("()"))
        value = as_value(argument, what.strip("()"))
    else:
        value = evaluator.leaf(expression)
    if length_of(value) != n:
        raise DataError(
            f"variable lengths differ (found for '{what}'): it has {length_of(value)} values, the "
            f"data have {n} rows. Give one value for every row of the data, also for those that "
            "are left out."
        )
    return value, expression


def _vector(value: Value, what: str, n: int) -> NDArray[np.float64]:
    if isinstance(value, Factor):
        raise DataError(f"'{what.strip('()')}' must be a numeric vector, not text or a factor.")
    number = as_number(value, what).astype(np.float64)
    if isinstance(value, Matrix):
        if number.shape[1] != 1:
            raise DataError(f"'{what.strip('()')}' must be a vector, not a matrix.")
        number = number[:, 0]
    if len(number) != n:
        raise DataError(
            f"variable lengths differ (found for '{what}'): it has {len(number)} values, the data "
            f"have {n} rows."
        )
    if np.isinf(number).any():
        raise DataError(f"infinite values in {what.strip('()')}.")
    return number


def offset_values(value: Value, what: str, n: int) -> NDArray[np.float64]:
    """An offset as numbers.

    Examples
    --------
    >>> offset_values(np.array([1, 2]), "(offset)", 2)
    array([1., 2.])
    """
    return _vector(value, what, n)


def weight_values(value: Value, n: int) -> NDArray[np.float64]:
    """Prior weights as numbers; zero is fine, a negative one is R's error.

    Examples
    --------
    >>> weight_values(np.array([0, 2]), 2)
    array([0., 2.])
    """
    weights = _vector(value, "(weights)", n)
    negative = weights < 0
    if negative.any():
        raise DataError(
            f"all(weights >= 0) is not TRUE: {int(negative.sum())} weights are negative, first in "
            f"row {int(np.flatnonzero(negative)[0])} of the rows used."
        )
    return weights
