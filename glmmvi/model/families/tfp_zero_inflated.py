"""Zero-inflated counts as a TFP distribution.

Importing this module loads TensorFlow.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf
import tensorflow_probability as tfp

from glmmvi.model.families.tfp_distribution import ElementwiseDistribution


class ZeroInflatedCounts(ElementwiseDistribution):
    """0 with probability ``sigmoid(logits)``, else a count of `base`.

    Parameters
    ----------
    base : tfp.distributions.Distribution
        Batch shape ``(..., n)``, scalar events.
    logits : float64 tensor
        Broadcasts against the batch shape of `base`.
    name : str

    Examples
    --------
    >>> base = tfp.distributions.Poisson(tf.ones([1], tf.float64))
    >>> y = ZeroInflatedCounts(base, tf.zeros([1], tf.float64))
    >>> y.log_prob([0.0]).numpy().round(6).tolist()
    [-0.379885]
    """

    def __init__(self, base: Any, logits: Any, name: str = "ZeroInflatedCounts") -> None:
        parameters = dict(locals())
        self._base = base
        self._logits = tf.convert_to_tensor(logits, tf.float64)
        super().__init__(parameters, name)

    @classmethod
    def _parameter_properties(cls, dtype: Any, num_classes: Any = None) -> Any:
        return {
            "base": tfp.util.BatchedComponentProperties(),
            "logits": tfp.util.ParameterProperties(),
        }

    def _sample_n(self, n: Any, seed: Any = None) -> Any:
        first, second = tfp.random.split_seed(seed, n=2, salt="zero_inflated")
        draws = self._base.sample(n, seed=first)
        uniform = tfp.distributions.Uniform(tf.zeros_like(draws), tf.ones_like(draws))
        extra = uniform.sample(seed=second) < tf.sigmoid(self._logits)
        return tf.where(extra, tf.zeros_like(draws), draws)

    def _log_prob(self, value: Any) -> Any:
        value = tf.convert_to_tensor(value, tf.float64)
        density = self._base.log_prob(value)
        rest = -tf.math.softplus(self._logits)
        at_zero = rest + tfp.math.log_add_exp(self._logits + tf.zeros_like(density), density)
        return tf.where(value == 0.0, at_zero, rest + density)

    def _mean(self) -> Any:
        return tf.sigmoid(-self._logits) * self._base.mean()
