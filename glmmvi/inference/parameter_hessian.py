"""Hessian of the maximised ELBO over all parameters, and its inverse.

One random-effects term: level by level (:mod:`glmmvi.inference.level_curvature`). Small
independent parts: by their rows (:mod:`glmmvi.inference.row_curvature`). Otherwise by implicit
differentiation (:mod:`glmmvi.inference.implicit_hessian`) or, at a singular covariance factor, by
central differences of the exact gradient.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from glmmvi.inference.elbo_gradient import gradient_of, schur_complement
from glmmvi.inference.implicit_hessian import has_implicit_hessian, implicit_hessian
from glmmvi.inference.level_curvature import has_level_curvature, level_curvature
from glmmvi.inference.profiled_deviance import is_diagonal, unpack
from glmmvi.inference.row_curvature import row_curvature
from glmmvi.inference.variational_pirls import PirlsSystem, SurrogateState, solve

Matrix = NDArray[np.float64]
Vector = NDArray[np.float64]
Bools = NDArray[np.bool_]

OuterLogPrior = Callable[[Vector, Vector], tuple[float, Vector, Vector]]


def parameter_covariance(
    system: PirlsSystem,
    theta: Vector,
    dispersion: Vector,
    state: SurrogateState,
    count: dict[str, int],
    penalty: OuterLogPrior | None = None,
    known: Matrix | None = None,
) -> Matrix | None:
    """Inverse Hessian of ``-elbo`` over (theta, beta, dispersion), log priors included.

    Parameters
    ----------
    system : PirlsSystem
    theta : float64, shape (t,)
    dispersion : float64, shape (k,)
    state : SurrogateState
        The best surrogate.
    count : dict
        ``inner``: factorisations so far.
    penalty : callable, optional
        ``(theta, dispersion) -> (log prior, by theta, by dispersion)``.
    known : float64, shape (t + p + k, t + p + k), optional
        Second derivatives of the ELBO, where they are known already.

    Returns
    -------
    float64, shape (t + p + k, t + p + k), or None
        Parameters on their bound are kept there: their rows and columns are 0. None if the
        Hessian is not positive definite.
    """
    free = _free(system, theta, len(dispersion))
    try:
        hessian = _negative_hessian(system, theta, dispersion, state, free, count, penalty, known)
    except np.linalg.LinAlgError:
        return None
    within = hessian[np.ix_(free, free)]
    scale = 1.0 / np.sqrt(positive_diagonal(within))
    scaled = within * np.outer(scale, scale)
    if not np.isfinite(scaled).all() or (within.size and np.linalg.eigvalsh(scaled)[0] <= 0.0):
        return None
    covariance = np.zeros_like(hessian)
    covariance[np.ix_(free, free)] = np.linalg.inv(scaled) * np.outer(scale, scale)
    return covariance


def _negative_hessian(
    system: PirlsSystem,
    theta: Vector,
    dispersion: Vector,
    state: SurrogateState,
    free: Bools,
    count: dict[str, int],
    penalty: OuterLogPrior | None,
    known: Matrix | None,
) -> Matrix:
    """Second derivatives of ``-elbo``, less those of the log priors."""
    if known is not None:
        exact = known
    elif has_level_curvature(system.structure, free.size):
        exact = level_curvature(system, dispersion, state).hessian
    elif system.parts is not None:
        exact = row_curvature(system, system.parts, dispersion, state).hessian
    elif has_implicit_hessian(unpack(theta, system.structure.d)):
        exact, _, factorizations = implicit_hessian(system, dispersion, state, fixed_beta=True)
        count["inner"] += factorizations
    else:
        return _by_differences(system, theta, dispersion, state, free, count, penalty)
    return -exact - prior_hessian(system, theta, state.beta, dispersion, penalty)


def prior_hessian(
    system: PirlsSystem,
    theta: Vector,
    beta: Vector,
    dispersion: Vector,
    penalty: OuterLogPrior | None,
) -> Matrix:
    """Second derivatives of the log priors by (theta, beta, dispersion), by differences.

    With an empty `beta`: by (theta, dispersion).
    """
    t, p, k = theta.size, beta.size, dispersion.size
    hessian = np.zeros((t + p + k, t + p + k))
    if system.beta_prior is not None and p:
        hessian[t : t + p, t : t + p] = _jacobian(system.beta_prior.gradient, beta)
    if penalty is not None:
        outer = np.r_[0:t, t + p : t + p + k]

        def slopes(x: Vector) -> Vector:
            return np.concatenate(penalty(x[:t], x[t:])[1:])

        x = np.concatenate([theta, dispersion])
        hessian[np.ix_(outer, outer)] = _jacobian(slopes, x)
    return 0.5 * (hessian + hessian.T)


def _jacobian(function: Callable[[Vector], Vector], x: Vector) -> Matrix:
    """Central differences of a function, shape (k, k)."""
    steps = np.diag(1e-4 * np.maximum(np.abs(x), 1e-2))
    differences = [(function(x + step) - function(x - step)) / (2.0 * step.sum()) for step in steps]
    return np.array(differences).reshape(x.size, x.size)


def _free(system: PirlsSystem, theta: Vector, n_dispersion: int) -> Bools:
    """Which of (theta, beta, dispersion) are not on their bound."""
    bound = is_diagonal(system.structure.d) & (theta <= 0.0)
    return np.concatenate([~bound, np.ones(system.structure.p + n_dispersion, dtype=bool)])


def _by_differences(
    system: PirlsSystem,
    theta: Vector,
    dispersion: Vector,
    state: SurrogateState,
    free: Bools,
    count: dict[str, int],
    penalty: OuterLogPrior | None,
) -> Matrix:
    """Hessian of ``-elbo`` by central differences of its gradient, the log prior's included."""
    d, p, k = system.structure.d, system.structure.p, theta.size
    x = np.concatenate([theta, state.beta, dispersion])
    spread = np.concatenate(
        [
            np.repeat(
                [1.0 / np.sqrt(2.0 * L) for L in system.structure.n_levels],
                [size * (size + 1) // 2 for size in d],
            ),
            1.0 / np.sqrt(positive_diagonal(schur_complement(system, state))),
            np.full(len(dispersion), 1.0 / np.sqrt(system.arrays.n)),
        ]
    )
    steps = 0.04 * spread
    diagonal = np.concatenate([is_diagonal(d), np.zeros(x.size - k, dtype=bool)])
    steps = np.where(diagonal, np.minimum(steps, 0.5 * np.maximum(x, 1e-300)), steps)
    hessian = np.zeros((x.size, x.size))
    for i in np.flatnonzero(free):
        sides, start = [], state
        for sign in (1.0, -1.0):
            at = x.copy()
            at[i] += sign * steps[i]
            moved, info = solve(
                system,
                unpack(at[:k], d),
                at[k + p :],
                start,
                fixed_beta=at[k : k + p],
                tolerance=1e-10,
            )
            count["inner"] += info.evaluations
            slopes = gradient_of(system, moved)
            if penalty is not None:
                _, by_theta, by_dispersion = penalty(at[:k], at[k + p :])
                slopes = (slopes[0] + by_theta, slopes[1], slopes[2] + by_dispersion)
            sides.append(np.concatenate(slopes))
            start = _reflected(state, moved)
        hessian[i] = -(sides[0] - sides[1]) / (2.0 * steps[i])
    return 0.5 * (hessian + hessian.T)


def _reflected(centre: SurrogateState, moved: SurrogateState) -> SurrogateState:
    """Where to start on the other side of a central difference: the surrogate mirrored."""
    return replace(
        centre,
        u_mean=tuple(2.0 * c - m for c, m in zip(centre.u_mean, moved.u_mean, strict=True)),
        curvature=2.0 * centre.curvature - moved.curvature,
    )


def positive_diagonal(matrix: Matrix) -> Vector:
    """The diagonal, no element of it below a trillionth of the largest, shape (k,)."""
    diagonal = np.diag(matrix)
    return np.maximum(diagonal, 1e-12 * max(float(diagonal.max(initial=0.0)), 1e-300))


def inverse_or_nan(matrix: Matrix) -> Matrix:
    """The inverse, or NaN where there is none."""
    try:
        return np.asarray(np.linalg.inv(matrix), dtype=np.float64)
    except np.linalg.LinAlgError:
        return np.full_like(matrix, np.nan)
