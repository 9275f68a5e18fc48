"""A joint distribution some of whose variables may have an improper prior.

Importing this module loads TensorFlow.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from tensorflow_probability import distributions as tfd

_tracing: ContextVar[bool] = ContextVar("glmmvi_tracing_a_joint_distribution", default=False)


def tracing_shapes() -> bool:
    """Whether TFP is drawing only to learn the shapes and types of a joint distribution."""
    return _tracing.get()


@contextmanager
def _placeholder_draws() -> Iterator[None]:
    """Let an improper prior answer with a placeholder while TFP looks at shapes and types."""
    token = _tracing.set(True)
    try:
        yield
    finally:
        _tracing.reset(token)


class MixedModelDistribution(tfd.JointDistributionCoroutineAutoBatched):
    """`JointDistributionCoroutineAutoBatched` whose coroutine may yield improper priors.

    TFP draws once from every coroutine to learn its shapes; a variable with a flat prior answers
    that draw with a placeholder and every other one with an error.
    """

    def _get_single_sample_distributions(self, candidate_dists: Any = None) -> Any:
        with _placeholder_draws():
            return super()._get_single_sample_distributions(candidate_dists=candidate_dists)

    def _get_static_distribution_attributes(self, seed: Any = None) -> Any:
        with _placeholder_draws():
            return super()._get_static_distribution_attributes(seed=seed)
