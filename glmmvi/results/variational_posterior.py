"""The structured engine's answer for a generalized model as the package's TFP pair."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

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
    nAGQ : int
        What the estimates maximise: 1, the ELBO; more, the log likelihood by quadrature with so
        many nodes; 0, Laplace's approximation at the joint modes.
    corrected : bool
        Whether it is the ELBO with its experimental correction.
    """

    problem: GeneralizedMixedProblem
    solution: GeneralizedMixedSolution
    family: Family
    nAGQ: int = 1  # noqa: N815 (lme4's name)
    corrected: bool = False
    origin: ClassVar[str] = "a fit by the structured engine"

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
