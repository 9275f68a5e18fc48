"""A Bayesian fit by the No-U-Turn sampler, started from the structured variational fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from glmmvi.design.design_matrices import DesignMatrices
from glmmvi.errors import ArgumentError
from glmmvi.inference.nuts import NutsRecord, sample_nuts
from glmmvi.model.priors import Prior
from glmmvi.results.generalized_model import GeneralizedModel
from glmmvi.results.posterior_moments import FullPosterior, Moments, moments_of_effects
from glmmvi.results.tables import EvidenceLowerBound
from glmmvi.results.theta_posterior import (
    ThetaPosterior,
    fit_generalized_theta_posterior,
    fit_linear_theta_posterior,
)

Array = NDArray[np.float64]


@dataclass(frozen=True)
class NutsResult(FullPosterior):
    """Moments of Markov chains.

    Attributes
    ----------
    optimization : NutsRecord
        Chains, R-hat, effective sample size, divergences, verdict.
    draws : dict of str to float64, shape (chains, samples, ...)
        By latent variable of the model: ``sds_<label>``, ``cholesky_<label>``, ``beta``,
        ``sigma`` or ``dispersion`` (unconstrained), ``u_<label>`` (spherical).
    start : ThetaPosterior
        The variational fit that the sampler started from.

    See Also
    --------
    glmmvi.results.posterior_moments.Moments : The other attributes.
    """

    optimization: NutsRecord
    draws: Mapping[str, Array]
    start: ThetaPosterior
    origin: ClassVar[str] = "a fit by method='nuts'"

    @property
    def evidence(self) -> EvidenceLowerBound:
        """Lower bound of the log evidence, of the variational fit: chains have none."""
        return self.start.evidence

    def joint_distribution(self, design: DesignMatrices) -> Any:
        """Build the Bayesian model that was sampled (loads TensorFlow)."""
        return self.start.joint_distribution(design)

    def surrogate_posterior(self, design: DesignMatrices) -> Any:
        """Build the surrogate that the chains started from; the sample itself is `draws`."""
        return self.start.surrogate_posterior(design)


@dataclass(frozen=True)
class NutsOptions:
    """How to sample, checked.

    Attributes
    ----------
    chains, num_warmup, num_samples : int
        Chains, and steps of each.
    target_accept : float
        Acceptance probability that the step size aims at; raise it if draws diverge.
    max_tree_depth : int
    seed : int
        Same seed, same numbers.
    jit_compile : bool
        Compile with XLA; half a minute to start, and then many times faster.

    Raises
    ------
    ArgumentError
        For an option that makes no sense.
    """

    chains: int = 4
    num_warmup: int = 500
    num_samples: int = 1000
    target_accept: float = 0.85
    max_tree_depth: int = 10
    seed: int = 42
    jit_compile: bool = True

    def __post_init__(self) -> None:
        for name, least in (
            ("chains", 2),
            ("num_warmup", 10),
            ("num_samples", 10),
            ("max_tree_depth", 1),
        ):
            count = getattr(self, name)
            whole = isinstance(count, (int, np.integer)) and not isinstance(count, bool)
            if not whole or count < least:
                raise ArgumentError(f"{name}={count!r} is not a whole number from {least} up")
        if not 0.0 < self.target_accept < 1.0:
            raise ArgumentError(f"target_accept={self.target_accept!r} is not between 0 and 1")


def fit_nuts(
    design: DesignMatrices, *, priors: Mapping[Any, Prior] | None = None, **options: Any
) -> NutsResult:
    """Sample a Bayesian linear mixed model.

    The sampler walks in coordinates in which the structured variational fit with
    ``theta_posterior=True`` is round: spherical random effects, log sds, centred and scaled.

    Parameters
    ----------
    design : DesignMatrices
    priors : mapping, optional
        See `glmmvi.model.prior_mapping.resolve_priors`.
    **options
        Of :class:`NutsOptions`.

    Returns
    -------
    NutsResult

    Raises
    ------
    ArgumentError
        For an option or a prior that makes no sense.
    """
    checked = NutsOptions(**options)
    return sample_from(fit_linear_theta_posterior(design, priors=priors), checked)


def fit_generalized_nuts(
    model: GeneralizedModel, *, priors: Mapping[Any, Prior] | None = None, **options: Any
) -> NutsResult:
    """Sample a Bayesian generalized mixed model; see `fit_nuts`."""
    checked = NutsOptions(**options)
    return sample_from(fit_generalized_theta_posterior(model, priors=priors), checked)


def sample_from(start: ThetaPosterior, options: NutsOptions) -> NutsResult:
    """Sample the model of a variational fit, from that fit.

    Parameters
    ----------
    start : ThetaPosterior
    options : NutsOptions

    Returns
    -------
    NutsResult
    """
    import tensorflow as tf

    from glmmvi.results.theta_posterior_surrogate import whitened_posterior

    whitened = whitened_posterior(start)
    rng = np.random.default_rng(options.seed)
    first = rng.standard_normal((options.chains, whitened.size))
    coordinates, record = sample_nuts(
        whitened.log_prob,
        first,
        num_warmup=int(options.num_warmup),
        num_samples=int(options.num_samples),
        target_accept=float(options.target_accept),
        max_tree_depth=int(options.max_tree_depth),
        seed=int(options.seed),
        jit_compile=bool(options.jit_compile),
    )
    values, _ = whitened.latents(tf.constant(coordinates))
    draws = {name: np.asarray(value) for name, value in values.items()}
    moments = chain_moments(start, draws)
    return NutsResult(**vars(moments), optimization=record, draws=draws, start=start)


def chain_moments(start: ThetaPosterior, draws: Mapping[str, Array]) -> Moments:
    """Means, sds and medians of draws by latent variable, chains pooled."""
    from glmmvi.model.latent_names import latent_names

    labels = [term.label for term in start.design.terms]
    pooled = {name: value.reshape(-1, *value.shape[2:]) for name, value in draws.items()}
    n = next(iter(pooled.values())).shape[0]
    sds = [pooled[name] for name in latent_names(labels, "sds")]
    cholesky = [pooled.get(name, np.ones((n, 1, 1))) for name in latent_names(labels, "cholesky")]
    products = [factor @ factor.swapaxes(-1, -2) for factor in cholesky]
    b, b_cov = [], []
    for name, sd, factor in zip(latent_names(labels, "u"), sds, cholesky, strict=True):
        mean, covariance = moments_of_effects(pooled[name], sd, factor)
        b.append(mean)
        b_cov.append(covariance)
    beta = pooled.get("beta", np.zeros((n, 0)))
    dispersion = pooled.get("dispersion", np.zeros((n, 0)))
    sigma = pooled.get("sigma", np.ones(n))
    return Moments(
        beta=beta.mean(axis=0),
        beta_sd=beta.std(axis=0),
        beta_cov=_covariance(beta),
        sds=tuple(part.mean(axis=0) for part in sds),
        sds_sd=tuple(part.std(axis=0) for part in sds),
        sds_median=tuple(np.median(part, axis=0) for part in sds),
        correlations=tuple(part.mean(axis=0) for part in products),
        correlations_sd=tuple(part.std(axis=0) for part in products),
        sigma=float(sigma.mean()),
        sigma_sd=float(sigma.std()),
        sigma_median=float(np.median(sigma)),
        b=tuple(b),
        b_sd=tuple(np.sqrt(np.einsum("ldd->ld", part)) for part in b_cov),
        b_cov=tuple(b_cov),
        dispersion=dispersion.mean(axis=0),
        dispersion_sd=dispersion.std(axis=0),
        dispersion_cov=_covariance(dispersion),
    )


def _covariance(draws: Array) -> Array:
    centred = draws - draws.mean(axis=0)
    return np.asarray(centred.T @ centred / len(draws), dtype=np.float64)
