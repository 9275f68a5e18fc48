"""How the best surrogate moves with the parameters of the outer iteration, to first order.

A *tangent* is the derivative of the surrogate along a parameter. From tangents come a surrogate
to start from at other parameters, and the slopes that make up for an inexact one (see
:mod:`glmmvi.inference.outer_objective`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from glmmvi.inference.level_curvature import LevelCurvature, predicted_surrogate, tangent_slopes
from glmmvi.inference.variational_pirls import (
    NewtonStep,
    PirlsSystem,
    SurrogateState,
    tempered,
)

Matrix = NDArray[np.float64]
Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Tangent:
    """How the best surrogate moves with one parameter.

    Attributes
    ----------
    u_mean : tuple of float64, shape (L, d)
    beta : float64, shape (p,)
    curvature, variance : float64, shape (n,)
        Weights, and variances of the predictors.
    """

    u_mean: tuple[Matrix, ...]
    beta: Vector
    curvature: Vector
    variance: Vector


@dataclass(frozen=True)
class LevelExpansion:
    """How the surrogate of a model with one random-effects term moves.

    Attributes
    ----------
    curvature : LevelCurvature
    along : float64, shape (t + p + k, t + k)
        How all parameters, the best fixed effects among them, move with the outer ones.
    inverse : float64, shape (t + k,)
        Inverse diagonal of the objective's second derivatives.
    """

    curvature: LevelCurvature
    along: Matrix
    inverse: Vector

    def moved(
        self, system: PirlsSystem, state: SurrogateState, x: Vector, change: Vector
    ) -> SurrogateState:
        """The surrogate at `x`, a change of parameters away, to first order."""
        every, t = self.along @ change, x.size - system.likelihood.n_dispersion
        u_mean, weights = predicted_surrogate(system, state, self.curvature, x[:t], every)
        beta = state.beta + every[t : t + system.structure.p]
        return replace(state, u_mean=(u_mean,), beta=beta, curvature=weights)

    def slopes(
        self, system: PirlsSystem, step: NewtonStep, by_beta: Vector, by_variance: Vector
    ) -> Vector:
        """Slopes of the ELBO by the surrogate, along its tangents, shape (t + k,)."""
        t = self.along.shape[1] - system.likelihood.n_dispersion
        slopes = tangent_slopes(system, self.curvature, step.u_slope[0], by_variance) @ self.along
        return np.asarray(slopes + by_beta @ self.along[t : t + by_beta.size])


@dataclass(frozen=True)
class TangentExpansion:
    """How the surrogate of any model moves.

    Attributes
    ----------
    tangents : list of Tangent
        One for each outer parameter.
    inverse : float64, shape (t + k,)
        Inverse diagonal of the objective's second derivatives.
    """

    tangents: list[Tangent]
    inverse: Vector

    def moved(
        self, system: PirlsSystem, state: SurrogateState, x: Vector, change: Vector
    ) -> SurrogateState:
        """The surrogate at `x`, a change of parameters away, to first order."""
        u_mean, beta, old = list(state.u_mean), state.beta, state.expectation.curvature
        weights = old
        for step, tangent in zip(change, self.tangents, strict=True):
            u_mean = [u + step * du for u, du in zip(u_mean, tangent.u_mean, strict=True)]
            beta = beta + step * tangent.beta
            weights = weights + step * tangent.curvature
        curvature = tempered(weights, old)
        return replace(state, u_mean=tuple(u_mean), beta=beta, curvature=curvature)

    def slopes(
        self, system: PirlsSystem, step: NewtonStep, by_beta: Vector, by_variance: Vector
    ) -> Vector:
        """Slopes of the ELBO by the surrogate, along its tangents, shape (t + k,)."""
        return np.array(
            [
                sum(float(np.vdot(a, b)) for a, b in zip(step.u_slope, along.u_mean, strict=True))
                + float(by_beta @ along.beta)
                + float(by_variance @ along.variance)
                for along in self.tangents
            ]
        )


def combined(tangents: list[Tangent], along: Matrix, beta: slice) -> list[Tangent]:
    """Tangents of the outer parameters, from those of all parameters.

    Parameters
    ----------
    tangents : list of Tangent
        Of ``(theta, beta, dispersion)``.
    along : float64, shape (t + p + k, t + k)
        How all parameters move with the outer ones.
    beta : slice
        The fixed effects among all parameters.
    """
    combined = []
    for weights in along.T:
        used = [(w, tangent) for w, tangent in zip(weights, tangents, strict=True) if w != 0.0]
        parts = zip(*(tangent.u_mean for _, tangent in used), strict=True)
        combined.append(
            Tangent(
                u_mean=tuple(
                    np.asarray(sum(w * du for (w, _), du in zip(used, part, strict=True)))
                    for part in parts
                ),
                beta=weights[beta],
                curvature=np.asarray(sum(w * tangent.curvature for w, tangent in used)),
                variance=np.asarray(sum(w * tangent.variance for w, tangent in used)),
            )
        )
    return combined
