"""The TFP coroutine that defines a generalized mixed model at fitted parameters.

Importing this module loads TensorFlow.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike, NDArray
from tensorflow_probability import distributions as tfd

from glmmvi.design.design_matrices import DesignMatrices
from glmmvi.model.families.family import Family
from glmmvi.model.families.tfp_response import response_distribution
from glmmvi.model.latent_names import latent_names
from glmmvi.model.linear_predictor import linear_predictor
from glmmvi.model.mixed_model_distribution import MixedModelDistribution
from glmmvi.model.prior_weights import prior_weights

Root = tfd.JointDistributionCoroutine.Root


def build_generalized_joint_distribution(
    design: DesignMatrices,
    family: Family,
    factors: Sequence[NDArray[np.float64]],
    beta: ArrayLike,
    dispersion: ArrayLike = (),
) -> MixedModelDistribution:
    """Build the generative model of a structured generalized fit.

        u_r  ~ N(0, I)                                             (L_r, d_r)
        y    ~ family(offset + X beta + sum_r Z_r Lambda_r u_r[codes_r], dispersion)

    Parameters
    ----------
    design : DesignMatrices
    family : Family
    factors : sequence of float64, shape (d_r, d_r)
        Lower-triangular covariance factor ``Lambda_r`` of each term, link scale.
    beta : float64, shape (p,)
        Fixed effects.
    dispersion : float64, shape (k,)
        Unconstrained dispersion parameters.

    Returns
    -------
    MixedModelDistribution
        A ``JointDistributionCoroutineAutoBatched``: ``sample(seed=...)``, ``log_prob``,
        ``experimental_pin(y=design.y)``. Any number of leading sample dimensions is allowed in
        every variable. ``y`` is what ``design.y`` is: for binomial families a proportion, whose
        log density is that of the number of successes (R's ``dbinom``). Prior weights multiply
        the log density and a weight of 0 silences a row; draws ignore them, but for the
        gaussian family, where they are precisions.
    """
    names = latent_names((term.label for term in design.terms), "u")
    scales = [tf.constant(factor, dtype=tf.float64) for factor in factors]
    eta = linear_predictor(design)
    fixed = tf.constant(np.asarray(beta), dtype=tf.float64)
    unconstrained = tf.constant(np.asarray(dispersion), dtype=tf.float64)
    weights, fitted = prior_weights(design), family.for_response(design.y)
    zero, one = tf.zeros([], tf.float64), tf.ones([], tf.float64)

    def model() -> Generator[Any, Any, None]:
        effects = []
        for name, term, scale in zip(names, design.terms, scales, strict=True):
            spherical = yield Root(tfd.Sample(tfd.Normal(zero, one), [term.L, term.d], name=name))
            effects.append(tf.einsum("...ld,ed->...le", spherical, scale))
        yield response_distribution(
            fitted,
            eta(fixed, effects),
            unconstrained,
            weights=weights,
            totals=design.totals,
            name="y",
        )

    return MixedModelDistribution(model, use_vectorized_map=False, name="mixed_model")
