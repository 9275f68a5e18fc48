"""Log densities by TensorFlow, with elementwise derivatives by its autodiff.

Importing this module loads TensorFlow.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from glmmvi.model.families.density import Kernel

Array = NDArray[np.float64]


def elementwise_derivatives(
    log_prob: Callable[..., Any], n_dispersion: int, *, jit_compile: bool
) -> Callable[..., Any]:
    """Compile a log density with its derivatives.

    Parameters
    ----------
    log_prob : callable
        ``(data, eta, dispersion) -> log p``, elementwise: `data` a tuple of tensors that
        broadcast against `eta`, `dispersion` a tuple of unconstrained tensors of eta's shape.
    n_dispersion : int
        Number of dispersion parameters.
    jit_compile : bool
        Whether to compile by XLA: worth it for large data, some seconds of compilation for
        every shape.

    Returns
    -------
    callable
        ``(data, eta, dispersion (k,), second) -> (log p, first, second, *by dispersion)``; with
        ``second=False`` the second derivative is not computed and eta's shape of zeros stands
        for it. `second` is a Python bool.
    """

    @tf.function(jit_compile=jit_compile, reduce_retracing=True)
    def evaluate(data: Any, eta: Any, dispersion: Any, second: bool) -> Any:
        spread = tuple(tf.fill(tf.shape(eta), dispersion[j]) for j in range(n_dispersion))
        with tf.GradientTape() as outer:
            outer.watch(eta)
            with tf.GradientTape() as inner:
                inner.watch((eta, *spread))
                value = log_prob(data, eta, spread)
            first, *rest = inner.gradient(
                value, (eta, *spread), unconnected_gradients=tf.UnconnectedGradients.ZERO
            )
        bend = tf.zeros_like(eta)
        if second:
            bend = outer.gradient(first, eta, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        return (value, first, bend, *rest)

    return evaluate


@dataclass(frozen=True, eq=False)
class TfpKernel:
    """A kernel that TensorFlow evaluates.

    Attributes
    ----------
    evaluate : callable
        Of `elementwise_derivatives`.
    data : tuple of float64, shape (n,)
        What the log density needs of every row: the response, totals.
    """

    evaluate: Callable[..., Any]
    data: tuple[Array, ...]

    def __call__(self, eta: Array, dispersion: Array, rows: slice, second: bool) -> Kernel:
        """Return the kernel and its derivatives at `eta`."""
        parts = self.evaluate(
            tuple(tf.constant(values[rows], tf.float64) for values in self.data),
            tf.constant(eta, tf.float64),
            tf.constant(dispersion, tf.float64),
            second,
        )
        value, first, bend, *rest = (part.numpy() for part in parts)
        return Kernel(value, first, bend if second else None, tuple(rest))


def sample_numpy(distribution: Any, rng: np.random.Generator) -> Array:
    """Draw once from a TFP distribution, seeded by a NumPy generator."""
    seed = rng.integers(0, 2**31 - 1, size=2).astype(np.int32)
    return np.asarray(distribution.sample(seed=tf.constant(seed)), dtype=np.float64)
