"""Refits of a fit with other fixed-effects columns."""

from __future__ import annotations

from glmmvi.design.design_matrices import DesignMatrices
from glmmvi.errors import ArgumentError
from glmmvi.results.fit import LinearMixedFit
from glmmvi.results.generalized_fit import GeneralizedMixedFit
from glmmvi.results.linear_answer import linear_answer
from glmmvi.results.mixed_fit import MixedModelFit
from glmmvi.results.refit import refit_design
from glmmvi.results.structured_posterior import StructuredPosterior


def structured(fit: LinearMixedFit) -> StructuredPosterior:
    """The exact engine's answer of a fit.

    Raises
    ------
    ArgumentError
        If another engine made it, it has priors, or it was read from a file.
    """
    if not isinstance(fit.posterior, StructuredPosterior):
        raise ArgumentError(
            "this needs the exact engine and its data: it is not there for "
            f"{fit.posterior.origin}; fit again with lmer()"
        )
    return fit.posterior


def log_likelihood_of(fit: MixedModelFit, design: DesignMatrices) -> float:
    """Maximised log likelihood (or its bound) of a design by the engine of a fit, in nats.

    Parameters
    ----------
    fit : fitted model
        Its random effects, family and engine are used, and its ``theta`` to start from.
    design : DesignMatrices

    Returns
    -------
    float
        By maximum likelihood, of a REML fit too.
    """
    if isinstance(fit, LinearMixedFit):
        structured(fit)
        return linear_answer(design, fit.estimates.theta, reml=False).posterior.elbo
    if not isinstance(fit, GeneralizedMixedFit):
        raise ArgumentError(f"a {type(fit).__name__} cannot be refitted")
    return refit_design(fit, design).log_likelihood
