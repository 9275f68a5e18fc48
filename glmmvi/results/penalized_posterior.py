"""A structured fit whose estimates maximise the ELBO plus the log prior."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from glmmvi.design.design_matrices import DesignMatrices
from glmmvi.inference import adaptive_quadrature, generalized_mixed, linear_mixed
from glmmvi.inference.generalized_mixed import GeneralizedMixedSolution
from glmmvi.inference.linear_mixed import LinearMixedProblem
from glmmvi.inference.optimization_record import OptimizationRecord
from glmmvi.inference.penalized_generalized import OuterPenalty, with_coefficient_prior
from glmmvi.inference.penalized_linear import optimize_penalized
from glmmvi.model.prior_mapping import Priors
from glmmvi.results.effects import EffectsPosterior, effects_of
from glmmvi.results.generalized_model import GeneralizedModel
from glmmvi.results.prior_penalty import penalty_of
from glmmvi.results.structured_posterior import StructuredPosterior
from glmmvi.results.variational_posterior import VariationalPosterior

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class PenalizedPosterior:
    """Model and surrogate of a structured fit with priors, at the penalised estimates.

    It is no maximum of the likelihood: what assumes one (profiles, tests, refitting) does not
    take it.

    Attributes
    ----------
    inner : StructuredPosterior or VariationalPosterior
        The pair at the estimates. The ELBO is that of the likelihood, without the log prior.
    priors : Priors
    """

    inner: StructuredPosterior | VariationalPosterior
    priors: Priors
    origin: ClassVar[str] = "a fit with priors="

    @property
    def elbo(self) -> float:
        """ELBO at the estimates, without the log prior, nats."""
        return self.inner.elbo

    @property
    def effects(self) -> EffectsPosterior:
        """The joint normal of all effects."""
        return effects_of(self.inner)

    def joint_distribution(self, design: DesignMatrices) -> Any:
        """Build the generative model at the estimates (loads TensorFlow)."""
        return self.inner.joint_distribution(design)

    def surrogate_posterior(self, design: DesignMatrices) -> Any:
        """Build the surrogate of the random effects (loads TensorFlow)."""
        return self.inner.surrogate_posterior(design)


def fit_penalized_linear(
    problem: LinearMixedProblem,
    priors: Priors,
    labels: Sequence[str],
    *,
    start: Sequence[Matrix] | None,
    tolerance: float,
    max_evaluations: int,
) -> tuple[PenalizedPosterior, OptimizationRecord]:
    """Maximise what `glmmvi.inference.penalized_linear` says, from the fit without priors.

    Parameters
    ----------
    problem : LinearMixedProblem
    priors : Priors
    labels : sequence of str
        Of the terms, for messages.
    start, tolerance, max_evaluations
        See :func:`glmmvi.inference.linear_mixed.optimize`.

    Returns
    -------
    PenalizedPosterior
    OptimizationRecord
    """
    penalty = penalty_of(priors, labels)
    first, _ = linear_mixed.optimize(problem, tolerance=1e-6, max_evaluations=max_evaluations)
    solution, record = optimize_penalized(
        problem,
        penalty,
        first,
        start=start,
        tolerance=tolerance,
        max_evaluations=max_evaluations,
    )
    return PenalizedPosterior(StructuredPosterior(problem, solution), priors), record


def fit_penalized_generalized(
    model: GeneralizedModel,
    priors: Priors,
    *,
    start: Sequence[Matrix] | None,
    hessian: bool,
    tolerance: float,
    max_evaluations: int,
    nAGQ: int = 1,
) -> tuple[GeneralizedMixedSolution, float, OptimizationRecord]:
    """Maximise ``ELBO + log prior`` over fixed effects, covariance factors and dispersion.

    The prior of the fixed effects enters every inner Newton step, those of sds, correlations
    and dispersion the outer iteration. Densities are those of the sds, of the correlation
    matrices and of positive dispersion parameters themselves: no Jacobian.

    Parameters
    ----------
    model : GeneralizedModel
    priors : Priors
    start, hessian, tolerance, max_evaluations
        See :func:`glmmvi.inference.generalized_mixed.optimize`.
    nAGQ : int
        Above 1 the log likelihood, by quadrature with so many nodes, takes the ELBO's place.

    Returns
    -------
    GeneralizedMixedSolution
    float
        The ELBO or the log likelihood, without the log prior.
    OptimizationRecord
    """
    problem = model.problem
    penalty = penalty_of(priors, [term.label for term in model.design.terms])
    system = with_coefficient_prior(problem.system, problem.basis, penalty)
    penalized = replace(problem, system=system)
    options: dict[str, Any] = {
        "start": start,
        "hessian": hessian,
        "tolerance": tolerance,
        "max_evaluations": max_evaluations,
        "penalty": OuterPenalty(penalty, problem.basis),
    }
    if nAGQ > 1:
        found, record = adaptive_quadrature.optimize(penalized, nAGQ, **options)
        return found.solution, found.log_likelihood, record
    solution, record = generalized_mixed.optimize(penalized, **options)
    return solution, solution.elbo, record
