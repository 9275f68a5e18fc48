"""A vector whose entries have independent priors of different families, as a TFP distribution.

Importing this module loads TensorFlow.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp
from tensorflow_probability import bijectors as tfb
from tensorflow_probability import distributions as tfd

from glmmvi.errors import ArgumentError
from glmmvi.model.mixed_model_distribution import tracing_shapes
from glmmvi.model.priors import (
    Exponential,
    Flat,
    HalfCauchy,
    HalfNormal,
    Normal,
    OnLogScale,
    Prior,
    StudentT,
)


def _vector(values: Sequence[float]) -> Any:
    return tf.constant(np.asarray(values, dtype=np.float64))


def tfp_prior(family: Sequence[Any]) -> Any:
    """Return the TFP distribution, one batch entry a prior, of priors of one family.

    Parameters
    ----------
    family : sequence
        Priors of one class of `glmmvi.model.priors`, not `Flat` or `LKJ`.
    """
    first = family[0]
    if isinstance(first, OnLogScale):
        to_log = tfb.Chain([tfb.Scale(_vector([1.0 / f.rate for f in family])), tfb.Log()])
        return tfd.TransformedDistribution(tfp_prior([f.prior for f in family]), to_log)
    if isinstance(first, Normal):
        return tfd.Normal(_vector([f.loc for f in family]), _vector([f.scale for f in family]))
    if isinstance(first, StudentT):
        return tfd.StudentT(
            _vector([f.df for f in family]),
            _vector([f.loc for f in family]),
            _vector([f.scale for f in family]),
        )
    scales = _vector([f.rate if isinstance(f, Exponential) else f.scale for f in family])
    if isinstance(first, HalfNormal):
        return tfd.HalfNormal(scales)
    if isinstance(first, HalfCauchy):
        return tfd.HalfCauchy(tf.zeros_like(scales), scales)
    if isinstance(first, Exponential):
        return tfd.Exponential(scales)
    raise ArgumentError(f"{first!r} is not a prior for a vector of numbers")


class ColumnwisePrior(tfd.Distribution):
    """Independent priors, one for each entry of a vector.

    Parameters
    ----------
    priors : sequence of Prior, length m
        Any mixture of families.
    name : str
        Name of the variable.
    positive : bool
        Whether the entries are standard deviations: the default bijector is then softplus.
    scalar : bool
        Whether the variable is a number rather than a vector of length 1.

    Examples
    --------
    >>> prior = ColumnwisePrior([Normal(0.0, 1.0), Flat()], name="beta")
    >>> round(float(prior.log_prob([0.0, 7.0])), 6)
    -0.918939
    """

    def __init__(
        self,
        priors: Sequence[Prior | OnLogScale],
        name: str,
        *,
        positive: bool = False,
        scalar: bool = False,
    ) -> None:
        parameters = dict(locals())
        self._shape = [] if scalar else [len(priors)]
        self._positive = positive
        families: dict[Any, list[int]] = {}
        for position, prior in enumerate(priors):
            kind = (OnLogScale, type(prior.prior)) if isinstance(prior, OnLogScale) else type(prior)
            families.setdefault(kind, []).append(position)
        log_flat = families.pop((OnLogScale, Flat), [])
        self._flat = families.pop(Flat, []) + log_flat
        rates = {j: prior.rate for j in log_flat if isinstance(prior := priors[j], OnLogScale)}
        self._jacobian = _vector([rates.get(j, 0.0) for j in range(len(priors))]) if rates else None
        self._constant = sum(float(np.log(rate)) for rate in rates.values())
        self._parts = [
            (positions, tfp_prior([priors[j] for j in positions]))
            for positions in families.values()
        ]
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
        return tf.TensorShape(self._shape)

    def _event_shape_tensor(self) -> Any:
        return tf.constant(self._shape, dtype=tf.int32)

    def _batch_shape(self) -> Any:
        return tf.TensorShape([])

    def _batch_shape_tensor(self) -> Any:
        return tf.constant([], dtype=tf.int32)

    def _log_prob(self, value: Any) -> Any:
        if not self._shape:
            value = value[..., tf.newaxis]
        total = tf.zeros(tf.shape(value)[:-1], dtype=tf.float64) + self._constant
        if self._jacobian is not None:  # flat on the natural scale
            total += tf.reduce_sum(value * self._jacobian, axis=-1)
        for positions, distribution in self._parts:
            entries = tf.gather(value, positions, axis=-1)
            total += tf.reduce_sum(distribution.log_prob(entries), axis=-1)
        return total

    def _sample_n(self, n: Any, seed: Any = None) -> Any:
        draws, order = [], []
        if self._flat:
            if not tracing_shapes():
                raise ArgumentError(
                    f"{self.name} has an improper flat prior, which cannot be sampled: give its "
                    f"value, as in joint_distribution.sample({self.name}=...)"
                )
            draws.append(tf.ones([n, len(self._flat)], dtype=tf.float64))
            order += self._flat
        seeds = tfp.random.split_seed(seed, n=max(len(self._parts), 1))
        for (positions, distribution), part_seed in zip(
            self._parts, tf.unstack(seeds)[: len(self._parts)], strict=True
        ):
            draws.append(distribution.sample(n, seed=part_seed))
            order += positions
        vector = tf.gather(tf.concat(draws, axis=-1), np.argsort(order), axis=-1)
        return vector if self._shape else vector[..., 0]

    def _default_event_space_bijector(self) -> Any:
        return tfp.bijectors.Softplus() if self._positive else tfp.bijectors.Identity()
