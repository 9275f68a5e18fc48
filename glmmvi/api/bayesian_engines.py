"""Fits with priors: which engine, and what its answer is called."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Any

from numpy.typing import ArrayLike

from glmmvi.api.announce import announced
from glmmvi.api.arguments import start_factors
from glmmvi.api.generalized_engines import (
    approximation_title,
    check_quadrature,
    generalized_problem,
)
from glmmvi.design import DesignMatrices
from glmmvi.errors import ArgumentError
from glmmvi.inference.linear_mixed import LinearMixedProblem, LinearMixedSolution
from glmmvi.model.families import Family
from glmmvi.model.prior_mapping import Priors
from glmmvi.results.advi import AdviOptions, AdviResult, fit_advi, fit_generalized_advi
from glmmvi.results.control import GlmerControl, LmerControl
from glmmvi.results.estimates import estimates_at
from glmmvi.results.fit import LinearMixedFit
from glmmvi.results.generalized_answer import GeneralizedAnswer, structured_answer
from glmmvi.results.generalized_model import GeneralizedModel
from glmmvi.results.nuts import NutsOptions, NutsResult, fit_generalized_nuts, fit_nuts
from glmmvi.results.penalized_posterior import (
    PenalizedPosterior,
    fit_penalized_generalized,
    fit_penalized_linear,
)
from glmmvi.results.posterior_moments import FullPosterior
from glmmvi.results.tables import ModelCall
from glmmvi.results.theta_posterior import (
    ThetaPosterior,
    fit_generalized_theta_posterior,
    fit_linear_theta_posterior,
)
from glmmvi.results.variational_posterior import VariationalPosterior

METHODS = ("structured", "advi", "nuts")


def _option_names(engine: Callable[..., Any], options: type[Any]) -> tuple[str, ...]:
    own = inspect.signature(engine).parameters.values()
    named = [p.name for p in own if p.kind is inspect.Parameter.KEYWORD_ONLY]
    return (*named, *(field.name for field in fields(options)))


LINEAR_OPTIONS = {
    "advi": _option_names(fit_advi, AdviOptions),
    "nuts": _option_names(fit_nuts, NutsOptions),
}
GENERALIZED_OPTIONS = {
    "advi": _option_names(fit_generalized_advi, AdviOptions),
    "nuts": _option_names(fit_generalized_nuts, NutsOptions),
}
_LINEAR: dict[str, Callable[..., FullPosterior]] = {
    "advi": fit_advi,
    "nuts": fit_nuts,
    "theta_posterior": fit_linear_theta_posterior,
}
_GENERALIZED: dict[str, Callable[..., FullPosterior]] = {
    "advi": fit_generalized_advi,
    "nuts": fit_generalized_nuts,
    "theta_posterior": fit_generalized_theta_posterior,
}

_CRITERIA = (
    "AIC and BIC are of that log likelihood, which the estimates do not maximise: they do not",
    "compare models.",
)
_ESTIMATES = "Estimates and standard errors are posterior means and standard deviations."


def engine_name(method: str, theta_posterior: Any) -> str:
    """``method``, or ``"theta_posterior"`` where the structured engine covers every parameter.

    Raises
    ------
    ArgumentError
    """
    if not isinstance(theta_posterior, bool):
        raise ArgumentError(f"theta_posterior={theta_posterior!r} is neither True nor False")
    if not theta_posterior:
        return method
    if method != "structured":
        raise ArgumentError(
            f"theta_posterior=True is for method='structured': with method={method!r} every "
            "parameter has a posterior anyway; leave it out"
        )
    return "theta_posterior"


def refuse_start(method: str, start: Any) -> None:
    """Refuse starting values where there is no use for them.

    Raises
    ------
    ArgumentError
    """
    if start is not None and method in ("theta_posterior", "nuts"):
        what = "method='nuts'" if method == "nuts" else "theta_posterior=True"
        raise ArgumentError(f"start= is not used with {what}: leave it out")


def needs_one_node(nAGQ: int, method: str, priors: Mapping[Any, Any] | None) -> None:
    """Refuse quadrature with other engines, and lme4's fast approximation with priors.

    Raises
    ------
    ArgumentError
    """
    if nAGQ != 1 and (method != "structured" or (priors and nAGQ == 0)):
        what = "priors" if method == "structured" else f"method={method!r}"
        if method == "theta_posterior":
            what = "theta_posterior=True"
        raise ArgumentError(
            f"nAGQ={nAGQ!r} goes with maximum likelihood; with {what} leave nAGQ at 1"
        )


def linear_posterior(
    design: DesignMatrices,
    method: str,
    *,
    priors: Mapping[Any, Any] | None,
    start: ArrayLike | None,
    options: Mapping[str, Any],
) -> FullPosterior:
    """The posterior of a linear mixed model by one of the engines that cover every parameter."""
    refuse_start(method, start)
    given = dict(options) if start is None else {**options, "start": start}
    return _LINEAR[method](design, priors=priors, **given)


def generalized_posterior(
    design: DesignMatrices,
    family: Family,
    method: str,
    *,
    priors: Mapping[Any, Any] | None,
    start: ArrayLike | None,
    options: Mapping[str, Any],
) -> GeneralizedAnswer:
    """The same of a generalized model, as an engine's answer."""
    model = GeneralizedModel(design, family, generalized_problem(design, family))
    refuse_start(method, start)
    given = dict(options) if start is None else {**options, "start": start}
    posterior: FullPosterior = _GENERALIZED[method](model, priors=priors, **given)
    by, notes = described(posterior)
    return GeneralizedAnswer(
        estimates=posterior.estimates,
        dispersion=posterior.dispersion,
        dispersion_cov=posterior.dispersion_cov,
        posterior=posterior,
        optimization=posterior.optimization,
        log_likelihood=posterior.elbo,
        approximation=by,
        notes=notes,
        title=f"Generalized linear mixed model fit by {by}",
    )


def penalized_answer(
    design: DesignMatrices,
    family: Family,
    priors: Priors,
    *,
    start: ArrayLike | None,
    control: GlmerControl,
    nAGQ: int,
) -> GeneralizedAnswer:
    """Estimates of a generalized model with priors, by the structured engine or quadrature."""
    if nAGQ > 1:
        check_quadrature(design, nAGQ)
    problem = generalized_problem(design, family, control.check_response_not_const)
    model = GeneralizedModel(design, family, problem)
    solution, log_likelihood, record = fit_penalized_generalized(
        model,
        priors,
        start=None if start is None else start_factors(start, design),
        hessian=control.use_hessian,
        tolerance=control.tolerance,
        max_evaluations=control.max_evaluations,
        nAGQ=nAGQ,
    )
    what = "The log likelihood is without the priors;"
    if nAGQ == 1:
        what = (
            "The log likelihood is a lower bound (variational approximation), and without the "
            "priors;"
        )
    answer = structured_answer(
        model.problem,
        family,
        solution,
        record,
        log_likelihood=log_likelihood,
        approximation=approximation_title(nAGQ),
        nAGQ=nAGQ,
        notes=(
            what,
            f"with their log density it is {-0.5 * record.value:.4f}, which was maximised.",
            *_CRITERIA,
        ),
    )
    assert isinstance(answer.posterior, VariationalPosterior)
    return replace(
        answer,
        posterior=PenalizedPosterior(answer.posterior, priors),
        title=(
            "Generalized linear mixed model fit by penalised maximum likelihood "
            f"({answer.approximation})"
        ),
    )


def penalized_linear(
    design: DesignMatrices,
    problem: LinearMixedProblem,
    priors: Priors,
    *,
    start: ArrayLike | None,
    control: LmerControl,
    call: ModelCall,
) -> LinearMixedFit:
    """Fit a linear mixed model with priors by the structured engine."""
    posterior, record = fit_penalized_linear(
        problem,
        priors,
        [term.label for term in design.terms],
        start=None if start is None else start_factors(start, design),
        tolerance=control.tolerance,
        max_evaluations=control.max_evaluations,
    )
    solution = posterior.inner.solution
    assert isinstance(solution, LinearMixedSolution)
    name, by = ("REML criterion", "REML") if problem.reml else ("deviance", "maximum likelihood ")
    fit = LinearMixedFit(
        design=design,
        estimates=estimates_at(solution),
        posterior=posterior,
        optimization=record,
        call=call,
        reml=problem.reml,
        title=f"Linear mixed model fit by penalised {by}",
        show_singular=control.check_conv_singular != "ignore",
        notes=(
            f"The {name} is without the priors; with -2 times their log density it is",
            f"{record.value:.4f}, which was minimised.",
            *(() if problem.reml else _CRITERIA),
        ),
    )
    return announced(fit, control)


def described(posterior: FullPosterior) -> tuple[str, tuple[str, ...]]:
    """What the title says after ``fit by``, and the lines under the printout."""
    if isinstance(posterior, ThetaPosterior):
        return "structured variational inference with a Gaussian over all parameters", (_ESTIMATES,)
    if isinstance(posterior, NutsResult):
        bound = "The evidence lower bound is that of the variational fit that NUTS started from."
        return "NUTS", (_ESTIMATES, bound)
    assert isinstance(posterior, AdviResult)
    kind = posterior.surrogate.kind.replace("_", " ")
    notes = ["Estimates and standard errors are the surrogate's means and standard deviations."]
    if kind == "mean field":
        notes.append("A mean-field surrogate understates standard errors of fixed effects.")
    return f"ADVI, {kind} surrogate", tuple(notes)


def wrap_linear_posterior(
    design: DesignMatrices, posterior: FullPosterior, *, call: ModelCall, control: LmerControl
) -> LinearMixedFit:
    """Put the posterior of a linear mixed model into a fit."""
    by, notes = described(posterior)
    fit = LinearMixedFit(
        design=design,
        estimates=posterior.estimates,
        posterior=posterior,
        optimization=posterior.optimization,
        call=call,
        reml=False,
        title=f"Linear mixed model fit by {by}",
        show_singular=False,
        notes=notes,
    )
    return announced(fit, control)
