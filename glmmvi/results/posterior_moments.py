"""What a fit with a posterior for every parameter answers, whichever engine made it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from glmmvi.design.design_matrices import DesignMatrices
from glmmvi.errors import ArgumentError
from glmmvi.results.estimates import Estimates
from glmmvi.results.tables import EvidenceLowerBound

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Moments:
    """Posterior means, sds and medians.

    Attributes
    ----------
    beta, beta_sd : float64, shape (p,)
        Fixed effects: posterior means and sds.
    beta_cov : float64, shape (p, p)
    sds, sds_sd, sds_median : tuple of float64, shape (d,)
        Sds of the random effects of each term, link scale.
    correlations, correlations_sd : tuple of float64, shape (d, d)
        Correlation matrices of the random effects.
    sigma, sigma_sd, sigma_median : float
        Residual sd; where it was fixed, its value, 0, its value; 1, 0, 1 with a family.
    b, b_sd : tuple of float64, shape (L, d)
        Random effects, link scale.
    b_cov : tuple of float64, shape (L, d, d)
    dispersion, dispersion_sd : float64, shape (k,)
        Dispersion parameters of a family, unconstrained scale.
    dispersion_cov : float64, shape (k, k)
    """

    beta: Array
    beta_sd: Array
    beta_cov: Array
    sds: tuple[Array, ...]
    sds_sd: tuple[Array, ...]
    sds_median: tuple[Array, ...]
    correlations: tuple[Array, ...]
    correlations_sd: tuple[Array, ...]
    sigma: float
    sigma_sd: float
    sigma_median: float
    b: tuple[Array, ...]
    b_sd: tuple[Array, ...]
    b_cov: tuple[Array, ...]
    dispersion: Array
    dispersion_sd: Array
    dispersion_cov: Array

    @property
    def estimates(self) -> Estimates:
        """Posterior means in the shape that every engine answers in."""
        factors = []
        for sds, correlation in zip(self.sds, self.correlations, strict=True):
            scale_tril = sds[:, None] * np.linalg.cholesky(correlation)
            factors.append(scale_tril / self.sigma)
        return Estimates(
            beta=self.beta,
            beta_cov=self.beta_cov,
            Lambda=tuple(factors),
            sigma=self.sigma,
            b_mean=self.b,
            b_cov=self.b_cov,
        )


@dataclass(frozen=True)
class FullPosterior(Moments):
    """A posterior that covers every parameter; an engine's answer is one of its subclasses.

    Attributes
    ----------
    optimization : Optimization
        The engine's record, with its verdict.
    """

    optimization: Any
    origin: ClassVar[str] = "a fit with a posterior of every parameter"

    @property
    def evidence(self) -> EvidenceLowerBound:
        """What stands in the printout in the place of a log likelihood."""
        raise NotImplementedError

    @property
    def elbo(self) -> float:
        """Lower bound of the log evidence, nats."""
        return self.evidence.value

    def joint_distribution(self, design: DesignMatrices) -> Any:
        """Return the generative model (TFP)."""
        raise NotImplementedError

    def surrogate_posterior(self, design: DesignMatrices) -> Any:
        """Return the fitted surrogate (TFP); its draws are by latent variable."""
        raise NotImplementedError


def moments_of_effects(u: Array, sds: Array, cholesky: Array) -> tuple[Array, Array]:
    """Means and covariance matrices of random effects, from draws.

    Parameters
    ----------
    u : float64, shape (S, L, d)
        Spherical.
    sds : float64, shape (S, d)
    cholesky : float64, shape (S or 1, d, d)
        Factors of the correlation matrices.

    Returns
    -------
    mean : float64, shape (L, d)
    covariance : float64, shape (L, d, d)
    """
    b = np.einsum("sld,sed->sle", u, sds[:, :, None] * cholesky)
    mean = b.mean(axis=0)
    centred = b - mean
    return mean, np.einsum("sld,sle->lde", centred, centred) / len(b)


def refuse_log_likelihood(posterior: Any, name: str) -> None:
    """Refuse what needs a likelihood at one value of the parameters.

    Raises
    ------
    ArgumentError
        If `posterior` covers every parameter.
    """
    if isinstance(posterior, FullPosterior):
        raise ArgumentError(
            f"{name} needs a likelihood; a fit with a posterior of every parameter has a lower "
            "bound of the log evidence, priors included: fit.elbo"
        )
