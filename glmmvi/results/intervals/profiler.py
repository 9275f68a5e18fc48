"""From a fit to the deviance functions that its profiles follow."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from glmmvi.errors import ArgumentError
from glmmvi.inference import generalized_profile, linear_profile
from glmmvi.inference.covariance_coordinates import sds_and_correlations
from glmmvi.inference.gaussian_deviance import under_ml
from glmmvi.inference.linear_mixed import LinearMixedProblem, LinearMixedSolution, optimize
from glmmvi.inference.profile_likelihood import ProfileStart, ProfileTarget, start_profile
from glmmvi.inference.quadrature_profile import quadrature_target
from glmmvi.results.engine_arrays import generalized_arrays
from glmmvi.results.fit import LinearMixedFit
from glmmvi.results.generalized_fit import GeneralizedMixedFit
from glmmvi.results.intervals.parameters import IntervalParameter
from glmmvi.results.mixed_fit import MixedModelFit
from glmmvi.results.penalized_posterior import PenalizedPosterior
from glmmvi.results.posterior import Posterior
from glmmvi.results.posterior_moments import FullPosterior
from glmmvi.results.structured_posterior import StructuredPosterior
from glmmvi.results.variational_posterior import VariationalPosterior


def no_profile(posterior: Posterior) -> str:
    """Why a fit has neither profile nor Gaussian of all parameters, and what to use.

    Parameters
    ----------
    posterior : Posterior
        ``fit.posterior``.

    Returns
    -------
    str
    """
    if isinstance(posterior, VariationalPosterior) and posterior.nAGQ == 0:
        return (
            "a fit with nAGQ=0 maximises over fixed and random effects together, which is no "
            "likelihood of the fixed effects to follow: use nAGQ=1 or more, or "
            "confint(method='Wald') or 'boot'"
        )
    if isinstance(posterior, VariationalPosterior):
        return (
            "the correction of correction='cumulant' is a Monte Carlo sum, too rough to follow: "
            "leave correction= out (the bound's profile), use nAGQ=25 where there is one grouping "
            "factor, or confint(method='Wald') or 'boot'"
        )
    if isinstance(posterior, FullPosterior):
        return (
            f"{posterior.origin} has a posterior of every parameter in the place of a likelihood: "
            "use confint(method='vi')"
        )
    if isinstance(posterior, PenalizedPosterior):
        return (
            f"{posterior.origin} is at the maximum of likelihood times prior, and the chi-square "
            "law of likelihood ratios does not hold for it: use theta_posterior=True with the same "
            "priors and confint(method='vi'), or confint(method='Wald')"
        )
    return (
        f"{posterior.origin} is without its data, and cannot be evaluated again: use "
        "confint(method='Wald'), or fit again"
    )


class Profiler(Protocol):
    """Starts profiles of a fit's parameters."""

    def start(self, parameter: IntervalParameter) -> ProfileStart:
        """Deviance and Hessian at the optimum, with the parameter among the coordinates."""
        ...


class LinearProfiler:
    """Profiles of a linear mixed model.

    Parameters
    ----------
    fit : LinearMixedFit
    refit : bool
        Whether a REML fit is profiled under maximum likelihood, as lme4 does (else its own
        criterion, for which fixed effects have no profile).
    """

    def __init__(self, fit: LinearMixedFit, *, refit: bool = True) -> None:
        if not isinstance(fit.posterior, StructuredPosterior):
            raise ArgumentError(no_profile(fit.posterior))
        self._posterior = fit.posterior
        self._weights = fit.design.weights
        self._refit = refit

    @cached_property
    def _model(self) -> tuple[LinearMixedProblem, LinearMixedSolution]:
        problem, solution = self._posterior.problem, self._posterior.solution
        if not (self._refit and problem.reml):
            return problem, solution
        problem = under_ml(problem, self._weights)
        return problem, optimize(problem, start=solution.Lambda)[0]

    def target(self, parameter: IntervalParameter) -> ProfileTarget:
        """The deviance with the parameter among its coordinates."""
        problem, solution = self._model
        if parameter.covariance is not None:
            return linear_profile.covariance_target(problem, solution, parameter.covariance)
        contrast = np.eye(len(solution.beta))[parameter.column or 0]
        return linear_profile.fixed_effect_target(problem, solution, contrast)

    def start(self, parameter: IntervalParameter) -> ProfileStart:
        """Deviance and Hessian at the optimum, with the parameter among the coordinates."""
        return start_profile(self.target(parameter))


class GeneralizedProfiler:
    """Profiles of the criterion of a generalized model: the ELBO, or the quadrature's."""

    def __init__(self, fit: GeneralizedMixedFit) -> None:
        posterior = fit.posterior
        profiled = isinstance(posterior, VariationalPosterior) and posterior.nAGQ > 0
        if not isinstance(posterior, VariationalPosterior) or not profiled or posterior.corrected:
            raise ArgumentError(no_profile(posterior))
        self._posterior = posterior
        self._nodes = posterior.nAGQ
        self._arrays = generalized_arrays(fit.design)

    def target(self, parameter: IntervalParameter) -> ProfileTarget:
        """The deviance with the parameter among its coordinates."""
        problem, solution = self._posterior.problem, self._posterior.solution
        column = parameter.column or 0
        if self._nodes > 1:
            which = column if parameter.covariance is None else parameter.covariance
            return quadrature_target(problem, solution, self._nodes, which)
        if parameter.covariance is None:
            return generalized_profile.fixed_effect_target(problem, solution, self._arrays, column)
        return generalized_profile.covariance_target(problem, solution, parameter.covariance)

    def start(self, parameter: IntervalParameter) -> ProfileStart:
        """Deviance and Hessian at the optimum, with the parameter among the coordinates."""
        return start_profile(self.target(parameter))


def profiler_of(fit: MixedModelFit, *, refit: bool = True) -> Profiler:
    """The profiler of a fit.

    Raises
    ------
    ArgumentError
        If the fit has no criterion that can be profiled.
    """
    if isinstance(fit, LinearMixedFit):
        return LinearProfiler(fit, refit=refit)
    if isinstance(fit, GeneralizedMixedFit):
        return GeneralizedProfiler(fit)
    raise ArgumentError(f"a {type(fit).__name__} cannot be profiled")


def estimates_of(
    fit: MixedModelFit, parameters: Sequence[IntervalParameter]
) -> NDArray[np.float64]:
    """Estimates of parameters, shape (number of parameters,); nan for an undefined correlation."""
    estimates = fit.estimates
    tables = [sds_and_correlations(estimates.sigma * factor) for factor in estimates.Lambda]
    values = []
    for parameter in parameters:
        covariance = parameter.covariance
        if covariance is None:
            values.append(estimates.beta[parameter.column or 0])
        elif covariance.term is None:
            values.append(estimates.sigma)
        else:
            values.append(tables[covariance.term][covariance.columns[0], covariance.columns[-1]])
    return np.array(values)
