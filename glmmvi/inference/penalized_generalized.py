"""The penalised ELBO of a generalized mixed model in the engine's basis."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from glmmvi.inference.orthogonal_basis import OrthogonalBasis
from glmmvi.inference.penalty import Penalty
from glmmvi.inference.profiled_deviance import pack, unpack
from glmmvi.inference.variational_pirls import PirlsSystem

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class OuterPenalty:
    """Log prior of the outer parameters of an engine: packed covariance factors, dispersion.

    Attributes
    ----------
    penalty : Penalty
    basis : OrthogonalBasis
    """

    penalty: Penalty
    basis: OrthogonalBasis

    def __call__(self, theta: Vector, dispersion: Vector) -> tuple[float, Vector, Vector]:
        """Log density, its derivatives by `theta` (engine's basis) and by `dispersion`."""
        triangles = self.basis.Z_factors
        factors = unpack(theta, [len(triangle) for triangle in triangles])
        moved = [solve_triangular(R, L) for R, L in zip(triangles, factors, strict=True)]
        value, by_moved = self.penalty.of_covariance(moved)
        by_factor = [
            solve_triangular(R, G, trans="T") for R, G in zip(triangles, by_moved, strict=True)
        ]
        more, by_dispersion = self.penalty.of_dispersion(dispersion)
        return value + more, pack(by_factor), by_dispersion


def with_coefficient_prior(
    system: PirlsSystem, basis: OrthogonalBasis, penalty: Penalty
) -> PirlsSystem:
    """The system of a model whose inner Newton steps know the prior of the fixed effects."""
    if penalty.beta.flat:
        return system
    to_user = solve_triangular(basis.X_factor, np.eye(len(basis.X_factor)))
    return replace(system, beta_prior=penalty.beta.moved(to_user))
