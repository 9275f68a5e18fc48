r"""Second derivatives of the maximised ELBO by implicit differentiation, for any structure.

Along a parameter the best surrogate moves so that its equations keep holding. Linearised, they
are one linear system in the derivative ``dv`` of the predictors' variances,
``(I - K) dv = c``: the means follow by the factorisation at hand, the curvature weights by the
rows' derivatives, and what new weights do to the variances costs one factorisation. The
operator is the same for all parameters, so what one of them has taught of it serves the next
(a generalised conjugate residual method with recycling; Eisenstat, Elman & Schultz 1983, SIAM
J. Numer. Anal. 20(2); Parks et al. 2006, SIAM J. Sci. Comput. 28(5)).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from glmmvi.inference.block_factorization import backward, factorize, solve_scores
from glmmvi.inference.profiled_deviance import pack, unpack
from glmmvi.inference.row_derivatives import RowDerivatives, row_derivatives
from glmmvi.inference.surrogate_expansion import Tangent
from glmmvi.inference.variational_pirls import PirlsSystem, SurrogateState

Matrix = NDArray[np.float64]
Vector = NDArray[np.float64]

_EPSILON = 1e-6  # of a difference of variances, relative to the system
_TOLERANCE = {True: 2e-3, False: 1e-2}  # of the residual, relative to the right-hand side
_MOST = 20  # applications of the operator for one parameter


def has_implicit_hessian(factors: Sequence[Matrix]) -> bool:
    """Whether no covariance factor is singular."""
    return all(float(np.diag(factor).min()) > 0.0 for factor in factors)


def implicit_hessian(
    system: PirlsSystem, dispersion: Vector, state: SurrogateState, *, fixed_beta: bool
) -> tuple[Matrix, list[Tangent], int]:
    """Hessian of the maximised ELBO, and how the surrogate moves.

    Parameters
    ----------
    system : PirlsSystem
        The prior of its fixed effects is left out where they are parameters.
    dispersion : float64, shape (k,)
    state : SurrogateState
        The best surrogate; its factors are not singular.
    fixed_beta : bool
        Whether the fixed effects are parameters, or are maximised over.

    Returns
    -------
    hessian : float64
        By ``(theta, beta, dispersion)``, or by ``(theta, dispersion)``.
    tangents : list of Tangent
        One a parameter.
    factorizations : int
    """
    row = row_derivatives(system, dispersion, state)
    pull, _ = system.index.scores(row.m)
    linear = _Linearised(system, state, row, fixed_beta, pull)
    directions = _directions(system, state, len(dispersion), linear.row, fixed_beta)
    rows, tangents = [], []
    for direction in directions:
        slopes, tangent = linear.along(direction)
        rows.append(slopes)
        tangents.append(tangent)
    hessian = np.array(rows).reshape(len(rows), len(rows))
    return 0.5 * (hessian + hessian.T), tangents, linear.applications


@dataclass(frozen=True)
class _Direction:
    """One parameter's direct effects, the surrogate held.

    Attributes
    ----------
    mean, score, curvature : float64, shape (n,)
        Of the linear predictors' means, and of the rows' scores and weights at fixed predictors.
    factors : tuple of float64, shape (d, d)
        Of the covariance factors.
    dispersion : int or None
        Which dispersion parameter it is.
    """

    mean: Vector
    score: Vector
    curvature: Vector
    factors: tuple[Matrix, ...]
    dispersion: int | None = None


def _directions(
    system: PirlsSystem, state: SurrogateState, k: int, row: RowDerivatives, fixed_beta: bool
) -> list[_Direction]:
    """The parameters, one after the other."""
    d, nothing = system.structure.d, np.zeros(system.arrays.n)
    no_beta = np.zeros(system.structure.p)
    still = tuple(np.zeros((size, size)) for size in d)
    directions = []
    for unit in np.eye(sum(size * (size + 1) // 2 for size in d)):
        moved = tuple(unpack(unit, d))
        effects = [u @ change.T for u, change in zip(state.u_mean, moved, strict=True)]
        mean = system.index.predictor(no_beta, effects)
        directions.append(_Direction(mean, nothing, nothing, moved))
    if fixed_beta:
        directions += [_Direction(x, nothing, nothing, still) for x in system.arrays.X.T]
    return directions + [
        _Direction(nothing, row.mf[i], -2.0 * row.vf[i], still, i) for i in range(k)
    ]


@dataclass
class _Linearised:
    """The surrogate's equations, linearised, with what is known of their solutions."""

    system: PirlsSystem
    state: SurrogateState
    row: RowDerivatives
    fixed_beta: bool
    pull: list[Matrix]  # the score, by level of every term
    applications: int = 0
    # pairs p, (I - K) p, the latter orthonormal in the metric, with the adjoints of K p
    _known: list[tuple[Vector, Vector, Vector]] = field(default_factory=list)

    def along(self, direction: _Direction) -> tuple[Vector, Tangent]:
        """Derivatives of the ELBO's gradient, and of the surrogate, along a parameter."""
        system, row = self.system, self.row
        at_rest = np.zeros(system.arrays.n)
        _, _, moved, weights = self._means(at_rest, direction)
        right, adjoint = self._response(weights, direction.factors)
        variance, more = self._solve(right, moved)
        adjoint = adjoint + more
        u, beta, mean, weights = self._means(variance, direction)
        score = row.mm * mean + row.mv * variance + direction.score
        pull, by_beta = system.index.scores(score)
        by_factor = [
            moved.T @ old + g.T @ du
            for moved, g, du, old in zip(pull, self.pull, u, self.state.u_mean, strict=True)
        ]
        slopes = [pack(by_factor) - 0.5 * adjoint]
        if self.fixed_beta:
            slopes.append(by_beta)
        by_dispersion = row.mf @ mean + row.vf @ variance
        if direction.dispersion is not None:
            by_dispersion = by_dispersion + row.ff[direction.dispersion]
        slopes.append(by_dispersion)
        return np.concatenate(slopes), Tangent(tuple(u), beta, weights, variance)

    def _means(
        self, variance: Vector, direction: _Direction | None
    ) -> tuple[list[Matrix], Vector, Vector, Vector]:
        """Effects, fixed effects, predictors' means and weights that belong to variances."""
        system, state, row, f = self.system, self.state, self.row, self.state.factorization
        working = row.mv * variance
        if direction is not None:
            working = working + direction.score - state.curvature * direction.mean
        raw, fixed_score = system.index.scores(working)
        scores = [score.T for score in raw]
        for i, g in enumerate(self.pull):
            if direction is not None and direction.factors[i].any():
                scores[i] = scores[i] + np.linalg.solve(
                    f.factors[i].T, direction.factors[i].T @ g.T
                )
        held = np.zeros(system.structure.p) if self.fixed_beta else None
        u, beta = solve_scores(f, scores, fixed_score, beta=held)
        effects = [change @ factor.T for factor, change in zip(f.factors, u, strict=True)]
        mean = system.index.predictor(beta, effects)
        if direction is not None:
            mean = mean + direction.mean
        weights = -2.0 * (row.mv * mean + row.vv * variance)
        if direction is not None:
            weights = weights + direction.curvature
        return u, beta, mean, weights

    def _response(self, weights: Vector, factors: Sequence[Matrix] | None) -> tuple[Vector, Vector]:
        """Derivatives of the variances, and of ``d log |V^-1| / d theta``."""
        system, state = self.system, self.state
        structure, old = system.structure, state.factorization.factors
        self.applications += 1
        size = float(np.abs(weights * state.variance).max())
        if factors is not None:
            size += max(
                float(np.abs(np.linalg.solve(factor, change)).max())
                for factor, change in zip(old, factors, strict=True)
            )
        if size == 0.0:
            return np.zeros_like(weights), np.zeros_like(pack(old))
        step = _EPSILON / size
        moved = old
        if factors is not None:
            moved = tuple(a + step * b for a, b in zip(old, factors, strict=True))
        products = system.index.products(state.curvature + step * weights)
        selected = backward(
            factorize(products, structure, moved), np.zeros((structure.p + 1, structure.p + 1))
        )
        variance = system.index.variance(selected)
        adjoint = pack(selected.factors) - pack(state.selected.factors)
        return (variance - state.variance) / step, adjoint / step

    def _solve(self, right: Vector, mean: Vector) -> tuple[Vector, Vector]:
        """``(I - K)^-1 c``, and the adjoints of ``K`` of it, as exact as the Hessian wants it.

        The parameter moves the means as well, and what the variances add to the information
        on it is to be right in proportion to what the means give.
        """
        metric = np.maximum(np.abs(self.state.curvature), 1e-12)
        residual = metric * right
        information = float(np.linalg.norm(np.sqrt(metric) * mean))
        size = max(float(np.linalg.norm(residual)), information)
        goal = _TOLERANCE[self.fixed_beta] * size
        solution, adjoint = np.zeros_like(right), np.zeros(pack(self.state.selected.factors).size)
        for used in range(len(self._known) + _MOST):
            if used >= len(self._known):
                if not float(np.linalg.norm(residual)) > goal:
                    break
                self._known.append(self._image(residual / metric, metric))
            p, image, of_p = self._known[used]
            share = float(image @ residual)
            solution += share * p
            adjoint += share * of_p
            residual = residual - share * image
        return solution, adjoint

    def _image(self, p: Vector, metric: Vector) -> tuple[Vector, Vector, Vector]:
        """A vector with its image under ``I - K``, orthogonal to what is known, and adjoints."""
        _, _, _, weights = self._means(p, None)
        response, adjoint = self._response(weights, None)
        image = metric * (p - response)
        for other, known, of_other in self._known:
            share = float(known @ image)
            p, image, adjoint = p - share * other, image - share * known, adjoint - share * of_other
        norm = float(np.linalg.norm(image))
        return p / norm, image / norm, adjoint / norm
