"""The structured engine's answer as the package's TFP pair."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from glmmvi.design.design_matrices import DesignMatrices
from glmmvi.inference.gaussian_posterior import conditional_term, dense_covariance
from glmmvi.inference.linear_mixed import LinearMixedProblem, LinearMixedSolution
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

    @property
    def elbo(self) -> float:
        """ELBO of the pair, in nats: exact, as the surrogate is the posterior."""
        return self.solution.elbo

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

        return build_surrogate_posterior(gaussian_surrogate(self, design))


def gaussian_surrogate(posterior: StructuredPosterior, design: DesignMatrices) -> GaussianSurrogate:
    """Arrays of the surrogate, under the names of the design's terms."""
    problem, solution = posterior.problem, posterior.solution
    structure = problem.structure
    p = structure.p if problem.reml else 0
    blocks = []
    for k in structure.order.eliminated:
        conditional = conditional_term(problem, solution, k)
        blocks.append(
            EliminatedBlock(
                term=k,
                mean=solution.u_mean[k],
                scale_tril=conditional.scale_tril,
                maps={j: LevelMap(*pairs) for j, pairs in conditional.maps.items()},
                beta_map=conditional.beta_map if p else None,
            )
        )
    dense = structure.order.dense
    means = [solution.beta[:p], *(solution.u_mean[r].reshape(-1) for r in dense)]
    return GaussianSurrogate(
        labels=tuple(term.label for term in design.terms),
        eliminated=tuple(blocks),
        dense=DenseBlock(
            p=p,
            terms=dense,
            shapes=tuple((structure.n_levels[r], structure.d[r]) for r in dense),
            mean=np.concatenate(means),
            scale_tril=np.asarray(
                np.linalg.cholesky(dense_covariance(problem, solution)), dtype=np.float64
            ),
        ),
    )
