"""``refit``: the same model with another response; ``refitML``: by maximum likelihood."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from numpy.typing import ArrayLike

from glmmvi.design.design_matrices import DesignMatrices
from glmmvi.errors import ArgumentError
from glmmvi.results.fit import LinearMixedFit
from glmmvi.results.generalized_answer import GeneralizedAnswer
from glmmvi.results.generalized_fit import GeneralizedMixedFit
from glmmvi.results.linear_answer import linear_answer
from glmmvi.results.new_response import with_response
from glmmvi.results.structured_posterior import StructuredPosterior
from glmmvi.unknown_arguments import names_arguments

Engine = Callable[[DesignMatrices, ArrayLike], GeneralizedAnswer]
Fit = TypeVar("Fit", LinearMixedFit, GeneralizedMixedFit)


@names_arguments
def refit(fit: Fit, newresp: Any = None) -> Fit:
    """Fit the model of a fit to another response, as lme4's ``refit``.

    The design is reused, and the optimiser starts from the fit's own ``theta``.

    Parameters
    ----------
    fit : LinearMixedFit or GeneralizedMixedFit
        By the structured engine.
    newresp : array, Series or DataFrame, optional
        See :func:`glmmvi.results.new_response.with_response`; the fit's own response by
        default. A column of :func:`simulate`'s result will do.

    Returns
    -------
    LinearMixedFit or GeneralizedMixedFit

    Raises
    ------
    ArgumentError
        If the response does not fit, or the fit is by another engine.

    Examples
    --------
    >>> import glmmvi as gv
    >>> fit = gv.lmer("Yield ~ 1 + (1 | Batch)", gv.load_dataset("Dyestuff"))
    >>> round(refit(fit, 2.0 * fit.design.y).sigma() / fit.sigma(), 6)
    2.0
    """
    check_engine(fit)
    design = fit.design if newresp is None else with_response(fit.design, newresp)
    return refit_design(fit, design)


def check_engine(fit: LinearMixedFit | GeneralizedMixedFit) -> None:
    """Refuse a fit that cannot be fitted again to another response.

    Raises
    ------
    ArgumentError
    """
    if isinstance(fit, LinearMixedFit):
        there = isinstance(fit.posterior, StructuredPosterior)
    else:
        there = fit.engine is not None
    if not there:
        raise ArgumentError(_OTHER.format(fit.posterior.origin))


def refit_design(fit: Fit, design: DesignMatrices) -> Fit:
    """Fit another design of the same columns, starting from a fit."""
    theta = fit.estimates.theta
    if isinstance(fit, LinearMixedFit):
        check_engine(fit)
        linear = linear_answer(design, theta, reml=fit.reml)
        return replace(
            fit,
            design=design,
            estimates=linear.estimates,
            posterior=linear.posterior,
            optimization=linear.optimization,
        )
    if fit.engine is None:
        raise ArgumentError(_OTHER.format(fit.posterior.origin))
    answer = fit.engine(design, theta)
    return replace(
        fit,
        design=design,
        estimates=answer.estimates,
        posterior=answer.posterior,
        optimization=answer.optimization,
        notes=answer.notes,
        dispersion=answer.dispersion,
        dispersion_cov=answer.dispersion_cov,
        log_likelihood=answer.log_likelihood,
    )


_OTHER = (
    "refit is for fits by maximum likelihood (or REML) by the structured engine, with their data: "
    "it is not there for {}; call lmer() or glmer() again"
)


def refit_ml(fit: LinearMixedFit) -> LinearMixedFit:
    """The same model by maximum likelihood, as lme4's ``refitML``.

    Examples
    --------
    >>> import glmmvi as gv
    >>> fit = gv.lmer("Yield ~ 1 + (1 | Batch)", gv.load_dataset("Dyestuff"))
    >>> round(refit_ml(fit).deviance(), 4)
    327.3271
    """
    if not isinstance(fit, LinearMixedFit):
        raise ArgumentError("refitML is for lmer fits: a glmer fit is by maximum likelihood")
    if not fit.reml:
        return fit
    check_engine(fit)
    linear = linear_answer(fit.design, fit.estimates.theta, reml=False)
    return replace(
        fit,
        estimates=linear.estimates,
        posterior=linear.posterior,
        optimization=linear.optimization,
        reml=False,
        title="Linear mixed model fit by maximum likelihood ",
    )
