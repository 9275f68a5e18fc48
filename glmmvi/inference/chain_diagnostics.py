"""Convergence of Markov chains: split R-hat and effective sample size."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def split_r_hat(draws: Array) -> Array:
    """Potential scale reduction with every chain split in half.

    Gelman et al. (2013), Bayesian Data Analysis, 3rd ed., section 11.4.

    Parameters
    ----------
    draws : float64, shape (chains, samples, ...)

    Returns
    -------
    float64, shape (...)
        1 where the chains agree.

    Examples
    --------
    >>> import numpy as np
    >>> apart = np.array([[0.0, 0.1, 0.0, 0.1], [5.0, 5.1, 5.0, 5.1]])
    >>> bool(split_r_hat(apart) > 10.0)
    True
    """
    halves = _split(draws)
    n = halves.shape[1]
    between = n * halves.mean(axis=1).var(axis=0, ddof=1)
    within = halves.var(axis=1, ddof=1).mean(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.sqrt(((n - 1) / n * within + between / n) / within)
    return np.where(within > 0.0, ratio, np.where(between > 0.0, np.inf, 1.0))


def effective_sample_size(draws: Array) -> Array:
    """Effective number of independent draws for the mean, over all chains.

    Autocorrelations by the chains' halves together, summed in Geyer's (1992) initial monotone
    positive pairs; Gelman et al. (2013), section 11.5.

    Parameters
    ----------
    draws : float64, shape (chains, samples, ...)

    Returns
    -------
    float64, shape (...)
    """
    halves = _split(draws)
    m, n = halves.shape[:2]
    centred = halves - halves.mean(axis=1, keepdims=True)
    size = 1 << (2 * n - 1).bit_length()
    spectrum = np.fft.rfft(centred, size, axis=1)
    covariance = np.fft.irfft(np.abs(spectrum) ** 2, size, axis=1)[:, :n].mean(axis=0) / n
    within = covariance[0] * n / (n - 1.0)
    total = (n - 1.0) / n * within + halves.mean(axis=1).var(axis=0, ddof=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        correlation = 1.0 - (within - covariance) / total
    pairs = correlation[: n - n % 2].reshape(n // 2, 2, *correlation.shape[1:]).sum(axis=1)
    positive = np.logical_and.accumulate(pairs > 0.0, axis=0)
    monotone = np.minimum.accumulate(np.where(positive, pairs, 0.0), axis=0)
    time = np.maximum(2.0 * monotone.sum(axis=0) - 1.0, 1.0 / np.log10(m * n + 10.0))
    return np.where(total > 0.0, m * n / time, float(m * n))


def _split(draws: Array) -> Array:
    half = draws.shape[1] // 2
    return np.concatenate([draws[:, :half], draws[:, half : 2 * half]])
