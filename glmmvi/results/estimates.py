"""Point estimates of a fit, whatever engine found them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glmmvi.inference.generalized_mixed import GeneralizedMixedSolution
from glmmvi.inference.linear_mixed import LinearMixedSolution

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Estimates:
    """What every engine of a linear mixed model answers with.

    Attributes
    ----------
    beta : float64, shape (p,)
        Fixed effects.
    beta_cov : float64, shape (p, p)
        Their covariance matrix.
    Lambda : tuple of float64, shape (d, d)
        Relative covariance factor of every term: the random effects' covariance matrix is
        ``sigma^2 Lambda Lambda'``.
    sigma : float
        Residual standard deviation.
    b_mean : tuple of float64, shape (L, d)
        Means of the random effects.
    b_cov : tuple of float64, shape (L, d, d)
        Covariance matrices of the random effects of each level: given the fixed effects and
        the covariance parameters in a structured fit (lme4's ``condVar``), of the surrogate
        itself in a stochastic one.
    """

    beta: NDArray[np.float64]
    beta_cov: Matrix
    Lambda: tuple[Matrix, ...]
    sigma: float
    b_mean: tuple[Matrix, ...]
    b_cov: tuple[Matrix, ...]

    @property
    def theta(self) -> NDArray[np.float64]:
        """Lower triangles of `Lambda`, columns first: lme4's ``theta``."""
        return np.concatenate([factor.T[np.triu_indices(len(factor))] for factor in self.Lambda])


def estimates_at(solution: LinearMixedSolution | GeneralizedMixedSolution) -> Estimates:
    """The estimates of a structured engine's solution.

    Parameters
    ----------
    solution : LinearMixedSolution or GeneralizedMixedSolution

    Returns
    -------
    Estimates
        With a residual sd of 1 for a generalized model.
    """
    return Estimates(
        beta=solution.beta,
        beta_cov=solution.beta_cov,
        Lambda=solution.Lambda,
        sigma=solution.sigma if isinstance(solution, LinearMixedSolution) else 1.0,
        b_mean=solution.b_mean,
        b_cov=solution.b_cov,
    )
