"""Wald chi-square tests of linear hypotheses about the fixed effects."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
Vector = NDArray[np.float64]


@dataclass(frozen=True)
class WaldTest:
    """A chi-square statistic with its degrees of freedom."""

    statistic: float
    df: int


def wald_test(beta: Vector, cov: Matrix, contrasts: Matrix, rhs: Vector | None = None) -> WaldTest:
    """Test ``contrasts @ beta = rhs``.

    Parameters
    ----------
    beta : float64, shape (p,)
    cov : float64, shape (p, p)
        Their covariance matrix.
    contrasts : float64, shape (m, p)
        Of full rank.
    rhs : float64, shape (m,), optional
        Zeros by default.

    Returns
    -------
    WaldTest

    Examples
    --------
    >>> import numpy as np
    >>> wald_test(np.array([2.0, 5.0]), np.diag([1.0, 4.0]), np.eye(2)[:1])
    WaldTest(statistic=4.0, df=1)
    """
    if not contrasts.shape[0]:
        return WaldTest(0.0, 0)
    distance = contrasts @ beta - (0.0 if rhs is None else rhs)
    within = contrasts @ cov @ contrasts.T
    return WaldTest(float(distance @ np.linalg.solve(within, distance)), contrasts.shape[0])


def term_test(
    beta: Vector, cov: Matrix, own: NDArray[np.bool_], containing: NDArray[np.bool_]
) -> WaldTest:
    """Type II test of a term: its coefficients, those that contain it left out of the model.

    Parameters
    ----------
    beta, cov
        See `wald_test`.
    own, containing : bool, shape (p,)
        Columns of the term; columns of the terms that contain it.

    Returns
    -------
    WaldTest

    Notes
    -----
    The statistic of all these columns minus that of the containing ones: the part of the
    hypothesis that is orthogonal to them under the covariance matrix (Fox and Weisberg, car).
    """
    unit = np.eye(beta.size)
    both = wald_test(beta, cov, unit[own | containing])
    larger = wald_test(beta, cov, unit[containing])
    return WaldTest(both.statistic - larger.statistic, both.df - larger.df)
