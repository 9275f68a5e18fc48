"""A TFP distribution seen through totals and weights.

Importing this module loads TensorFlow.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp
from numpy.typing import NDArray

from glmmvi.model.families.tfp_distribution import ElementwiseDistribution


class WeightedDistribution(ElementwiseDistribution):
    """`base` with log densities multiplied by weights, of proportions instead of counts.

    Parameters
    ----------
    base : tfp.distributions.Distribution
        Batch shape ``(..., n)``, scalar events.
    weights : float64, shape (n,), optional
        Multiply the log density; draws ignore them.
    totals : float64, shape (n,), optional
        `base` is the distribution of ``totals * y``.
    name : str

    Examples
    --------
    >>> zero, four = tf.zeros([1], tf.float64), tf.constant([4.0], tf.float64)
    >>> base = tfp.distributions.Binomial(four, logits=zero)
    >>> shares = WeightedDistribution(base, None, np.array([4.0]))
    >>> np.exp(shares.log_prob([0.5]).numpy()).round(6).tolist()
    [0.375]
    """

    def __init__(
        self,
        base: Any,
        weights: NDArray[np.float64] | None = None,
        totals: NDArray[np.float64] | None = None,
        name: str = "WeightedDistribution",
    ) -> None:
        parameters = dict(locals())
        self._base = base
        self._weights = None if weights is None else tf.constant(weights, tf.float64)
        self._totals = None if totals is None else tf.constant(totals, tf.float64)
        super().__init__(parameters, name)

    @classmethod
    def _parameter_properties(cls, dtype: Any, num_classes: Any = None) -> Any:
        return {"base": tfp.util.BatchedComponentProperties()}

    def _sample_n(self, n: Any, seed: Any = None) -> Any:
        draws = self._base.sample(n, seed=seed)
        return draws if self._totals is None else draws / tf.maximum(self._totals, 1.0)

    def _log_prob(self, value: Any) -> Any:
        value = tf.convert_to_tensor(value, tf.float64)
        # The base's density of an impossible row may be NaN; a weight of 0 hides it.
        result = self._base.log_prob(value if self._totals is None else value * self._totals)
        if self._weights is None:
            return result
        seen = self._weights > 0.0
        return tf.where(seen, self._weights * result, tf.zeros_like(result))

    def _mean(self) -> Any:
        mean = self._base.mean()
        return mean if self._totals is None else mean / tf.maximum(self._totals, 1.0)

    def _default_event_space_bijector(self) -> Any:
        return self._base.experimental_default_event_space_bijector()
