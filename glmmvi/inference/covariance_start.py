"""Where the outer iteration starts: an EM step, and the curvature to expect there."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]


def em_step(second_moments: Sequence[Matrix]) -> list[Matrix]:
    """Covariance factors of the average second moments of the random effects.

    From any start this is the EM algorithm's next step (Dempster, Laird & Rubin 1977); where
    the levels are informative it is close to the optimum.

    Parameters
    ----------
    second_moments : sequence of float64, shape (d, d, L)
        ``E[b b']`` of every level of every term, in units of the residual variance.

    Returns
    -------
    list of float64, shape (d, d)
        Lower triangles.
    """
    factors = []
    for moments in second_moments:
        average = moments.mean(axis=2)
        floor = 1e-8 * max(float(np.trace(average)), 1e-8)
        factors.append(
            np.asarray(np.linalg.cholesky(average + floor * np.eye(len(average))), dtype=float)
        )
    return factors


def expected_curvature(
    factors: Sequence[Matrix], n_levels: Sequence[int], per_level: Sequence[float]
) -> list[Matrix]:
    """Expected second derivatives of the deviance by the elements of the covariance factors.

    As if each term stood alone, its factor were diagonal and its levels were alike.

    Parameters
    ----------
    factors : sequence of float64, shape (d, d)
    n_levels : sequence of int
    per_level : sequence of float
        Information of a level on each of its random effects.

    Returns
    -------
    list of float64, shape (d, d)
        Lower triangles.
    """
    result = []
    for factor, L, h in zip(factors, n_levels, per_level, strict=True):
        scale = np.maximum(np.abs(np.diag(factor)), 0.3 / np.sqrt(h))
        share = h * scale**2 / (1.0 + h * scale**2)
        curvature = 2.0 * L * np.outer(share / scale**2, share)
        np.fill_diagonal(curvature, 2.0 * np.diag(curvature))
        result.append(curvature)
    return result
