"""The Tweedie distribution with power between 1 and 2, which TFP does not have.

Importing this module loads TensorFlow.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from glmmvi.model.families.tfp_distribution import ElementwiseDistribution
from glmmvi.model.families.tweedie_series import tweedie_series

tfd = tfp.distributions


class Tweedie(ElementwiseDistribution):
    """Compound Poisson-Gamma with mean ``exp(log_mean)`` and variance ``phi mean^power``.

    The normalising series is NumPy's, with its own derivatives; it is not compiled by XLA.

    Parameters
    ----------
    log_mean : float64 tensor, shape (..., n)
    phi, power : float64 tensor, scalar
        Dispersion; power, strictly between 1 and 2.
    name : str

    Examples
    --------
    >>> y = Tweedie(tf.zeros([2], tf.float64), 1.0, 1.5)
    >>> y.log_prob([0.0, 1.0]).numpy().round(6).tolist()
    [-2.0, -1.028615]
    """

    def __init__(self, log_mean: Any, phi: Any, power: Any, name: str = "Tweedie") -> None:
        parameters = dict(locals())
        self._log_mean = tf.convert_to_tensor(log_mean, tf.float64)
        self._phi = tf.convert_to_tensor(phi, tf.float64)
        self._power = tf.convert_to_tensor(power, tf.float64)
        super().__init__(parameters, name)

    @classmethod
    def _parameter_properties(cls, dtype: Any, num_classes: Any = None) -> Any:
        properties = tfp.util.ParameterProperties
        return {"log_mean": properties(), "phi": properties(), "power": properties()}

    def _sample_n(self, n: Any, seed: Any = None) -> Any:
        first, second = tfp.random.split_seed(seed, n=2, salt="tweedie")
        phi, power = self._phi, self._power
        rate = tf.exp((2.0 - power) * self._log_mean) / (phi * (2.0 - power))
        jumps = tfd.Poisson(rate).sample(n, seed=first)
        shape = jumps * (2.0 - power) / (power - 1.0)
        scale = phi * (power - 1.0) * tf.exp((power - 1.0) * self._log_mean)
        positive = tfd.Gamma(tf.where(jumps > 0.0, shape, 1.0), 1.0 / scale)
        return tf.where(jumps > 0.0, positive.sample(seed=second), 0.0)

    def _log_prob(self, value: Any) -> Any:
        value = tf.convert_to_tensor(value, tf.float64)
        phi, power = self._phi, self._power
        rise = value * tf.exp((1.0 - power) * self._log_mean) / (power - 1.0)
        fall = tf.exp((2.0 - power) * self._log_mean) / (2.0 - power)
        shape = tf.broadcast_dynamic_shape(tf.shape(value), tf.shape(phi))
        arguments = (tf.broadcast_to(part, shape) for part in (value, phi, power))
        return _log_series(*arguments) - (rise + fall) / phi

    def _mean(self) -> Any:
        return tf.exp(self._log_mean)

    def _variance(self) -> Any:
        return self._phi * tf.exp(self._power * self._log_mean)


def _series(y: Any, phi: Any, power: Any) -> Any:
    """Evaluate the series and both derivatives with NumPy; 0 where ``y = 0``."""
    result = np.zeros((3, *y.shape))
    pairs = np.unique(np.stack([phi.ravel(), power.ravel()], axis=1), axis=0)
    for one_phi, one_power in pairs:
        rows = (phi == one_phi) & (power == one_power) & (y > 0.0)
        if rows.any():
            values, codes = np.unique(y[rows], return_inverse=True)
            series = tweedie_series(values, float(one_phi), float(one_power))
            by_phi = series.by_log_phi / one_phi
            result[:, rows] = np.stack([series.log_a, by_phi, series.by_power])[:, codes]
    return result


@tf.custom_gradient
def _log_series(y: Any, phi: Any, power: Any) -> Any:
    result = tf.numpy_function(_series, (y, phi, power), tf.float64, stateful=False)
    result = tf.ensure_shape(result, [3, *y.shape])

    def gradient(upstream: Any) -> Any:
        return tf.zeros_like(y), upstream * result[1], upstream * result[2]

    return result[0], gradient
