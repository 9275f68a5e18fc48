r"""The inverse link of a mean that may have either sign (gaussian family).

``mu = 1 / eta`` has a pole at 0 that a Gaussian for ``eta`` always passes. A fit stays on the side
of the pole where the response lies and, closer to it than a `floor`, continues the mean as a
straight line, with its value and first derivative.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from glmmvi.model.families.link import Link

Array = NDArray[np.float64]


@dataclass(frozen=True)
class ReciprocalLink(Link):
    """``1 / mu``, continued as a straight line between the pole and `floor`, and beyond it.

    Attributes
    ----------
    floor : float
        Not negative; 0: not continued.
    sign : float
        Side of the pole: 1 or -1.

    Examples
    --------
    >>> ReciprocalLink(floor=0.5).inverse(np.array([2.0, 0.5, 0.25])).tolist()
    [0.5, 2.0, 3.0]
    """

    name: str = "inverse"
    floor: float = 0.0
    sign: float = 1.0

    def for_response(self, y: Array) -> ReciprocalLink:
        """Return the link for a response: its side, and continued from ``10 max |y|`` on."""
        if self.floor > 0.0:
            return self
        largest = float(np.max(np.abs(y)))
        floor = 0.1 / largest if largest > 0.0 else 0.1
        return replace(self, floor=floor, sign=1.0 if np.mean(y) >= 0.0 else -1.0)

    def link(self, mu: Array) -> Array:
        """Linear predictor of a mean, elementwise."""
        return 1.0 / np.asarray(mu, dtype=np.float64)

    def inverse(self, eta: Array) -> Array:
        """Mean of a linear predictor, elementwise."""
        return self.mean(np.asarray(eta, dtype=np.float64))[0]

    def mu_eta(self, eta: Array) -> Array:
        """Derivative of the mean in the linear predictor, elementwise."""
        return self.mean(np.asarray(eta, dtype=np.float64))[1]

    def mean(self, eta: Array) -> tuple[Array, Array, Array]:
        """Mean and its two derivatives in `eta`, elementwise."""
        if self.floor == 0.0:
            value = 1.0 / eta
            return value, -value * value, 2.0 * value**3
        side = self.sign * eta
        inside = np.maximum(side, self.floor)
        value = 1.0 / inside
        slope = -value * value
        bend = np.where(side < self.floor, 0.0, 2.0 * value**3)
        value = value + slope * (side - inside)
        return self.sign * value, slope, self.sign * bend
