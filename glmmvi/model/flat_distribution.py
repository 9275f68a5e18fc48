"""The improper flat prior as a TFP distribution, and a joint distribution that may contain it.

Importing this module loads TensorFlow.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import tensorflow as tf
import tensorflow_probability as tfp

from glmmvi.errors import ArgumentError

tfd = tfp.distributions

_tracing: ContextVar[bool] = ContextVar("glmmvi_tracing_a_joint_distribution", default=False)


@contextmanager
def _placeholder_draws() -> Iterator[None]:
    """Let a flat distribution answer with zeros while TFP looks at shapes and types."""
    token = _tracing.set(True)
    try:
        yield
    finally:
        _tracing.reset(token)


class Flat(tfd.Distribution):
    """Improper flat distribution on vectors: its log density is 0 everywhere.

    Parameters
    ----------
    length : int
        Length of the vectors.
    name : str
        Name of the variable, in the joint distribution as well.

    Raises
    ------
    ArgumentError
        When it is sampled: there is no such draw.

    Examples
    --------
    >>> float(Flat(2, name="beta").log_prob([3.0, -1.0]))
    0.0
    """

    def __init__(self, length: int, name: str = "Flat") -> None:
        parameters = dict(locals())
        self._length = int(length)
        super().__init__(
            dtype=tf.float64,
            reparameterization_type=tfd.NOT_REPARAMETERIZED,
            validate_args=False,
            allow_nan_stats=True,
            parameters=parameters,
            name=name,
        )

    @classmethod
    def _parameter_properties(cls, dtype: Any, num_classes: Any = None) -> dict[str, Any]:
        return {}

    def _event_shape(self) -> Any:
        return tf.TensorShape([self._length])

    def _event_shape_tensor(self) -> Any:
        return tf.constant([self._length], dtype=tf.int32)

    def _batch_shape(self) -> Any:
        return tf.TensorShape([])

    def _batch_shape_tensor(self) -> Any:
        return tf.constant([], dtype=tf.int32)

    def _log_prob(self, value: Any) -> Any:
        return tf.zeros(tf.shape(value)[:-1], dtype=tf.float64)

    def _sample_n(self, n: Any, seed: Any = None) -> Any:
        if not _tracing.get():
            raise ArgumentError(
                f"{self.name} has an improper flat prior, which cannot be sampled: give its "
                f"value, as in joint_distribution.sample({self.name}=...)"
            )
        return tf.zeros([n, self._length], dtype=tf.float64)

    def _default_event_space_bijector(self) -> Any:
        return tfp.bijectors.Identity(validate_args=self.validate_args)


class MixedModelDistribution(tfd.JointDistributionCoroutineAutoBatched):
    """`JointDistributionCoroutineAutoBatched` whose coroutine may yield a `Flat`.

    TFP draws once from every coroutine to learn its shapes; a flat variable answers that draw
    with zeros and every other one with an error.
    """

    def _get_single_sample_distributions(self, candidate_dists: Any = None) -> Any:
        with _placeholder_draws():
            return super()._get_single_sample_distributions(candidate_dists=candidate_dists)

    def _get_static_distribution_attributes(self, seed: Any = None) -> Any:
        with _placeholder_draws():
            return super()._get_static_distribution_attributes(seed=seed)
