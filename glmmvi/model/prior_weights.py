"""Prior weights of a design, without the totals that ``cbind`` puts into its weights."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from glmmvi.design.design_matrices import DesignMatrices


def prior_weights(design: DesignMatrices) -> NDArray[np.float64] | None:
    """Return the weights that the user gave, or None.

    For ``cbind(s, f)`` the design's weights are those times the totals; a row without any
    trial says nothing whatever its weight, and gets weight 1 here.

    Parameters
    ----------
    design : DesignMatrices

    Returns
    -------
    float64, shape (n,), or None
    """
    if not design.has_weights:
        return None
    if design.totals is None:
        return design.weights
    seen = design.totals > 0.0
    return np.where(seen, design.weights / np.where(seen, design.totals, 1.0), 1.0)
