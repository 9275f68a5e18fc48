"""Covariance parameters moved by as much as they are uncertain, whichever engine made the fit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glmmvi.results.any_fit import AnyFit
from glmmvi.results.effects import covariance_points_of
from glmmvi.results.penalized_posterior import PenalizedPosterior
from glmmvi.results.posterior_moments import FullPosterior

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class CovarianceMove:
    """One value of the covariance parameters.

    The square of what it changes, times the weight and summed over the moves, is the variance
    that their uncertainty causes.

    Attributes
    ----------
    weight : float
    Lambda : tuple of float64, shape (d, d)
        Relative covariance factors.
    sigma : float
        Residual sd of a linear mixed model, else 1.
    dispersion : float64, shape (k,)
        Unconstrained.
    """

    weight: float
    Lambda: tuple[Matrix, ...]
    sigma: float
    dispersion: NDArray[np.float64]


def covariance_moves(fit: AnyFit) -> list[CovarianceMove]:
    """Moves of the covariance parameters of a fit.

    Of a structured fit they are the cubature points of its surrogate. Of one with priors those of
    the likelihood's curvature at the penalised estimates: the priors' own information is not in
    them, so that they are rather too wide. Of a fit with a posterior of every parameter, one
    parameter at a time by its posterior sd, on the log scale.

    Parameters
    ----------
    fit : LinearMixedFit or GeneralizedMixedFit

    Returns
    -------
    list of CovarianceMove

    Raises
    ------
    ArgumentError
        For a fit read from a file.
    """
    posterior = fit.posterior
    if isinstance(posterior, FullPosterior):
        return _moment_moves(posterior)
    if isinstance(posterior, PenalizedPosterior):
        posterior = posterior.inner
    points = covariance_points_of(posterior)
    return [
        CovarianceMove(1.0 / len(points), point.effects.Lambda, point.scale, point.dispersion)
        for point in points
    ]


def _moment_moves(posterior: FullPosterior) -> list[CovarianceMove]:
    estimates = posterior.estimates
    moves = []
    for sign in (-1.0, 1.0):
        for r, (sds, errors) in enumerate(zip(posterior.sds, posterior.sds_sd, strict=True)):
            for j in range(len(sds)):
                scale = np.ones(len(sds))
                scale[j] = np.exp(sign * _log_sd(sds[j], errors[j]))
                factors = list(estimates.Lambda)
                factors[r] = scale[:, None] * factors[r]
                moves.append(
                    CovarianceMove(0.5, tuple(factors), estimates.sigma, posterior.dispersion)
                )
        if posterior.sigma_sd > 0.0:
            ratio = float(np.exp(sign * _log_sd(posterior.sigma, posterior.sigma_sd)))
            kept = tuple(factor / ratio for factor in estimates.Lambda)  # sds stay
            moves.append(CovarianceMove(0.5, kept, estimates.sigma * ratio, posterior.dispersion))
        for j, error in enumerate(posterior.dispersion_sd):
            moved = posterior.dispersion.copy()
            moved[j] += sign * error
            moves.append(CovarianceMove(0.5, estimates.Lambda, estimates.sigma, moved))
    return moves


def _log_sd(mean: float, sd: float) -> float:
    return float(np.sqrt(np.log1p((sd / mean) ** 2))) if mean > 0.0 else 0.0
