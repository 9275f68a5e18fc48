"""What a link function is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Link:
    """A link function ``eta = g(mu)``; this one is the identity.

    Attributes
    ----------
    name : str
        As R prints it: ``"logit"``, ``"1/mu^2"``.
    """

    name: str = "identity"

    def link(self, mu: NDArray[np.float64]) -> NDArray[np.float64]:
        """Linear predictor of a mean, elementwise."""
        return np.array(mu, dtype=np.float64)

    def inverse(self, eta: NDArray[np.float64]) -> NDArray[np.float64]:
        """Mean of a linear predictor, elementwise."""
        return np.array(eta, dtype=np.float64)

    def mu_eta(self, eta: NDArray[np.float64]) -> NDArray[np.float64]:
        """Derivative of the mean in the linear predictor, elementwise."""
        return np.ones_like(eta)
