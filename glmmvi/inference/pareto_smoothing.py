r"""Pareto smoothed importance sampling.

The largest importance ratios are replaced by the expected order statistics of a generalized
Pareto distribution fitted to them; its shape :math:`\hat k` says how heavy the tail is, and so
how far the ratios' mean can be trusted. Vehtari, Simpson, Gelman, Yao and Gabry (2024), Pareto
smoothed importance sampling, JMLR 25(72); the fit is that of Zhang and Stephens (2009), A new
and efficient estimation method for the generalized Pareto distribution, Technometrics 51(3),
with the weak prior on the shape of Vehtari et al., appendix C.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_PRIOR_SHAPE, _PRIOR_SIZE = 0.5, 10.0  # the prior on the shape, worth ten exceedances
_FEWEST = 5  # exceedances to fit a tail to
_EQUAL = 1e-8  # relative spread of log ratios that are the same but for rounding


@dataclass(frozen=True, eq=False)
class SmoothedRatios:
    """Log importance ratios with a smoothed tail.

    Attributes
    ----------
    log_ratios : float64, shape (S,)
        In the order that they came in.
    pareto_k : float
        Shape of the tail: below 0.5 the variance of the ratios is finite, above 0.7 their mean
        is not to be trusted. ``-inf`` if all ratios are equal, ``inf`` if the tail cannot be
        fitted.
    """

    log_ratios: Array
    pareto_k: float


def reliable_shape(draws: int) -> float:
    """Largest shape with which a mean of so many ratios is to be trusted (Vehtari et al. 2024).

    Examples
    --------
    >>> reliable_shape(100), reliable_shape(100_000)
    (0.5, 0.7)
    """
    return float(min(1.0 - 1.0 / np.log10(max(draws, 11)), 0.7))


def fit_generalized_pareto(exceedances: Array) -> tuple[float, float]:
    """Shape and scale of a generalized Pareto distribution, location 0.

    Parameters
    ----------
    exceedances : float64, shape (M,)
        Positive, ascending.

    Returns
    -------
    shape : float
        ``k``, positive for a heavy tail; shrunk towards 0.5.
    scale : float

    Examples
    --------
    >>> p = (np.arange(4000) + 0.5) / 4000
    >>> shape, scale = fit_generalized_pareto(2.0 * ((1.0 - p) ** -0.3 - 1.0) / 0.3)
    >>> round(shape, 1), round(scale, 1)
    (0.3, 2.0)
    """
    x, M = exceedances, len(exceedances)
    grid = 30 + int(np.sqrt(M))
    quartile = x[int(M / 4 + 0.5) - 1]
    b = 1.0 / x[-1] + (1.0 - np.sqrt(grid / (np.arange(grid) + 0.5))) / (3.0 * quartile)
    k = np.log1p(-b[:, None] * x).mean(axis=1)
    profile = M * (np.log(-b / k) - k - 1.0)
    weight = np.exp(profile - profile.max())
    weight /= weight.sum()
    weight = np.where(weight >= 10.0 * np.finfo(float).eps, weight, 0.0)
    mean = float(b @ weight / weight.sum())
    shape = float(np.log1p(-mean * x).mean())
    scale = -shape / mean
    return (M * shape + _PRIOR_SIZE * _PRIOR_SHAPE) / (M + _PRIOR_SIZE), scale


def smooth(log_ratios: Array) -> SmoothedRatios:
    """Smooth the largest importance ratios.

    Parameters
    ----------
    log_ratios : float64, shape (S,)
        Nats, up to a constant.

    Returns
    -------
    SmoothedRatios
        The tail has ``min(S / 5, 3 sqrt(S))`` ratios; none is raised above the largest one.
    """
    S = len(log_ratios)
    top = float(log_ratios.max())
    if np.ptp(log_ratios) <= _EQUAL * max(1.0, abs(top)):
        return SmoothedRatios(log_ratios, -np.inf)
    centred = log_ratios - top
    order = np.argsort(centred, kind="stable")
    size = int(np.ceil(min(0.2 * S, 3.0 * np.sqrt(S))))
    cut = max(float(centred[order[-size - 1]]), float(np.log(np.finfo(float).tiny)))
    tail = order[centred[order] > cut]
    if len(tail) < _FEWEST:
        return SmoothedRatios(log_ratios, np.inf)
    threshold = np.exp(cut)
    with np.errstate(all="ignore"):  # a degenerate tail has no fit, and says so
        shape, scale = fit_generalized_pareto(np.exp(centred[tail]) - threshold)
    if not np.isfinite(shape) or not scale > 0.0:
        return SmoothedRatios(log_ratios, np.inf)
    p = (np.arange(len(tail)) + 0.5) / len(tail)
    quantiles = scale * (-np.log1p(-p) if shape == 0.0 else np.expm1(-shape * np.log1p(-p)) / shape)
    smoothed = centred.copy()
    smoothed[tail] = np.minimum(np.log(quantiles + threshold), 0.0)
    return SmoothedRatios(smoothed + top, shape)
