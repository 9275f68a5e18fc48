"""What is left of an engine's answer in a file: the surrogate, without the data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from glmmvi.design.design_matrices import DesignMatrices
from glmmvi.errors import ArgumentError, DataError
from glmmvi.inference import generalized_mixed, linear_mixed
from glmmvi.inference.effects_posterior import EffectsPosterior
from glmmvi.inference.gaussian_posterior import GaussianPosterior
from glmmvi.results.effects import effects_of
from glmmvi.results.structured_posterior import StructuredPosterior, gaussian_surrogate
from glmmvi.results.variational_posterior import VariationalPosterior


@dataclass(frozen=True)
class SavedPosterior:
    """The surrogate of a structured fit.

    Attributes
    ----------
    gaussian : GaussianPosterior
        As the engine left it: with the fixed effects only where they are integrated out.
    effects : EffectsPosterior
        Fixed and random effects jointly.
    elbo : float
        Nats.
    """

    gaussian: GaussianPosterior
    effects: EffectsPosterior
    elbo: float
    origin: ClassVar[str] = "a fit read from a file"

    def joint_distribution(self, design: DesignMatrices) -> Any:
        """Refuse: the generative model is of the rows, which are not here."""
        raise DataError(
            "the generative model needs the rows of the data, which are not in the file that "
            "this fit was read from; fit again"
        )

    def surrogate_posterior(self, design: DesignMatrices) -> Any:
        """Build the surrogate (loads TensorFlow)."""
        from glmmvi.model.surrogate import build_surrogate_posterior

        labels = tuple(term.label for term in design.terms)
        return build_surrogate_posterior(
            gaussian_surrogate(self.gaussian, labels, self.effects.u_mean, self.effects.beta)
        )


def saved_posterior(posterior: Any) -> SavedPosterior:
    """The surrogate alone.

    Parameters
    ----------
    posterior : Posterior
        ``fit.posterior``.

    Returns
    -------
    SavedPosterior

    Raises
    ------
    ArgumentError
        For a fit by another engine than the structured one.
    """
    if isinstance(posterior, SavedPosterior):
        return posterior
    if isinstance(posterior, StructuredPosterior):
        gaussian = linear_mixed.posterior_of(posterior.problem, posterior.solution)
    elif isinstance(posterior, VariationalPosterior):
        gaussian = generalized_mixed.posterior_of(posterior.solution)
    else:
        raise ArgumentError(
            "save is for fits by maximum likelihood (or REML) by the structured engine, not for "
            f"{posterior.origin}: pickle it, or keep draws of fit.surrogate_posterior"
        )
    return SavedPosterior(gaussian, effects_of(posterior), posterior.elbo)
