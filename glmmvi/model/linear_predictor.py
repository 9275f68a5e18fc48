"""The linear predictor as a TensorFlow function, for any number of leading sample dimensions.

Importing this module loads TensorFlow.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from glmmvi.design.design_matrices import DesignMatrices
from glmmvi.design.random_term import RandomTerm


def fixed_part(design: DesignMatrices) -> Callable[[Any], Any]:
    """Return ``beta -> offset + X beta``.

    Parameters
    ----------
    design : DesignMatrices

    Returns
    -------
    callable
        From a tensor of shape ``(..., p)`` to one of shape ``(..., n)``, link scale.
    """
    X = tf.constant(design.X, dtype=tf.float64)
    offset = tf.constant(design.offset, dtype=tf.float64)

    def predict(beta: Any) -> Any:
        return offset + tf.einsum("np,...p->...n", X, beta)

    return predict


def random_part(term: RandomTerm) -> Callable[[Any], Any]:
    """Return ``b -> Z b[codes]`` of one term.

    Rows whose level is unknown (code -1) get 0.

    Parameters
    ----------
    term : RandomTerm

    Returns
    -------
    callable
        From random effects on the link scale, shape ``(..., L, d)``, to shape ``(..., n)``.
    """
    known = term.codes >= 0
    codes = tf.constant(np.where(known, term.codes, 0), dtype=tf.int32)
    Z = np.where(known[:, None], term.Z, 0.0)
    if term.d == 1 and np.all(Z == 1.0):
        return lambda b: tf.gather(b[..., 0], codes, axis=-1)
    columns = tf.constant(Z, dtype=tf.float64)
    return lambda b: tf.reduce_sum(columns * tf.gather(b, codes, axis=-2), axis=-1)


def linear_predictor(design: DesignMatrices) -> Callable[[Any, Sequence[Any]], Any]:
    """Return ``(beta, [b_1, ...]) -> eta``.

    Parameters
    ----------
    design : DesignMatrices

    Returns
    -------
    callable
        `beta` of shape ``(..., p)`` and random effects on the link scale of shapes
        ``(..., L, d)`` give `eta`, shape ``(..., n)``.
    """
    fixed = fixed_part(design)
    parts = [random_part(term) for term in design.terms]

    def predict(beta: Any, b: Sequence[Any]) -> Any:
        eta = fixed(beta)
        for part, effects in zip(parts, b, strict=True):
            eta += part(effects)
        return eta

    return predict
