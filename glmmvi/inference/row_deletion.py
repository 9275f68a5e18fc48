"""What leaving a row out does to the fixed effects, at fixed covariance parameters."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from glmmvi.inference.effects_posterior import EffectsPosterior, combination_variance

Matrix = NDArray[np.float64]
Vector = NDArray[np.float64]


def change_without_rows(
    posterior: EffectsPosterior,
    X: Matrix,
    Z: Mapping[int, sparse.csr_array],
    *,
    residual: Vector,
    precision: Vector,
) -> Matrix:
    """Fixed effects without each row minus those with it.

    A row's own column added to ``X`` takes the row out; its coefficient is ``r_i / (1 - h_i)``,
    and ``C X' V^-1 e_i`` is ``precision_i Cov(beta, eta_i)`` under the posterior (Cook & Weisberg
    1982, section 3.8, for ``V`` known).

    Parameters
    ----------
    posterior : EffectsPosterior
        Of fixed and random effects given the covariance parameters.
    X : float64, shape (n, p)
    Z : mapping of int to scipy.sparse.csr_array, shape (n, L d)
    residual : float64, shape (n,)
        ``y - eta`` at the estimates.
    precision : float64, shape (n,)
        ``weights / sigma^2``.

    Returns
    -------
    float64, shape (n, p)
        nan where the leverage is 1.
    """
    p = X.shape[1]
    hat = precision * combination_variance(posterior, X, Z)
    covariance = np.empty_like(X)
    for j, unit in enumerate(np.eye(p)):
        up, down = (combination_variance(posterior, X + s * unit, Z) for s in (1.0, -1.0))
        covariance[:, j] = 0.25 * (up - down)
    room = np.where(hat < 1.0 - 1e-10, 1.0 - hat, np.nan)
    return -covariance * (precision * residual / room)[:, None]
