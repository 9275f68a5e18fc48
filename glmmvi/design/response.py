"""The response: numeric, logical, factor or ``cbind(successes, failures)``."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glmmvi.design.values import Factor, Logical, Matrix, Moments, Value
from glmmvi.errors import DataError


@dataclass(frozen=True, eq=False)
class Response:
    """A response as numbers.

    Attributes
    ----------
    y : float64, shape (n,)
        The response; for a factor 0 at the first level and 1 elsewhere; for ``cbind`` the
        proportion of successes.
    kind : {"numeric", "logical", "factor", "cbind"}
        What it was.
    totals : float64, shape (n,), or None
        For ``cbind``: successes and failures together.
    levels : tuple of str
        Of a factor: the first is failure.
    """

    y: NDArray[np.float64]
    kind: str
    totals: NDArray[np.float64] | None = None
    levels: tuple[str, ...] = ()


def make_response(value: Value, name: str, *, numeric: bool) -> Response:
    """Turn the response variable into numbers.

    Parameters
    ----------
    value : Value
        The variable.
    name : str
        As R prints it.
    numeric : bool
        Whether only numbers and logicals will do (`lmer`), or also what a binomial family
        takes (`glmer`).

    Returns
    -------
    Response

    Raises
    ------
    DataError
        lme4's ``response must be numeric`` or ``response must be numeric or factor``.

    Examples
    --------
    >>> make_response(Matrix(np.array([[1.0, 3.0]])), "cbind(s, f)", numeric=False).y
    array([0.25])
    """
    if isinstance(value, Factor):
        if numeric:
            kind = "text" if value.character else "a factor"
            raise DataError(
                f"response must be numeric: '{name}' is {kind}. Convert it to numbers, or fit a "
                "binomial glmer()."
            )
        if value.character:
            raise DataError(
                f"response must be numeric or factor: '{name}' is text. Make it 0/1, or a factor "
                f"whose first level is failure: factor({name})."
            )
        y = np.where(value.codes < 0, np.nan, (value.codes > 0).astype(np.float64))
        _check_finite(y, name)
        return Response(y, "factor", None, value.levels)
    if isinstance(value, Logical):
        y = value.values.astype(np.float64)
        if value.missing is not None:
            y[value.missing] = np.nan
        _check_finite(y, name)
        return Response(y, "logical")
    if isinstance(value, Matrix):
        return _matrix_response(value, name, numeric)
    if value is None:
        raise DataError(f"response must be numeric: '{name}' is NULL.")
    y = (value.values if isinstance(value, Moments) else value).astype(np.float64)
    _check_finite(y, name)
    return Response(y, "numeric")


def _matrix_response(value: Matrix, name: str, numeric: bool) -> Response:
    width = value.values.shape[1]
    if width == 1:
        y = value.values[:, 0].copy()
        _check_finite(y, name)
        return Response(y, "numeric")
    if numeric:
        raise DataError(
            f"response must be numeric: '{name}' has {width} columns. cbind(successes, failures) "
            "is for a binomial glmer()."
        )
    if width != 2:
        raise DataError(
            f"for the 'binomial' family, y must be a vector of 0 and 1's or a 2 column matrix: "
            f"'{name}' has {width} columns."
        )
    successes, failures = value.values[:, 0], value.values[:, 1]
    for count in (successes, failures):
        _check_finite(count, name)
        if (count < 0).any():
            row = int(np.flatnonzero(count < 0)[0])
            raise DataError(f"negative counts in '{name}' (row {row} of the rows used).")
    totals = successes + failures
    y = np.divide(successes, totals, out=np.zeros_like(totals), where=totals != 0)
    return Response(y, "cbind", totals)


def _check_finite(y: NDArray[np.float64], name: str) -> None:
    if np.isfinite(y.sum()):
        return
    bad = ~np.isfinite(y)
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise DataError(
            f"NA/NaN/Inf in 'y': the response '{name}' is infinite or missing in "
            f"{int(bad.sum())} rows, first in row {row} of the rows used ({y[row]})."
        )
