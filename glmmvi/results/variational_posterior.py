"""The structured engine's answer for a generalized model as the package's TFP pair."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from glmmvi.design.design_matrices import DesignMatrices
from glmmvi.inference.generalized_mixed import (
    GeneralizedMixedProblem,
    GeneralizedMixedSolution,
    posterior_of,
)
from glmmvi.model.families import Family
from glmmvi.results.structured_posterior import gaussian_surrogate


@dataclass(frozen=True)
class VariationalPosterior:
    """Model and surrogate of a structured fit of a generalized model.

    Attributes
    ----------
    problem : GeneralizedMixedProblem
    solution : GeneralizedMixedSolution
    family : Family
    """

    problem: GeneralizedMixedProblem
    solution: GeneralizedMixedSolution
    family: Family

    @property
    def elbo(self) -> float:
        """ELBO of the pair, nats."""
        return self.solution.elbo

    def joint_distribution(self, design: DesignMatrices) -> Any:
        """Build the generative model at the estimates (loads TensorFlow)."""
        from glmmvi.model.generalized_joint_distribution import (
            build_generalized_joint_distribution,
        )

        solution = self.solution
        return build_generalized_joint_distribution(
            design, self.family, solution.Lambda, solution.beta, solution.dispersion
        )

    def surrogate_posterior(self, design: DesignMatrices) -> Any:
        """Build the surrogate (loads TensorFlow)."""
        from glmmvi.model.surrogate import build_surrogate_posterior

        solution, labels = self.solution, tuple(term.label for term in design.terms)
        return build_surrogate_posterior(
            gaussian_surrogate(posterior_of(solution), labels, solution.u_mean, solution.beta)
        )
