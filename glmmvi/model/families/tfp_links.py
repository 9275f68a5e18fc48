"""Inverse links in TensorFlow; the same continuations as in `mean_links` and `unit_links`.

Importing this module loads TensorFlow.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from glmmvi.errors import ArgumentError
from glmmvi.model.families.link import Link
from glmmvi.model.families.mean_links import LogLink, PowerLink
from glmmvi.model.families.reciprocal_link import ReciprocalLink
from glmmvi.model.families.unit_links import CONTINUED_ABOVE, SMALL_HAZARD


def location(link: Link, eta: Any) -> Any:
    """Return the mean of any sign: identity, log, inverse."""
    if isinstance(link, LogLink):
        return tf.exp(eta)
    if isinstance(link, ReciprocalLink):
        if link.floor == 0.0:
            return 1.0 / eta
        side = link.sign * eta
        inside = tf.maximum(side, link.floor)
        return link.sign * (1.0 / inside - (side - inside) / link.floor**2)
    return eta


def log_mean(link: Link, eta: Any) -> Any:
    """Return the log of a positive mean: log and power links."""
    if not isinstance(link, PowerLink):
        return eta
    if link.floor == 0.0:
        return link.exponent * tf.math.log(eta)
    inside = tf.maximum(eta, link.floor)
    if link.rational:
        beyond = tf.maximum(2.0 * link.floor - eta, link.floor)
        return link.exponent * (tf.math.log(inside) - tf.math.log(beyond / link.floor))
    return link.exponent * (tf.math.log(inside) + (tf.minimum(eta, link.floor) / link.floor - 1.0))


def log_probabilities(link: Link, eta: Any) -> tuple[Any, Any]:
    """Return ``log mu`` and ``log(1 - mu)`` of a probability.

    Examples
    --------
    >>> from glmmvi.model.families.unit_links import UNIT_LINKS
    >>> upper, lower = log_probabilities(UNIT_LINKS["probit"], tf.constant([0.0], tf.float64))
    >>> upper.numpy().round(6).tolist()
    [-0.693147]
    """
    if link.name == "logit":
        return -tf.math.softplus(-eta), -tf.math.softplus(eta)
    if link.name == "probit":
        normal = tfp.distributions.Normal(tf.zeros([], eta.dtype), tf.ones([], eta.dtype))
        return normal.log_cdf(eta), normal.log_cdf(-eta)
    if link.name == "cauchit":
        one = tf.ones_like(eta)
        return (
            tf.math.log(tf.math.atan2(one, -eta) / np.pi),
            tf.math.log(tf.math.atan2(one, eta) / np.pi),
        )
    if link.name == "cloglog":
        hazard = tf.exp(tf.clip_by_value(eta, -700.0, 300.0))
        capped = tf.minimum(hazard, 700.0)
        upper = tf.math.log(-tf.math.expm1(-capped))
        return tf.where(eta < SMALL_HAZARD, eta - 0.5 * hazard, upper), -hazard
    if link.name == "log":
        edge = CONTINUED_ABOVE
        inside = tf.minimum(eta, edge)
        rest = np.log(-np.expm1(edge))
        beyond = rest + (np.exp(edge) / np.expm1(edge)) * tf.maximum(eta - edge, 0.0)
        above = eta > edge
        lower = tf.where(above, beyond, tf.math.log(-tf.math.expm1(inside)))
        return tf.where(above, tf.math.log(-tf.math.expm1(beyond)), inside), lower
    raise ArgumentError(f'link "{link.name}" is not a link of a probability')
