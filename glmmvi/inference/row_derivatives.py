"""Second derivatives of the expected log likelihood of every row.

It obeys the heat equation (``E_v = E_mm / 2``), so that all derivatives by the mean and the
variance of the linear predictor are derivatives by the mean: differences of the curvature.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glmmvi.inference.variational_pirls import PirlsSystem, SurrogateState

Matrix = NDArray[np.float64]
Vector = NDArray[np.float64]

_STEP = 0.02  # of a difference in the linear predictor, in sds of the surrogate
_DISPERSION_STEP = 1e-3  # of a difference in an unconstrained dispersion parameter


@dataclass(frozen=True)
class RowDerivatives:
    """Derivatives of the expected log likelihoods by mean `m`, variance `v`, dispersion `f`.

    Attributes
    ----------
    m, v, mm, mv, vv : float64, shape (n,)
        Of every row.
    mf, vf : float64, shape (k, n)
        Of every row.
    ff : float64, shape (k, k)
        Of the sum over the rows.
    """

    m: Vector
    v: Vector
    mm: Vector
    mv: Vector
    vv: Vector
    mf: Matrix
    vf: Matrix
    ff: Matrix


def row_derivatives(
    system: PirlsSystem, dispersion: Vector, state: SurrogateState
) -> RowDerivatives:
    """First and second derivatives at a surrogate.

    Parameters
    ----------
    system : PirlsSystem
    dispersion : float64, shape (k,)
    state : SurrogateState
        At `dispersion`.

    Returns
    -------
    RowDerivatives
    """
    likelihood, mean, variance = system.likelihood, state.mean, state.variance
    at = state.expectation
    h = _STEP * np.sqrt(variance)
    h[h == 0.0] = 1.0  # of no account: there is no variance to move
    above = likelihood.expect(mean + h, variance, dispersion).curvature
    below = likelihood.expect(mean - h, variance, dispersion).curvature
    third = (below - above) / (2.0 * h)
    fourth = (2.0 * at.curvature - above - below) / h**2
    k = len(dispersion)
    mf, vf, ff = np.empty((k, len(mean))), np.empty((k, len(mean))), np.empty((k, k))
    for i in range(k):
        step = np.zeros(k)
        step[i] = _DISPERSION_STEP
        up = likelihood.expect(mean, variance, dispersion + step)
        down = likelihood.expect(mean, variance, dispersion - step)
        mf[i] = (up.score - down.score) / (2.0 * _DISPERSION_STEP)
        vf[i] = (down.curvature - up.curvature) / (4.0 * _DISPERSION_STEP)
        ff[i] = (up.dispersion_score - down.dispersion_score) / (2.0 * _DISPERSION_STEP)
    return RowDerivatives(
        m=at.score,
        v=-0.5 * at.curvature,
        mm=-at.curvature,
        mv=0.5 * third,
        vv=0.25 * fourth,
        mf=mf,
        vf=vf,
        ff=0.5 * (ff + ff.T),
    )
