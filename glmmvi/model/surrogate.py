"""The TFP joint distribution that is the surrogate of a structured fit.

Importing this module loads TensorFlow.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

import tensorflow as tf
import tensorflow_probability as tfp

from glmmvi.model.gaussian_surrogate import (
    DenseBlock,
    EliminatedBlock,
    GaussianSurrogate,
    LevelMap,
)
from glmmvi.model.latent_names import latent_names
from glmmvi.model.parameter_pieces import ParameterPiece

tfd = tfp.distributions
tfb = tfp.bijectors
Root = tfd.JointDistributionCoroutine.Root


def build_surrogate_posterior(
    surrogate: GaussianSurrogate, *, leading: Sequence[ParameterPiece] | None = None
) -> Any:
    """Turn the arrays of a Gaussian surrogate into a TFP joint distribution.

    Its variables have the names and shapes of the latent variables of
    `glmmvi.model.joint_distribution.build_joint_distribution`: ``beta`` (REML only) and
    ``u_<label>``, shape ``(L, d)``, spherical scale. The dense block is a chain of conditionals
    through its triangular factor, ``beta`` first; then the eliminated terms, the last one
    eliminated first.

    Parameters
    ----------
    surrogate : GaussianSurrogate
    leading : sequence of ParameterPiece, optional
        The variables that the first coordinates of the dense block make, where these are not
        the fixed effects but all parameters.

    Returns
    -------
    tfp.distributions.JointDistributionCoroutineAutoBatched
        Sampled and evaluated without a loop for any sample shape.
    """
    names = latent_names(surrogate.labels, "u")
    u_means = [tf.constant(mean, tf.float64) for mean in surrogate.u_means]
    if leading is None:
        p = surrogate.dense.p
        leading = [ParameterPiece("beta", p)] if p else []
    dense_model = _dense_chain(surrogate.dense, names, leading)
    eliminated = [
        (_conditional_mean(block, surrogate), tf.constant(block.scale_tril, tf.float64), block)
        for block in reversed(surrogate.eliminated)
    ]

    def model() -> Generator[Any, Any, None]:
        # centred values of what was drawn: by position of the term, and "beta"
        centred: dict[Any, Any] = yield from dense_model()
        for mean, scale_tril, block in eliminated:
            loc, conditioned = mean(centred)
            normal = tfd.MultivariateNormalTriL(loc, scale_tril, name=names[block.term])
            draw = yield normal if conditioned else Root(normal)
            centred[block.term] = draw - u_means[block.term]

    return tfd.JointDistributionCoroutineAutoBatched(
        model, use_vectorized_map=False, name="surrogate_posterior"
    )


def _dense_chain(
    dense: DenseBlock, names: tuple[str, ...], leading: Sequence[ParameterPiece]
) -> Any:
    """Coroutine of the dense block; returns the centred draws."""
    pieces: list[tuple[Any, ParameterPiece]] = [("beta", piece) for piece in leading]
    for term, shape in zip(dense.terms, dense.shapes, strict=True):
        size = shape[0] * shape[1]
        pieces.append((term, ParameterPiece(names[term], size, tfb.Reshape(shape, [size]))))
    scale_tril = tf.constant(dense.scale_tril, tf.float64)

    def model() -> Generator[Any, Any, dict[Any, Any]]:
        centred: dict[Any, Any] = {}
        whitened: list[Any] = []
        start = 0
        for key, piece in pieces:
            stop = start + piece.size
            mean = tf.constant(dense.mean[start:stop], tf.float64)
            diagonal = scale_tril[start:stop, start:stop]
            shift = tf.zeros_like(mean)
            if whitened:
                before = tf.concat(whitened, axis=-1)
                shift = tf.einsum("mk,...k->...m", scale_tril[start:stop, :start], before)
            normal = tfd.MultivariateNormalTriL(mean + shift, diagonal, name=piece.name)
            if piece.constrain is not None:
                normal = tfd.TransformedDistribution(normal, piece.constrain, name=piece.name)
            draw = yield normal if whitened else Root(normal)
            vector = draw if piece.constrain is None else piece.constrain.inverse(draw)
            if key == "beta":
                own = vector - mean
                centred[key] = tf.concat([centred[key], own], -1) if key in centred else own
            else:
                centred[key] = piece.constrain.forward(vector - mean)
            residual = vector - mean - shift
            columns = tf.transpose(tf.reshape(residual, [-1, piece.size]))
            solved = tf.transpose(tf.linalg.triangular_solve(diagonal, columns))
            whitened.append(tf.reshape(solved, tf.shape(residual)))
            start = stop
        return centred

    return model


def _conditional_mean(block: EliminatedBlock, surrogate: GaussianSurrogate) -> Any:
    """Mean of an eliminated term given the centred values of the later ones."""
    mean = tf.constant(block.mean, tf.float64)
    later = [
        (j, _level_map(level_map, *block.mean.shape))
        for j, level_map in block.maps.items()
        if len(level_map.rows)
    ]
    beta_map = None
    if surrogate.dense.p and block.beta_map is not None:
        beta_map = tf.constant(block.beta_map, tf.float64)

    def conditional_mean(centred: dict[Any, Any]) -> tuple[Any, bool]:
        loc = mean
        if beta_map is not None:
            loc = loc - tf.einsum("ldp,...p->...ld", beta_map, centred["beta"])
        for j, apply in later:
            loc = loc - apply(centred[j])
        return loc, beta_map is not None or bool(later)

    return conditional_mean


def _level_map(level_map: LevelMap, L: int, d: int) -> Any:
    """Return ``x (..., L_j, d_j) -> (..., L, d)``."""
    rows = tf.constant(level_map.rows, tf.int32)
    columns = tf.constant(level_map.columns, tf.int32)
    blocks = tf.constant(level_map.blocks, tf.float64)

    def apply(x: Any) -> Any:
        met = tf.gather(x, columns, axis=-2)
        pairs = tf.reduce_sum(blocks * met[..., tf.newaxis, :], axis=-1)
        leading = tf.shape(pairs)[:-2]
        flat = tf.reshape(pairs, [-1, len(level_map.rows), d])
        summed = tf.math.unsorted_segment_sum(tf.transpose(flat, [1, 0, 2]), rows, L)
        return tf.reshape(tf.transpose(summed, [1, 0, 2]), tf.concat([leading, [L, d]], axis=0))

    return apply
