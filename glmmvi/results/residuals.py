"""Residuals of a linear mixed model."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from glmmvi.design.design_matrices import DesignMatrices
from glmmvi.errors import ArgumentError
from glmmvi.results.estimates import Estimates
from glmmvi.results.prediction import linear_predictor

_WEIGHTED = {"response": False, "working": False, "pearson": True, "deviance": True}


def residuals(
    design: DesignMatrices, estimates: Estimates, type: str, *, scaled: bool
) -> NDArray[np.float64]:
    """Residuals of every row used.

    Parameters
    ----------
    design : DesignMatrices
    estimates : Estimates
    type : {"response", "working", "pearson", "deviance"}
        The last two are multiplied by the square root of the weights (R's behaviour).
    scaled : bool
        Whether to divide by the residual standard deviation.

    Returns
    -------
    float64, shape (n,)

    Raises
    ------
    ArgumentError
        If there is no such type.
    """
    if type not in _WEIGHTED:
        raise ArgumentError(
            f"there are no {type!r} residuals; the types are {', '.join(_WEIGHTED)}"
        )
    values = design.y - linear_predictor(design, estimates)
    if _WEIGHTED[type]:
        values = values * np.sqrt(design.weights)
    return values / estimates.sigma if scaled else values


def scaled_residuals(design: DesignMatrices, estimates: Estimates) -> NDArray[np.float64]:
    """Pearson residuals divided by sigma, shape (n,): what ``summary()`` shows quantiles of."""
    return residuals(design, estimates, "pearson", scaled=True)
