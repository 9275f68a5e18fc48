r"""Log importance ratios of the model to its surrogate, part by part.

.. math:: w(u) = \log p(y, u \mid \beta, \theta, \phi) - \log q(u)

on draws of the surrogate. Their mean is the ELBO, and the log of the mean of their exponentials
the log likelihood. Draws come in antithetic pairs and in chunks, so that memory stays bounded
whatever the number of rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from glmmvi.inference.block_factorization import BlockFactorization
from glmmvi.inference.expectations import Density
from glmmvi.inference.gaussian_posterior import GaussianPosterior
from glmmvi.inference.independent_parts import IndependentParts
from glmmvi.inference.regression_arrays import RegressionArrays
from glmmvi.inference.surrogate_draws import (
    StandardNormals,
    deviations,
    squared_lengths,
    standard_normals,
    surrogate_roots,
)
from glmmvi.inference.variational_pirls import PirlsSystem, SurrogateState

Array = NDArray[np.float64]

_CELLS = 131_072  # draws times (rows + random effects) of one chunk


@dataclass(frozen=True, eq=False)
class PairedRatios:
    """Log ratios of some antithetic pairs of draws.

    Attributes
    ----------
    log_ratios : float64, shape (2, pairs, parts)
        The draw and its mirror image; nats, up to `constant`.
    constant : float
        To be added to the sum over parts.
    """

    log_ratios: Array
    constant: float

    @property
    def joint(self) -> Array:
        """Log ratios of the whole model, shape (2, pairs)."""
        return self.log_ratios.sum(axis=2) + self.constant


def pairs_per_chunk(arrays: RegressionArrays) -> int:
    """How many pairs are evaluated at once."""
    size = arrays.n + sum(term.q for term in arrays.terms)
    return max(1, _CELLS // (2 * size))


def paired_normals(
    f: BlockFactorization, pairs: int, chunk: int, seed: int, *, p: int = 0
) -> Iterator[StandardNormals]:
    """Standard normals of `pairs` pairs, `chunk` at a time; the same whatever the chunk."""
    rng = np.random.default_rng(seed)
    for start in range(0, pairs, chunk):
        yield standard_normals(f.structure, min(chunk, pairs - start), rng, p=p)


def log_density(density: Density, eta: Array, dispersion: Array) -> Array:
    """Log density of every observation without its constant; `eta` has shape (S, n)."""
    value = density.kernel(eta, dispersion, slice(0, density.n), False).value
    if density.scale is not None:
        value = density.scale * value
    if density.linear is not None:
        value = value + density.linear * eta
    undefined = np.isnan(value)
    return np.where(undefined, -np.inf, value) if undefined.any() else value


def generalized_ratios(
    system: PirlsSystem,
    state: SurrogateState,
    dispersion: Array,
    parts: IndependentParts,
    normals: Iterator[StandardNormals],
) -> Iterator[PairedRatios]:
    """Log ratios of a generalized mixed model.

    Parameters
    ----------
    system : PirlsSystem
    state : SurrogateState
        Its surrogate, with the fixed effects and covariance factors.
    dispersion : float64, shape (k,)
        Unconstrained.
    parts : IndependentParts
    normals : iterator of StandardNormals
        One chunk after the other; every one is used with its mirror image.

    Yields
    ------
    PairedRatios
        For every chunk.
    """
    f, density = state.factorization, system.likelihood.density
    roots = surrogate_roots(f)
    constant = np.broadcast_to(density.constant(dispersion)[0], (system.arrays.n,)).sum()
    fixed = system.offset + system.arrays.X @ state.beta
    for chunk in normals:
        drawn = deviations(roots, chunk)
        lengths = squared_lengths(chunk.u)
        sides = []
        for sign in (1.0, -1.0):
            u = [mean + sign * e for mean, e in zip(state.u_mean, drawn, strict=True)]
            with np.errstate(all="ignore"):  # a far draw may overflow; it weighs nothing
                by_row = log_density(
                    density, predictor(system.arrays, fixed, u, f.factors), dispersion
                )
            own = squared_lengths(u)
            by_level = [0.5 * (z - x) for z, x in zip(lengths, own, strict=True)]
            sides.append(parts.sums(by_row, by_level))
        yield PairedRatios(np.stack(sides), float(constant) - 0.5 * f.log_det)


def predictor(
    arrays: RegressionArrays,
    fixed: Array,
    u: list[Array],
    factors: tuple[Array, ...],
) -> Array:
    """``fixed + sum_r Z_r Lambda_r u_r``: `u` of shapes (S, L, d), the result (S, n)."""
    eta = np.repeat(np.atleast_2d(fixed), len(u[0]) // len(np.atleast_2d(fixed)), axis=0)
    for term, factor, spherical in zip(arrays.terms, factors, u, strict=True):
        b = spherical @ factor.T
        for a in range(term.d):
            gathered = np.take(np.ascontiguousarray(b[:, :, a]), term.codes, axis=1)
            gathered *= term.Z[:, a]
            eta += gathered
    return eta


def linear_ratios(
    arrays: RegressionArrays,
    posterior: GaussianPosterior,
    factors: tuple[Array, ...],
    u_mean: tuple[Array, ...],
    beta_mean: Array,
    normals: Iterator[StandardNormals],
) -> Iterator[PairedRatios]:
    """Log ratios of a linear mixed model, as one part: equal on all draws if all is well.

    Parameters
    ----------
    arrays : RegressionArrays
        On the user's scale.
    posterior : GaussianPosterior
        The surrogate; with its fixed effects under REML.
    factors : tuple of float64, shape (d, d)
        Relative covariance factors on the user's scale.
    u_mean : tuple of float64, shape (L, d)
        Means of the spherical random effects, user's scale.
    beta_mean : float64, shape (p,)
    normals : iterator of StandardNormals
        With the fixed effects under REML.

    Yields
    ------
    PairedRatios
    """
    f, sigma = posterior.factorization, posterior.sigma
    roots, p = surrogate_roots(f), f.structure.p
    used = arrays.weights > 0.0
    weights = arrays.weights[used]
    n = len(weights)
    constant = 0.5 * float(np.log(weights).sum() - f.log_det - n * np.log(2.0 * np.pi * sigma**2))
    root = np.zeros((p, p))
    if posterior.X_factor is not None and p:
        within = np.linalg.cholesky(np.linalg.inv(f.fixed[:p, :p]))
        to_user = solve_triangular(posterior.X_factor, np.eye(p))
        root = to_user @ within
        log_det_root = float(np.log(np.abs(np.diag(within))).sum() + np.linalg.slogdet(to_user)[1])
        constant += log_det_root + p * np.log(sigma) + 0.5 * p * np.log(2.0 * np.pi)
    for chunk in normals:
        in_surrogate = posterior.X_factor is not None and p > 0
        moved = chunk.beta @ within.T if in_surrogate else None
        drawn = [
            sigma * e @ rotation.T
            for e, rotation in zip(
                deviations(roots, chunk, moved), posterior.rotations, strict=True
            )
        ]
        lengths = 0.5 * sum(z.sum(axis=1) for z in squared_lengths(chunk.u))
        lengths = lengths + 0.5 * (chunk.beta**2).sum(axis=1)
        sides = []
        for sign in (1.0, -1.0):
            u = [mean + sign * e for mean, e in zip(u_mean, drawn, strict=True)]
            beta = beta_mean + (sign * sigma * chunk.beta @ root.T if in_surrogate else 0.0)
            fixed = arrays.offset + np.atleast_2d(beta) @ arrays.X.T
            residual = (arrays.y - predictor(arrays, fixed, u, factors))[:, used]
            joint = -0.5 * (residual**2 @ weights) / sigma**2 + lengths
            joint -= 0.5 * sum(x.sum(axis=1) for x in squared_lengths(u)) / sigma**2
            sides.append(joint[:, None])
        yield PairedRatios(np.stack(sides), float(constant))
