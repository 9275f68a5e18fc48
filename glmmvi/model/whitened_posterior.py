"""The log posterior of a Bayesian model in coordinates that a Gaussian has made round.

Importing this module loads TensorFlow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from glmmvi.model.bayesian_joint_distribution import BayesianModel
from glmmvi.model.parameter_pieces import ParameterPiece

Array = NDArray[np.float64]


@dataclass(frozen=True)
class WhitenedPosterior:
    """An affine change of variables, ``psi = mean + scale_tril e``, ``u = u_mean + D e + s z``.

    ``(e, z)`` are the coordinates, about standard normal where the Gaussian is a good one; `psi`
    are the unconstrained parameters and `u` the spherical random effects of all terms.

    Attributes
    ----------
    model : BayesianModel
        With spherical random effects (``centred=False``).
    pieces : sequence of ParameterPiece
        The latent variables that `psi` makes.
    mean : float64, shape (k,)
    scale_tril : float64, shape (k, k)
    u_mean, u_sd : float64, shape (q,)
    slopes : float64, shape (k, q)
        ``D'``.
    """

    model: BayesianModel
    pieces: Sequence[ParameterPiece]
    mean: Array
    scale_tril: Array
    u_mean: Array
    u_sd: Array
    slopes: Array

    @property
    def size(self) -> int:
        """Number of coordinates."""
        return len(self.mean) + len(self.u_mean)

    def latents(self, x: Any) -> tuple[dict[str, Any], Any]:
        """Latent variables of the model, and the log Jacobian of the constraints.

        Parameters
        ----------
        x : float64 tensor, shape (..., k + q)

        Returns
        -------
        values : dict of tensors
        log_jacobian : float64 tensor, shape (...)
        """
        k = len(self.mean)
        e, z = x[..., :k], x[..., k:]
        psi = self.mean + tf.einsum("ij,...j->...i", tf.constant(self.scale_tril), e)
        u = self.u_mean + tf.einsum("jq,...j->...q", tf.constant(self.slopes), e) + self.u_sd * z
        values: dict[str, Any] = {}
        log_jacobian: Any = tf.zeros(tf.shape(x)[:-1], tf.float64)
        start = 0
        for piece in self.pieces:
            own = psi[..., start : start + piece.size]
            start += piece.size
            if piece.constrain is None:
                values[piece.name] = own
                continue
            values[piece.name] = piece.constrain.forward(own)
            log_jacobian += piece.constrain.forward_log_det_jacobian(own, event_ndims=1)
        start = 0
        for variable in self.model.latents:
            if variable.kind == "effects":
                L, d = variable.shape
                flat = u[..., start : start + L * d]
                shape = tf.concat([tf.shape(flat)[:-1], [L, d]], axis=0)
                values[variable.name] = tf.reshape(flat, shape)
                start += L * d
        return values, log_jacobian

    def log_prob(self, x: Any) -> Any:
        """Log posterior density of the coordinates, up to a constant, shape (...)."""
        values, log_jacobian = self.latents(x)
        return self.model.pinned.log_prob(**values) + log_jacobian
