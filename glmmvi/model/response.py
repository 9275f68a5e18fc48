"""The gaussian response as a TFP distribution.

Importing this module loads TensorFlow.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp
from numpy.typing import NDArray

tfd = tfp.distributions


def gaussian_response(eta: Any, sigma: Any, weights: NDArray[np.float64], name: str = "y") -> Any:
    """Return ``y ~ N(eta, sigma / sqrt(weights))``, elementwise.

    An observation of weight 0 keeps its place but says nothing: its log density is 0 and its
    draw is `eta`.

    Parameters
    ----------
    eta : float64 tensor, shape (..., n)
        Linear predictor.
    sigma : float64 tensor, shape (...)
        Residual sd.
    weights : float64, shape (n,)
        Prior weights, not negative.
    name : str
        Name of the variable.

    Returns
    -------
    tfp.distributions.Distribution
        Batch shape ``(..., n)``, scalar events.
    """
    informative = weights > 0.0
    scale = sigma
    if isinstance(sigma, tf.Tensor) and sigma.shape.rank:
        scale = sigma[..., tf.newaxis]
    if np.any(weights != 1.0):
        scale = scale / np.sqrt(np.where(informative, weights, 1.0))
    normal = tfd.Normal(loc=eta, scale=tf.convert_to_tensor(scale, tf.float64), name=name)
    return normal if np.all(informative) else tfd.Masked(normal, informative, name=name)
