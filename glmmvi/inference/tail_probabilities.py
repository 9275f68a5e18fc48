"""Tail probabilities of test statistics, from scipy's special functions.

``scipy.stats`` has the same numbers, and takes longer to import than most fits take.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc, fdtrc, gammaincinv, stdtr, stdtrit


def _float(values: ArrayLike) -> NDArray[np.float64]:
    return np.asarray(values, dtype=np.float64)


def chi_squared_tail(statistic: ArrayLike, df: ArrayLike) -> NDArray[np.float64]:
    """Probability of a chi-squared variable above `statistic`.

    Parameters
    ----------
    statistic, df : array
        NaN gives NaN; a statistic below 0 counts as 0.

    Returns
    -------
    ndarray

    Examples
    --------
    >>> chi_squared_tail(3.841459, 1.0).round(4).tolist()
    0.05
    """
    return _float(chdtrc(_float(df), np.maximum(_float(statistic), 0.0)))


def chi_squared_quantile(probability: ArrayLike, df: ArrayLike) -> NDArray[np.float64]:
    """The value that a chi-squared variable stays below with `probability`.

    Parameters
    ----------
    probability, df : array

    Returns
    -------
    ndarray

    Examples
    --------
    >>> chi_squared_quantile(0.95, 1.0).round(4).tolist()
    3.8415
    """
    return _float(2.0 * gammaincinv(0.5 * _float(df), _float(probability)))


def f_tail(statistic: ArrayLike, num_df: ArrayLike, den_df: ArrayLike) -> NDArray[np.float64]:
    """Probability of an F variable above `statistic`.

    Parameters
    ----------
    statistic, num_df, den_df : array
        NaN gives NaN; a statistic below 0 counts as 0. Infinitely many degrees of freedom of the
        denominator make it a chi-squared variable over `num_df`.

    Returns
    -------
    ndarray

    Examples
    --------
    >>> f_tail(4.0, 2.0, 10.0).round(4).tolist()
    0.0529
    """
    positive, numerator = np.maximum(_float(statistic), 0.0), _float(num_df)
    finite = fdtrc(numerator, _float(den_df), positive)
    limit = chi_squared_tail(numerator * positive, numerator)
    return _float(np.where(np.isposinf(_float(den_df)), limit, finite))


def t_tail(statistic: ArrayLike, df: ArrayLike) -> NDArray[np.float64]:
    """Probability of Student's t above `statistic`.

    Parameters
    ----------
    statistic, df : array

    Returns
    -------
    ndarray

    Examples
    --------
    >>> t_tail(2.228139, 10.0).round(4).tolist()
    0.025
    """
    return _float(stdtr(_float(df), -_float(statistic)))


def t_quantile(probability: ArrayLike, df: ArrayLike) -> NDArray[np.float64]:
    """The value that Student's t stays below with `probability`.

    Parameters
    ----------
    probability, df : array

    Returns
    -------
    ndarray

    Examples
    --------
    >>> t_quantile(0.975, 10.0).round(4).tolist()
    2.2281
    """
    return _float(stdtrit(_float(df), _float(probability)))
