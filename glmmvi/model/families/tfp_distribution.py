"""What the package's own elementwise TFP distributions have in common.

Importing this module loads TensorFlow.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf
import tensorflow_probability as tfp


class ElementwiseDistribution(tfp.distributions.Distribution):
    """A float64 distribution of scalars whose draws have no gradient.

    Subclasses give ``_sample_n``, ``_log_prob`` and ``_parameter_properties``.

    Parameters
    ----------
    parameters : dict
        ``dict(locals())`` of the subclass's constructor, as TFP wants it.
    name : str
    """

    def __init__(self, parameters: dict[str, Any], name: str) -> None:
        super().__init__(
            dtype=tf.float64,
            reparameterization_type=tfp.distributions.NOT_REPARAMETERIZED,
            validate_args=False,
            allow_nan_stats=True,
            parameters=parameters,
            name=name,
        )

    def _event_shape(self) -> Any:
        return tf.TensorShape([])

    def _event_shape_tensor(self) -> Any:
        return tf.constant([], tf.int32)
