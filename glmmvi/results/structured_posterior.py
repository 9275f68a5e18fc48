"""The structured engine's answer as the package's TFP pair."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from glmmvi.design.design_matrices import DesignMatrices
from glmmvi.inference.gaussian_posterior import (
    GaussianPosterior,
    conditional_term,
    dense_covariance,
)
from glmmvi.inference.linear_criterion import criterion_under
from glmmvi.inference.linear_mixed import (
    LinearMixedProblem,
    LinearMixedSolution,
    posterior_of,
)
from glmmvi.model.gaussian_surrogate import (
    DenseBlock,
    EliminatedBlock,
    GaussianSurrogate,
    LevelMap,
)


@dataclass(frozen=True)
class StructuredPosterior:
    """Model and surrogate of a structured fit.

    Attributes
    ----------
    problem : LinearMixedProblem
    solution : LinearMixedSolution
    """

    problem: LinearMixedProblem
    solution: LinearMixedSolution
    origin: ClassVar[str] = "a fit by the structured engine"

    @property
    def elbo(self) -> float:
        """ELBO of the pair, in nats: exact, as the surrogate is the posterior."""
        return self.solution.elbo

    def criterion(self, design: DesignMatrices, *, reml: bool) -> float:
        """-2 times the (restricted) log likelihood at the estimated covariance factors."""
        return criterion_under(self.problem, design.weights, self.solution.Lambda, reml=reml)

    def joint_distribution(self, design: DesignMatrices) -> Any:
        """Build the generative model at the estimates (loads TensorFlow)."""
        from glmmvi.model.joint_distribution import build_joint_distribution

        beta = None if self.problem.reml else self.solution.beta
        return build_joint_distribution(
            design, self.solution.Lambda, self.solution.sigma, beta=beta
        )

    def surrogate_posterior(self, design: DesignMatrices) -> Any:
        """Build the surrogate (loads TensorFlow)."""
        from glmmvi.model.surrogate import build_surrogate_posterior

        solution, labels = self.solution, tuple(term.label for term in design.terms)
        return build_surrogate_posterior(
            gaussian_surrogate(
                posterior_of(self.problem, solution), labels, solution.u_mean, solution.beta
            )
        )


def gaussian_surrogate(
    posterior: GaussianPosterior,
    labels: tuple[str, ...],
    u_mean: tuple[NDArray[np.float64], ...],
    beta_mean: NDArray[np.float64],
) -> GaussianSurrogate:
    """Arrays of the surrogate, as the TFP pair takes them.

    Parameters
    ----------
    posterior : GaussianPosterior
    labels : tuple of str
        Of the terms, in the design's order.
    u_mean : tuple of float64, shape (L, d)
        Means of the spherical random effects, on the user's scale.
    beta_mean : float64, shape (p,)
        Means of the fixed effects, where they are in the surrogate.

    Returns
    -------
    GaussianSurrogate
    """
    structure = posterior.factorization.structure
    p = structure.p if posterior.X_factor is not None else 0
    blocks = []
    for k in structure.order.eliminated:
        conditional = conditional_term(posterior, k)
        blocks.append(
            EliminatedBlock(
                term=k,
                mean=u_mean[k],
                scale_tril=conditional.scale_tril,
                maps={j: LevelMap(*pairs) for j, pairs in conditional.maps.items()},
                beta_map=conditional.beta_map if p else None,
            )
        )
    dense = structure.order.dense
    means = [beta_mean[:p], *(u_mean[r].reshape(-1) for r in dense)]
    covariance = dense_covariance(posterior)
    return GaussianSurrogate(
        labels=labels,
        eliminated=tuple(blocks),
        dense=DenseBlock(
            p=p,
            terms=dense,
            shapes=tuple((structure.n_levels[r], structure.d[r]) for r in dense),
            mean=np.concatenate(means),
            scale_tril=np.asarray(np.linalg.cholesky(covariance), dtype=np.float64),
        ),
    )
