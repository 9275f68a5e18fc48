"""The surrogate of every parameter as a TFP joint distribution.

Importing this module loads TensorFlow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from glmmvi.inference.gaussian_posterior import conditional_term, dense_covariance
from glmmvi.model.gaussian_surrogate import (
    DenseBlock,
    EliminatedBlock,
    GaussianSurrogate,
    LevelMap,
)
from glmmvi.model.parameter_pieces import parameter_pieces
from glmmvi.model.surrogate import build_surrogate_posterior
from glmmvi.model.whitened_posterior import WhitenedPosterior
from glmmvi.results.parameter_moments import levels_of, split_effects

if TYPE_CHECKING:
    from glmmvi.results.theta_posterior import ThetaPosterior

Array = NDArray[np.float64]


def build_theta_surrogate(posterior: ThetaPosterior) -> Any:
    """Build the surrogate.

    Parameters
    ----------
    posterior : ThetaPosterior

    Returns
    -------
    tfp.distributions.JointDistributionCoroutineAutoBatched
        Its variables are those of ``posterior.bayesian_model()``: sds, Cholesky factors of the
        correlations, ``beta``, ``sigma`` or ``dispersion``, then ``u_<label>``.
    """
    labels = tuple(term.label for term in posterior.design.terms)
    layout = posterior.target.layout
    pieces = parameter_pieces(labels, layout.d, layout.p, layout.k, linear=posterior.family is None)
    return build_surrogate_posterior(arrays_of(posterior, labels), leading=pieces)


def whitened_posterior(posterior: ThetaPosterior) -> WhitenedPosterior:
    """The model's log posterior in coordinates in which the surrogate is round.

    Each spherical effect is scaled by its own sd given the parameters.

    Parameters
    ----------
    posterior : ThetaPosterior

    Returns
    -------
    WhitenedPosterior
    """
    target, parameters = posterior.target, posterior.parameters
    layout = target.layout
    labels = tuple(term.label for term in posterior.design.terms)
    blocks = target.blocks(parameters.mean, parameters.centre)
    sds = [np.sqrt(np.einsum("ldd->ld", block)).reshape(-1) for block in blocks]
    return WhitenedPosterior(
        model=posterior.bayesian_model(),
        pieces=parameter_pieces(
            labels, layout.d, layout.p, layout.k, linear=posterior.family is None
        ),
        mean=parameters.mean,
        scale_tril=parameters.scale_tril,
        u_mean=parameters.centre.effects,
        u_sd=np.concatenate(sds),
        slopes=(parameters.above - parameters.below) / (2.0 * np.sqrt(3.0)),
    )


def arrays_of(posterior: ThetaPosterior, labels: tuple[str, ...]) -> GaussianSurrogate:
    """The surrogate with the unconstrained parameters in the place of the fixed effects."""
    target, parameters = posterior.target, posterior.parameters
    m, C = parameters.mean, parameters.scale_tril
    k, levels, d = len(m), levels_of(target), target.layout.d
    above, below = parameters.above, parameters.below
    shift = (above + below - 2.0 * parameters.centre.effects).sum(axis=0) / 6.0
    means = split_effects(parameters.centre.effects + shift, levels, d)
    # how the means move with the whitened parameters: (L, d, k) of each term
    rates = [split_effects(row, levels, d) for row in (above - below) / (2.0 * np.sqrt(3.0))]
    slopes = [np.stack([rate[r] for rate in rates], axis=-1) for r in range(len(d))]

    inner = target.posterior(m, parameters.centre)
    structure = inner.factorization.structure
    blocks = []
    for r in structure.order.eliminated:
        conditional = conditional_term(inner, r)
        maps = {j: LevelMap(*pairs) for j, pairs in conditional.maps.items()}
        own = slopes[r].copy()
        for j, pairs in maps.items():
            np.add.at(
                own, pairs.rows, np.einsum("Pab,Pbk->Pak", pairs.blocks, slopes[j][pairs.columns])
            )
        beta_map = -np.linalg.solve(C.T, own.reshape(-1, k).T).T.reshape(own.shape)
        blocks.append(EliminatedBlock(r, means[r], conditional.scale_tril, maps, beta_map))
    dense = structure.order.dense
    moving = np.concatenate([np.zeros((0, k)), *(slopes[r].reshape(-1, k) for r in dense)])
    U = len(moving)
    scale_tril = np.zeros((k + U, k + U))
    scale_tril[:k, :k], scale_tril[k:, :k] = C, moving
    if U:
        scale_tril[k:, k:] = np.linalg.cholesky(dense_covariance(inner))
    return GaussianSurrogate(
        labels=labels,
        eliminated=tuple(blocks),
        dense=DenseBlock(
            p=k,
            terms=dense,
            shapes=tuple((levels[r], d[r]) for r in dense),
            mean=np.concatenate([m, *(means[r].reshape(-1) for r in dense)]),
            scale_tril=scale_tril,
        ),
    )
