"""Unconstrained parameters of a model, piece by piece, as latent variables of its TFP model.

Importing this module loads TensorFlow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from tensorflow_probability import bijectors as tfb

from glmmvi.model.latent_names import latent_names


@dataclass(frozen=True)
class ParameterPiece:
    """Consecutive coordinates that make one latent variable.

    Attributes
    ----------
    name : str
        Of the latent variable.
    size : int
        Number of coordinates.
    constrain : tfp.bijectors.Bijector or None
        From the coordinates to the variable; ``None`` where they are the same.
    """

    name: str
    size: int
    constrain: Any = None


def parameter_pieces(
    labels: Sequence[str], d: Sequence[int], p: int, k: int, *, linear: bool
) -> tuple[ParameterPiece, ...]:
    """Pieces in the order of `glmmvi.inference.parameter_targets.ParameterLayout`.

    Parameters
    ----------
    labels : sequence of str
        Of the terms.
    d : sequence of int
        Their columns.
    p, k : int
        Fixed effects; 1 (``log sigma``) or dispersion parameters.
    linear : bool

    Returns
    -------
    tuple of ParameterPiece
    """
    sds, cholesky = latent_names(labels, "sds"), latent_names(labels, "cholesky")
    pieces = []
    for r, size in enumerate(d):
        pieces.append(ParameterPiece(sds[r], size, tfb.Exp()))
        if size > 1:
            below = size * (size - 1) // 2
            spiral = tfb.Permute(spiral_order(size))
            constrain = tfb.Chain([tfb.CorrelationCholesky(), spiral])
            pieces.append(ParameterPiece(cholesky[r], below, constrain))
    if p:
        pieces.append(ParameterPiece("beta", p))
    if linear:
        scalar = tfb.Chain([tfb.Reshape([], event_shape_in=[1]), tfb.Exp()])
        pieces.append(ParameterPiece("sigma", 1, scalar))
    elif k:
        pieces.append(ParameterPiece("dispersion", k))
    return tuple(pieces)


def spiral_order(d: int) -> Any:
    """Where each number that ``CorrelationCholesky`` takes stands among rows of a triangle.

    TFP fills the triangle below the diagonal in a spiral (``tfp.math.fill_triangular``).

    Examples
    --------
    >>> spiral_order(3).tolist()
    [2, 1, 0]
    """
    n = d - 1
    count = n * (n + 1) // 2
    numbers = np.arange(count)
    square = np.concatenate([numbers[n:], numbers[::-1]]).reshape(n, n)
    order = np.empty(count, dtype=np.int32)
    order[square[np.tril_indices(n)]] = np.arange(count)
    return order
