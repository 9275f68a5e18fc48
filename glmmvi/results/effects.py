"""The joint surrogate of a fit's fixed and random effects, whichever engine made the fit."""

from __future__ import annotations

from typing import Any

from glmmvi.errors import ArgumentError
from glmmvi.inference.covariance_points import (
    CovariancePoint,
    generalized_effects,
    generalized_points,
    linear_effects,
    linear_points,
)
from glmmvi.inference.effects_posterior import EffectsPosterior
from glmmvi.results.structured_posterior import StructuredPosterior
from glmmvi.results.variational_posterior import VariationalPosterior


def effects_of(posterior: Any) -> EffectsPosterior:
    """The joint normal of all effects, the fixed effects' uncertainty included.

    Parameters
    ----------
    posterior : Posterior
        ``fit.posterior``.

    Returns
    -------
    EffectsPosterior

    Raises
    ------
    ArgumentError
        For a fit with a posterior of every parameter, whose surrogate is not of this form.
    """
    if isinstance(posterior, StructuredPosterior):
        return linear_effects(posterior.problem, posterior.solution)
    if isinstance(posterior, VariationalPosterior):
        return generalized_effects(posterior.problem, posterior.solution)
    effects = getattr(posterior, "effects", None)
    if isinstance(effects, EffectsPosterior):
        return effects
    raise ArgumentError(
        "the joint uncertainty of the effects comes from the structured surrogate, which "
        f"{_origin(posterior)} does not have: draw from fit.surrogate_posterior (of a fit by "
        "method='nuts' take fit.posterior.draws), or fit by method='structured'"
    )


def covariance_points_of(posterior: Any) -> list[CovariancePoint]:
    """The effects at a few values of the covariance parameters, spread as these are uncertain.

    Raises
    ------
    ArgumentError
        For a fit that cannot be evaluated again: one with priors or a posterior of every
        parameter, or read from a file.
    """
    if isinstance(posterior, StructuredPosterior):
        return linear_points(posterior.problem, posterior.solution)
    if isinstance(posterior, VariationalPosterior):
        return generalized_points(posterior.problem, posterior.solution)
    raise ArgumentError(
        "the uncertainty of the covariance parameters comes from evaluating the model at other "
        f"ones, by the structured engine with the data: it is not there for {_origin(posterior)}"
    )


def _origin(posterior: Any) -> str:
    return str(getattr(posterior, "origin", "this fit"))
