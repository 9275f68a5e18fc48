"""Residuals of a generalized linear mixed model."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from glmmvi.design.design_matrices import DesignMatrices
from glmmvi.errors import ArgumentError
from glmmvi.model.families import Family

TYPES = ("deviance", "pearson", "working", "response")


def generalized_residuals(
    design: DesignMatrices,
    family: Family,
    eta: NDArray[np.float64],
    dispersion: NDArray[np.float64],
    type: str | None,
) -> NDArray[np.float64]:
    """Residuals of every row used, as R's ``residuals.glmResp``.

    Parameters
    ----------
    design : DesignMatrices
    family : Family
    eta : float64, shape (n,)
        Linear predictor, random effects included.
    dispersion : float64, shape (k,)
        Unconstrained.
    type : {"deviance", "pearson", "working", "response"}, optional
        By default deviance residuals where the family has them, as lme4, else response
        residuals, as glmmTMB.

    Returns
    -------
    float64, shape (n,)

    Raises
    ------
    ArgumentError
        If there is no such type, or the family has no deviance residuals.
    """
    if type is None:
        type = "deviance" if family.has_deviance_residuals else "response"
    if type not in TYPES:
        raise ArgumentError(f"there are no {type!r} residuals; the types are {', '.join(TYPES)}")
    mu = family.inverse_link(eta)
    difference = design.y - family.response_mean(mu, dispersion)
    if type == "response":
        return difference
    if type == "working":
        return difference / family.mu_eta(eta)
    if type == "pearson":
        with np.errstate(divide="ignore", invalid="ignore"):  # a mean of 0 or 1, as in R
            return difference * np.sqrt(design.weights / family.variance(mu, dispersion))
    squared = family.fitted_with(dispersion).dev_resids(design.y, mu, design.weights)
    return np.sign(difference) * np.sqrt(np.maximum(squared, 0.0))
