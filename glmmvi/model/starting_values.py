"""Where a stochastic optimisation starts, and in which units it walks."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from glmmvi.design.design_matrices import DesignMatrices

Array = NDArray[np.float64]


@dataclass(frozen=True)
class StartingValues:
    """A rough estimate of every parameter with a rough sd, in the parameter's own units.

    The sds are units for the optimiser's steps: a factor of two does not matter, a factor of a
    thousand does.

    Attributes
    ----------
    beta, beta_sd : float64, shape (p,)
    sds : tuple of float64, shape (d,)
        Of the random effects of each term, link scale, all positive.
    sigma : float
    b, b_sd : tuple of float64, shape (L, d)
        Random effects on the link scale.
    dispersion, dispersion_sd : float64, shape (k,)
        Unconstrained dispersion parameters of a family.
    """

    beta: Array
    beta_sd: Array
    sds: tuple[Array, ...]
    sigma: float
    b: tuple[Array, ...]
    b_sd: tuple[Array, ...]
    dispersion: Array = field(default_factory=lambda: np.zeros(0))
    dispersion_sd: Array = field(default_factory=lambda: np.zeros(0))


def least_squares_start(design: DesignMatrices, sigma: float | None = None) -> StartingValues:
    """Start from ordinary least squares and one ridge regression for each level.

    Each term gets half of the residual sd; its random effects are the ridge estimates of the
    residuals, level by level, column by column. One pass over the rows.

    Parameters
    ----------
    design : DesignMatrices
    sigma : float, optional
        Residual sd, where it is known.

    Returns
    -------
    StartingValues
    """
    root_w = np.sqrt(design.weights)
    target = design.y - design.offset
    X = design.X * root_w[:, None]
    beta, *_ = np.linalg.lstsq(X, target * root_w, rcond=None)
    residual = target - design.X @ beta
    rms = float(np.sqrt(np.mean((residual * root_w) ** 2)))
    rms = rms or float(np.std(target)) or 1.0
    scale = rms if sigma is None else float(sigma)
    # QR rather than X'X: columns may be badly scaled
    inverse = np.linalg.pinv(np.linalg.qr(X, mode="r")) if design.p else np.zeros((0, 0))
    beta_sd = np.maximum(scale * np.sqrt((inverse**2).sum(axis=1)), np.finfo(float).tiny)

    sds, effects, effect_sds = [], [], []
    for term in design.terms:
        column_rms = np.sqrt(np.mean(term.Z**2, axis=0))
        column_rms = np.where(column_rms > 0, column_rms, 1.0)
        sd = 0.5 * rms / column_rms
        shape = (term.L, term.d)
        information, score = np.zeros(shape), np.zeros(shape)
        np.add.at(information, term.codes, design.weights[:, None] * term.Z**2)
        np.add.at(score, term.codes, (design.weights * residual)[:, None] * term.Z)
        precision = information / scale**2 + 1.0 / sd**2
        sds.append(sd)
        effects.append(score / scale**2 / precision / term.d)
        effect_sds.append(1.0 / np.sqrt(precision))
    return StartingValues(
        np.asarray(beta, np.float64), beta_sd, tuple(sds), scale, tuple(effects), tuple(effect_sds)
    )
