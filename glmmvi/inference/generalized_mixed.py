"""The structured Gaussian engine for generalized linear mixed models.

The outer problem, over the covariance factors and the dispersion, takes the exact gradient of
the ELBO at the best surrogate (the envelope theorem); the inner problem is variational PIRLS,
warm-started. The fixed effects are a point and are optimised over with the surrogate.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from glmmvi.inference.block_factorization import factorize
from glmmvi.inference.block_matrices import congruence
from glmmvi.inference.bounded_bfgs import minimize
from glmmvi.inference.covariance_start import em_step, expected_curvature
from glmmvi.inference.cross_products import block_structure, cross_products, row_index
from glmmvi.inference.expectations import Likelihood
from glmmvi.inference.gaussian_posterior import GaussianPosterior
from glmmvi.inference.optimization_record import OptimizationRecord
from glmmvi.inference.orthogonal_basis import (
    OrthogonalBasis,
    covariance_factor,
    engine_factor,
    in_basis,
    orthogonal_basis,
)
from glmmvi.inference.profiled_deviance import columns_below, is_diagonal, pack, unpack
from glmmvi.inference.regression_arrays import RegressionArrays
from glmmvi.inference.variational_pirls import (
    PirlsSystem,
    SurrogateState,
    evaluate,
    level_scores,
    rounding_error,
    solve,
    with_precision,
)

Matrix = NDArray[np.float64]
Vector = NDArray[np.float64]

OuterLogPrior = Callable[[Vector, Vector], tuple[float, Vector, Vector]]

_SHARP = 100.0  # information a level, over the effects' precision, from which on it is much
_LONGEST = 1.5  # most that a covariance factor or a log dispersion moves in one step


@dataclass(frozen=True)
class GeneralizedMixedProblem:
    """A generalized linear mixed model, ready to be evaluated.

    Attributes
    ----------
    basis : OrthogonalBasis
    system : PirlsSystem
    """

    basis: OrthogonalBasis
    system: PirlsSystem


@dataclass(frozen=True)
class GeneralizedMixedSolution:
    """The optimum of the ELBO, on the user's scale.

    Attributes
    ----------
    Lambda : tuple of float64, shape (d, d)
        Covariance factors of the random effects, lower triangles.
    dispersion : float64, shape (k,)
        Unconstrained dispersion parameters.
    beta : float64, shape (p,)
    beta_cov : float64, shape (p, p)
        Inverse Hessian of the ELBO over all parameters, or, without the Hessian, the
        inverse Schur complement at fixed covariance parameters.
    parameter_cov : float64, shape (k, k), or None
        Of all parameters: packed `Lambda`, `beta`, `dispersion`.
    u_mean : tuple of float64, shape (L, d)
        Means of the spherical random effects, ``b = Lambda u``.
    b_mean : tuple of float64, shape (L, d)
    b_cov : tuple of float64, shape (L, d, d)
        The surrogate's covariance matrices of each level's effects.
    elbo : float
        Lower bound of the log likelihood, nats.
    state : SurrogateState
        In the engine's basis.
    rotations : tuple of float64, shape (d, d)
        From the engine's spherical effects to the user's.
    inner_evaluations : int
        Factorisations in all.
    """

    Lambda: tuple[Matrix, ...]
    dispersion: Vector
    beta: Vector
    beta_cov: Matrix
    parameter_cov: Matrix | None
    u_mean: tuple[Matrix, ...]
    b_mean: tuple[Matrix, ...]
    b_cov: tuple[Matrix, ...]
    elbo: float
    state: SurrogateState
    rotations: tuple[Matrix, ...]
    inner_evaluations: int


def posterior_of(solution: GeneralizedMixedSolution) -> GaussianPosterior:
    """The surrogate of the random effects; the fixed effects are a point."""
    return GaussianPosterior(solution.state.factorization, solution.rotations, 1.0)


def build_problem(arrays: RegressionArrays, likelihood: Likelihood) -> GeneralizedMixedProblem:
    """Bring a model into the engine's basis.

    Parameters
    ----------
    arrays : RegressionArrays
        Its response is not used; its weights only tell which rows count, as the likelihood
        has the weights in it.
    likelihood : Likelihood
        Bound to the response.

    Returns
    -------
    GeneralizedMixedProblem
    """
    plain = RegressionArrays(
        np.zeros(arrays.n), arrays.X, arrays.terms, np.sign(arrays.weights), np.zeros(arrays.n)
    )
    basis = orthogonal_basis(plain)
    unit = predictor_unit(likelihood)
    basis = replace(basis, Z_factors=tuple(factor / unit for factor in basis.Z_factors))
    within = in_basis(plain, basis)
    structure = block_structure(within.terms, within.p)
    index = row_index(within.terms, structure)
    system = PirlsSystem(within, arrays.offset, likelihood, structure, index)
    return GeneralizedMixedProblem(basis, system)


def predictor_unit(likelihood: Likelihood) -> float:
    """A power of ten near the size of what moves the linear predictor.

    The engine measures random effects in it, so that a fit does not depend on the unit of a
    response whose link has one (identity, inverse). It is 1 for logits and log means.

    Parameters
    ----------
    likelihood : Likelihood

    Returns
    -------
    float
        From the spread of the linear predictor of the responses themselves, or the sd that one
        row leaves in its linear predictor, whichever is larger.
    """
    eta, dispersion = likelihood.start()
    with np.errstate(all="ignore"):
        curvature = likelihood.expect(eta, np.zeros_like(eta), dispersion).curvature
    known = curvature[np.isfinite(curvature) & (curvature > 0.0)]
    spread = float(np.abs(eta - np.median(eta)).mean())
    size = max(spread, 1.0 / np.sqrt(known.mean()) if known.size else 0.0)
    return 10.0 ** round(float(np.log10(size))) if size > 0.0 else 1.0


def glm_start(system: PirlsSystem, dispersion: Vector, *, max_iterations: int = 25) -> Vector:
    """Fixed effects of the model without random effects, by damped Fisher scoring.

    Returns
    -------
    float64, shape (p,)
    """
    X, offset, likelihood = system.arrays.X, system.offset, system.likelihood
    nothing = np.zeros(len(offset))
    eta, _ = likelihood.start()
    beta = X.T @ (eta - offset)  # X is orthonormal
    prior = system.beta_prior
    at = likelihood.expect(offset + X @ beta, nothing, dispersion)
    for _ in range(max_iterations):
        w = np.maximum(at.curvature, 1e-8 * max(float(at.curvature.max()), 1e-8))
        score, information = X.T @ at.score, X.T @ (w[:, None] * X)
        if prior is not None:
            score, information = score + prior.gradient(beta), information + prior.precision(beta)
        if not np.isfinite(information).all() or not np.isfinite(score).all():
            break
        step = np.linalg.lstsq(information, score)[0] if len(beta) else beta
        gain = 0.5 * float(score @ step)
        if not gain > 1e-8:
            break
        length = 1.0
        while length > 1e-6:
            trial = likelihood.expect(offset + X @ (beta + length * step), nothing, dispersion)
            change = 0.0
            if prior is not None:
                change = prior.log_density(beta + length * step) - prior.log_density(beta)
            if trial.value.sum() + change >= at.value.sum():
                break
            length *= 0.4
        else:
            break
        beta, at = beta + length * step, trial
    return beta


def dispersion_start(system: PirlsSystem) -> Vector:
    """Dispersion parameters of the model without random effects, shape (k,)."""
    _, dispersion = system.likelihood.start()
    k = len(dispersion)
    if k == 0:
        return dispersion
    mean = system.offset + system.arrays.X @ glm_start(system, dispersion)
    nothing = np.zeros_like(mean)

    def objective(x: Vector) -> tuple[float, Vector]:
        at = system.likelihood.expect(mean, nothing, x)
        return -2.0 * float(at.value.sum()), -2.0 * at.dispersion_score

    state, _ = minimize(
        objective,
        dispersion,
        np.full(k, -np.inf),
        np.eye(k) * float(system.arrays.n),
        probe=np.ones(k),
        longest=_LONGEST,
        tolerance=1e-3,
        max_evaluations=60,
    )
    return state.x


def first_state(system: PirlsSystem, dispersion: Vector) -> SurrogateState:
    """A state to start PIRLS from: the GLM's fixed effects, no random effects."""
    beta = glm_start(system, dispersion)
    mean = system.offset + system.arrays.X @ beta
    at = system.likelihood.expect(mean, np.zeros_like(mean), dispersion)
    factors = [np.eye(term.d) for term in system.arrays.terms]
    zero = [np.zeros((term.n_levels, term.d)) for term in system.arrays.terms]
    return evaluate(system, factors, dispersion, zero, beta, np.maximum(at.curvature, 0.0))


def first_surrogate(system: PirlsSystem, dispersion: Vector) -> tuple[SurrogateState, int]:
    """The surrogate at covariance factors of one unit, or of less where that is far too much.

    Too much it may be where the model without random effects has the higher ELBO: then a tenth
    of it is tried, as long as it is better.

    Returns
    -------
    SurrogateState
    int
        Factorisations.
    """
    glm = first_state(system, dispersion)
    mean = system.offset + system.arrays.X @ glm.beta
    without = system.likelihood.expect(mean, np.zeros_like(mean), dispersion)
    goal, size, inner = float(without.value.sum()), 1.0, 0
    best: SurrogateState | None = None
    while best is None or (best.elbo < goal and size > 1e-3):
        factors = [size * np.eye(d) for d in system.structure.d]
        state, info = solve(system, factors, dispersion, glm, tolerance=1e-2)
        inner += info.evaluations
        if best is not None and not state.elbo > best.elbo:
            break
        best, size = state, 0.1 * size
    return best, inner


def factor_gradients(system: PirlsSystem, state: SurrogateState) -> list[Matrix]:
    """Derivatives of the ELBO by all elements of each covariance factor, shapes (d, d)."""
    g = state.expectation.score
    by_factor = []
    for term, u, log_det in zip(
        system.arrays.terms, state.u_mean, state.selected.factors, strict=True
    ):
        scores = level_scores(term.Z, term.codes, g, term.n_levels)
        by_factor.append(scores.T @ u - 0.5 * log_det)
    return by_factor


def gradient_of(system: PirlsSystem, state: SurrogateState) -> tuple[Vector, Vector, Vector]:
    """Derivatives of the ELBO at the best surrogate: by theta, beta and the dispersion."""
    by_theta = pack(factor_gradients(system, state))
    by_beta = system.arrays.X.T @ state.expectation.score
    if system.beta_prior is not None:
        by_beta = by_beta + system.beta_prior.gradient(state.beta)
    return by_theta, by_beta, state.expectation.dispersion_score


def level_information(system: PirlsSystem, curvature: Vector) -> list[float]:
    """What a level tells of each of its random effects, on average, for every term."""
    return [
        max(float(curvature @ np.square(term.Z).mean(axis=1)) / term.n_levels, 0.1)
        for term in system.arrays.terms
    ]


def second_moments(state: SurrogateState) -> list[Matrix]:
    """``E[b b']`` of every level of every term under the surrogate, shapes (d, d, L)."""
    moments = []
    for u, factor, block in zip(
        state.u_mean, state.factorization.factors, state.selected.blocks, strict=True
    ):
        b = u @ factor.T
        moments.append(block + np.einsum("la,lb->abl", b, b))
    return moments


def optimize(
    problem: GeneralizedMixedProblem,
    *,
    start: Sequence[Matrix] | None = None,
    hessian: bool = True,
    tolerance: float = 1e-9,
    inner_tolerance: float = 1e-10,
    max_evaluations: int = 500,
    penalty: OuterLogPrior | None = None,
) -> tuple[GeneralizedMixedSolution, OptimizationRecord]:
    """Maximise the ELBO over covariance factors, fixed effects and dispersion.

    Parameters
    ----------
    problem : GeneralizedMixedProblem
    start : sequence of float64, shape (d, d), optional
        Covariance factors to start from, on the user's scale.
    hessian : bool
        Whether standard errors come from the Hessian over all parameters.
    tolerance, inner_tolerance : float
        See :func:`glmmvi.inference.bounded_bfgs.minimize` (in units of ``-2 elbo``) and
        :func:`glmmvi.inference.variational_pirls.solve`.
    max_evaluations : int
        Limit on evaluations of the outer objective.
    penalty : callable, optional
        ``(theta, dispersion) -> (log prior, by theta, by dispersion)``, added to the ELBO. The
        prior of the fixed effects is the system's own.

    Returns
    -------
    GeneralizedMixedSolution
    OptimizationRecord
    """
    system = problem.system
    d = system.structure.d
    n_theta = sum(size * (size + 1) // 2 for size in d)
    dispersion = dispersion_start(system)
    tolerance = max(tolerance, rounding_error(system, dispersion))
    first, inner = first_surrogate(system, dispersion)
    if start is None:
        factors = em_step(second_moments(first))
    else:
        pairs = zip(start, problem.basis.Z_factors, strict=True)
        factors = [engine_factor(factor, Z_factor) for factor, Z_factor in pairs]
    best: dict[str, Any] = {"state": first, "change": 1.0}
    per_level = level_information(system, first.curvature)
    # information on a level's effects in units of their variance: where there is much of it a
    # small inexactness of the means is a large one of the gradient
    sharpness = max(
        information * float(np.vdot(factor, factor))
        for information, factor in zip(per_level, factors, strict=True)
    )
    looseness = 1e-5 / max(1.0, sharpness / _SHARP)
    count = {"inner": inner}

    def objective(x: Vector) -> tuple[float, Vector]:
        before = best["state"]
        # as exact as the progress of the outer iteration asks for
        loose = looseness * min(1.0, best["change"])
        state, info = solve(
            system,
            unpack(x[:n_theta], d),
            x[n_theta:],
            before,
            tolerance=max(inner_tolerance, loose),
        )
        count["inner"] += info.evaluations
        best["change"] = abs(state.elbo - before.elbo)
        best["state"] = state
        by_theta, _, by_dispersion = gradient_of(system, state)
        value, gradient = -2.0 * state.elbo, -2.0 * np.concatenate([by_theta, by_dispersion])
        if penalty is not None:
            log_prior, *slopes = penalty(x[:n_theta], x[n_theta:])
            value, gradient = value - 2.0 * log_prior, gradient - 2.0 * np.concatenate(slopes)
        return value, gradient

    x = np.concatenate([pack(factors), dispersion])
    diagonal = np.concatenate([is_diagonal(d), np.zeros(len(dispersion), dtype=bool)])
    levels = system.structure.n_levels
    curvature = pack(expected_curvature(factors, levels, per_level))
    probe = [
        np.full(size * (size + 1) // 2, 0.1 / np.sqrt(h))
        for size, h in zip(d, per_level, strict=True)
    ]
    n = np.full(len(dispersion), float(system.arrays.n))
    final, record = minimize(
        objective,
        x,
        np.where(diagonal, 0.0, -np.inf),
        np.diag(np.concatenate([curvature, n])),
        probe=np.concatenate([*probe, np.ones(len(dispersion))]),
        longest=_LONGEST,
        columns=columns_below(d),
        tolerance=tolerance,
        max_evaluations=max_evaluations,
    )
    theta, dispersion = final.x[:n_theta], final.x[n_theta:]
    state, info = solve(
        system, unpack(theta, d), dispersion, best["state"], tolerance=inner_tolerance
    )
    count["inner"] += info.evaluations
    solution = solution_at(
        problem, theta, dispersion, state, count, hessian=hessian, penalty=penalty
    )
    return solution, record


def solution_at(
    problem: GeneralizedMixedProblem,
    theta: Vector,
    dispersion: Vector,
    state: SurrogateState,
    count: dict[str, int],
    *,
    hessian: bool,
    penalty: OuterLogPrior | None = None,
) -> GeneralizedMixedSolution:
    """Bring a state of the engine back to the user's scale, with its standard errors.

    Parameters
    ----------
    problem : GeneralizedMixedProblem
    theta : float64, shape (t,)
        Packed covariance factors in the engine's basis.
    dispersion : float64, shape (k,)
    state : SurrogateState
        At `theta` and `dispersion`.
    count : dict
        ``inner``: factorisations so far.
    hessian : bool
    penalty : callable, optional
        As in `optimize`.

    Returns
    -------
    GeneralizedMixedSolution
    """
    system, basis, prior = problem.system, problem.basis, problem.system.beta_prior
    d, p = system.structure.d, system.structure.p
    X_inv = solve_triangular(basis.X_factor, np.eye(p)) if p else np.zeros((0, 0))
    factors = unpack(theta, d)
    moved = [
        covariance_factor(factor, Z_factor)
        for factor, Z_factor in zip(factors, basis.Z_factors, strict=True)
    ]
    full = None
    if hessian:
        full = parameter_covariance(system, theta, dispersion, state, count, penalty)
    if full is not None:
        within = full[theta.size : theta.size + p, theta.size : theta.size + p]
    else:
        within = inverse_or_nan(schur_complement(system, state))
    b_cov = []
    for block, Z_factor in zip(state.selected.blocks, basis.Z_factors, strict=True):
        inverse = solve_triangular(Z_factor, np.eye(len(Z_factor)))
        b_cov.append(congruence(inverse, block).transpose(2, 0, 1))
    u_mean = tuple(u @ rotation.T for u, (_, rotation) in zip(state.u_mean, moved, strict=True))
    return GeneralizedMixedSolution(
        Lambda=tuple(Lambda for Lambda, _ in moved),
        dispersion=dispersion,
        beta=X_inv @ state.beta,
        beta_cov=X_inv @ within @ X_inv.T,
        parameter_cov=full,
        u_mean=u_mean,
        b_mean=tuple(u @ Lambda.T for u, (Lambda, _) in zip(u_mean, moved, strict=True)),
        b_cov=tuple(b_cov),
        elbo=state.elbo if prior is None else state.elbo - prior.log_density(state.beta),
        state=state,
        rotations=tuple(rotation for _, rotation in moved),
        inner_evaluations=count["inner"],
    )


def schur_complement(system: PirlsSystem, state: SurrogateState) -> Matrix:
    """``X'WX - X'WA (I + A'WA)^-1 A'WX`` in the engine's basis, shape (p, p)."""
    products = cross_products(
        system.arrays,
        system.structure,
        index=system.index,
        curvature=state.curvature,
        weighted_y=np.zeros(system.arrays.n),
    )
    if system.beta_prior is not None:
        precision = system.beta_prior.precision(state.beta)
        products = with_precision(products, system.structure, precision)
    f = factorize(products, system.structure, state.factorization.factors)
    p = system.structure.p
    return f.fixed[:p, :p]


def _reflected(centre: SurrogateState, moved: SurrogateState) -> SurrogateState:
    """Where to start on the other side of a central difference: the surrogate mirrored."""
    return replace(
        centre,
        u_mean=tuple(2.0 * c - m for c, m in zip(centre.u_mean, moved.u_mean, strict=True)),
        curvature=2.0 * centre.curvature - moved.curvature,
    )


def parameter_covariance(
    system: PirlsSystem,
    theta: Vector,
    dispersion: Vector,
    state: SurrogateState,
    count: dict[str, int],
    penalty: OuterLogPrior | None = None,
) -> Matrix | None:
    """Inverse Hessian of ``-elbo`` over (theta, beta, dispersion), by differences.

    Central differences of the exact gradient, of the log prior too where there is a penalty.
    Parameters on their bound are kept there: their rows and columns are 0. None if the Hessian
    is not positive definite.
    """
    d, p, k = system.structure.d, system.structure.p, theta.size
    x = np.concatenate([theta, state.beta, dispersion])
    free = ~(np.concatenate([is_diagonal(d), np.zeros(x.size - k, dtype=bool)]) & (x <= 0.0))
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
    hessian = 0.5 * (hessian + hessian.T)
    within = hessian[np.ix_(free, free)]
    scale = 1.0 / np.sqrt(positive_diagonal(within))
    scaled = within * np.outer(scale, scale)
    if not np.isfinite(scaled).all() or (within.size and np.linalg.eigvalsh(scaled)[0] <= 0.0):
        return None
    covariance = np.zeros_like(hessian)
    covariance[np.ix_(free, free)] = np.linalg.inv(scaled) * np.outer(scale, scale)
    return covariance


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
