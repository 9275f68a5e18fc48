"""P values and intervals of several tests at once."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri, stdtr, stdtrit

Vector = NDArray[np.float64]
Adjustment = Literal["none", "tukey", "holm", "bonferroni"]

_NORMAL = 1e5  # degrees of freedom from which a t distribution is a normal one


def adjusted_p_values(statistic: Vector, df: Vector, adjust: Adjustment, n_means: int) -> Vector:
    """Two-sided p values of a family of tests.

    Parameters
    ----------
    statistic, df : float64, shape (m,)
        t ratios; infinite degrees of freedom are a normal.
    adjust : {"none", "tukey", "holm", "bonferroni"}
        Tukey's is for all pairs of `n_means` means (Tukey-Kramer where their errors differ).
    n_means : int

    Returns
    -------
    float64, shape (m,)

    Examples
    --------
    >>> t, df = np.array([2.0, 3.0]), np.array([10.0, 10.0])
    >>> adjusted_p_values(t, df, "holm", 3).round(4).tolist()
    [0.0734, 0.0267]
    """
    size = np.abs(statistic)
    plain = 2.0 * np.where(df >= _NORMAL, ndtr(-size), stdtr(np.minimum(df, _NORMAL), -size))
    m = len(plain)
    if adjust == "none" or (m == 1 and adjust != "tukey"):
        return np.asarray(plain)
    if adjust == "tukey":
        if n_means < 3:
            return np.asarray(plain)
        from scipy.stats import studentized_range

        limited = np.minimum(df, _NORMAL)
        return np.asarray(studentized_range.sf(np.sqrt(2.0) * size, n_means, limited))
    if adjust == "bonferroni":
        return np.minimum(1.0, m * plain)
    order = np.argsort(plain)
    adjusted = np.empty(m)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate((m - np.arange(m)) * plain[order]))
    return adjusted


def simultaneous_quantile(
    level: float, df: Vector, adjust: Adjustment, n_means: int, n_tests: int
) -> Vector:
    """Half width of simultaneous intervals in standard errors, shape (m,).

    Parameters
    ----------
    level : float
    df : float64, shape (m,)
    adjust : {"none", "tukey", "holm", "bonferroni"}
        Holm's method has no intervals: Bonferroni's are taken, as in R's emmeans.
    n_means, n_tests : int

    Examples
    --------
    >>> simultaneous_quantile(0.95, np.array([np.inf]), "none", 3, 3).round(3).tolist()
    [1.96]
    """
    limited = np.minimum(df, _NORMAL)
    if adjust == "tukey" and n_means > 2:
        from scipy.stats import studentized_range

        values, back = np.unique(limited.round(6), return_inverse=True)
        found = studentized_range.ppf(level, n_means, values) / np.sqrt(2.0)
        return np.asarray(found[back])
    tail = 0.5 * (1.0 - level) / (n_tests if adjust in ("holm", "bonferroni") else 1)
    return np.where(df >= _NORMAL, ndtri(1.0 - tail), stdtrit(limited, 1.0 - tail))
