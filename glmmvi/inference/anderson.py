"""Anderson acceleration of a fixed-point map.

Walker & Ni (2011), SIAM J. Numer. Anal. 49(4): the next point is the combination of the last
images whose combined residual is smallest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]

WINDOW = 5


@dataclass(frozen=True)
class MixingHistory:
    """The last points of a fixed-point iteration and their images.

    Attributes
    ----------
    points, images : tuple of float64, shape (k,)
        Oldest first.

    Examples
    --------
    A linear map in one dimension is solved by two points:

    >>> half_plus_one = lambda x: 0.5 * x + 1.0
    >>> history = MixingHistory()
    >>> for x in (np.array([0.0]), np.array([1.0])):
    ...     history = history.extended(x, half_plus_one(x))
    >>> history.mixed(np.ones(1))
    array([2.])
    """

    points: tuple[Vector, ...] = ()
    images: tuple[Vector, ...] = ()

    def extended(self, point: Vector, image: Vector) -> MixingHistory:
        """Add a point with its image, and forget the oldest beyond the window."""
        return MixingHistory(
            (*self.points, point)[-WINDOW:],
            (*self.images, image)[-WINDOW:],
        )

    def mixed(self, weights: Vector) -> Vector:
        """The extrapolated point; `weights` are those of the squared residuals, shape (k,)."""
        images = np.array(self.images)
        residuals = images - np.array(self.points)
        change = (residuals[1:] - residuals[:-1]) * np.sqrt(weights)
        last = residuals[-1] * np.sqrt(weights)
        step, *_ = np.linalg.lstsq(change.T, last, rcond=1e-10)
        return np.asarray(images[-1] - step @ (images[1:] - images[:-1]), dtype=np.float64)
