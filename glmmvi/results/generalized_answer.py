"""What an engine answers for a generalized model, whichever engine it was."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glmmvi.inference.generalized_mixed import GeneralizedMixedProblem, GeneralizedMixedSolution
from glmmvi.inference.optimization_record import OptimizationRecord
from glmmvi.model.families import Family
from glmmvi.results.estimates import Estimates, estimates_at
from glmmvi.results.posterior import Optimization, Posterior
from glmmvi.results.variational_posterior import VariationalPosterior


@dataclass(frozen=True)
class GeneralizedAnswer:
    """Estimates of a generalized model, with the posterior and the verdict behind them.

    Attributes
    ----------
    estimates : Estimates
    dispersion : float64, shape (k,)
        Unconstrained dispersion parameters.
    dispersion_cov : float64, shape (k, k), or None
    posterior : Posterior
        From which the TFP pair is built.
    optimization : Optimization
    log_likelihood : float
        Or the bound or approximation of it that was maximised, nats.
    approximation : str
        What the title says in brackets.
    notes : tuple of str
        Lines of our own, under R's layout.
    title : str, optional
        First line of the printout, where it is not a fit by maximum likelihood.
    """

    estimates: Estimates
    dispersion: NDArray[np.float64]
    dispersion_cov: NDArray[np.float64] | None
    posterior: Posterior
    optimization: Optimization
    log_likelihood: float
    approximation: str
    notes: tuple[str, ...]
    title: str | None = None


def structured_answer(
    problem: GeneralizedMixedProblem,
    family: Family,
    solution: GeneralizedMixedSolution,
    record: OptimizationRecord,
    *,
    log_likelihood: float,
    approximation: str,
    notes: tuple[str, ...] = (),
    nAGQ: int = 1,
    corrected: bool = False,
) -> GeneralizedAnswer:
    """The answer of an engine whose surrogate is the structured Gaussian.

    `nAGQ` and `corrected` say what was maximised: see :class:`VariationalPosterior`.
    """
    k = len(solution.dispersion)
    covariance = solution.parameter_cov
    return GeneralizedAnswer(
        estimates=estimates_at(solution),
        dispersion=solution.dispersion,
        dispersion_cov=None if covariance is None else covariance[-k:, -k:][:k, :k],
        posterior=VariationalPosterior(problem, solution, family, nAGQ, corrected),
        optimization=record,
        log_likelihood=log_likelihood,
        approximation=approximation,
        notes=notes,
    )
