"""The TFP coroutine that defines a gaussian mixed model at fitted parameters.

Importing this module loads TensorFlow.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp
from numpy.typing import ArrayLike, NDArray

from glmmvi.design.design_matrices import DesignMatrices
from glmmvi.model.columnwise_prior import ColumnwisePrior
from glmmvi.model.latent_names import latent_names
from glmmvi.model.linear_predictor import linear_predictor
from glmmvi.model.mixed_model_distribution import MixedModelDistribution
from glmmvi.model.priors import Flat
from glmmvi.model.response import gaussian_response

tfd = tfp.distributions
Root = tfd.JointDistributionCoroutine.Root


def build_joint_distribution(
    design: DesignMatrices,
    factors: Sequence[NDArray[np.float64]],
    sigma: float,
    *,
    beta: ArrayLike | None = None,
) -> MixedModelDistribution:
    """Build the generative model of a structured gaussian fit.

    With ``beta=None`` (REML) the fixed effects are the latent variable ``beta`` under an
    improper flat prior; otherwise (ML) they are constants. Each term is a latent variable
    ``u_<label>`` of spherical random effects with sd `sigma`, lme4's convention, so that
    ``b = u Lambda'``.

        beta ~ flat                                  (p,)      REML only
        u_r  ~ N(0, sigma^2 I)                       (L_r, d_r)
        y    ~ N(offset + X beta + sum_r Z_r Lambda_r u_r[codes_r],  sigma / sqrt(weights))

    Parameters
    ----------
    design : DesignMatrices
    factors : sequence of float64, shape (d_r, d_r)
        Lower-triangular relative covariance factor ``Lambda_r`` of each term.
    sigma : float
        Residual sd.
    beta : float64, shape (p,), optional
        Fixed effects of a maximum-likelihood fit.

    Returns
    -------
    MixedModelDistribution
        A ``JointDistributionCoroutineAutoBatched``: ``sample(beta=..., seed=...)``,
        ``log_prob``, ``experimental_pin(y=design.y)``. Any number of leading sample dimensions
        is allowed in every variable.

    Raises
    ------
    ArgumentError
        By ``sample()`` without ``beta`` in a REML model.
    """
    names = latent_names((term.label for term in design.terms), "u")
    scales = [tf.constant(factor, dtype=tf.float64) for factor in factors]
    eta = linear_predictor(design)
    fixed = None if beta is None else tf.constant(np.asarray(beta), dtype=tf.float64)
    if fixed is None and design.p == 0:
        fixed = tf.zeros([0], dtype=tf.float64)
    sd = tf.constant(sigma, dtype=tf.float64)

    def model() -> Generator[Any, Any, None]:
        coefficients = fixed
        if coefficients is None:
            coefficients = yield Root(ColumnwisePrior([Flat()] * design.p, name="beta"))
        effects = []
        for name, term, scale in zip(names, design.terms, scales, strict=True):
            spherical = yield Root(
                tfd.Sample(tfd.Normal(tf.zeros([], tf.float64), sd), [term.L, term.d], name=name)
            )
            effects.append(tf.einsum("...ld,ed->...le", spherical, scale))
        yield gaussian_response(eta(coefficients, effects), sd, design.weights, name="y")

    return MixedModelDistribution(model, use_vectorized_map=False, name="mixed_model")
