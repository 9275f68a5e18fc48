"""The deviance of a linear mixed model at any covariance factors and any residual sd.

`profiled_deviance` puts the best residual sd in; here it is a parameter of its own, as it has
to be where the scale on which people read the random effects (``sigma Lambda``) is held.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from glmmvi.inference.block_factorization import BlockFactorization, backward, factorize
from glmmvi.inference.linear_mixed import LinearMixedProblem
from glmmvi.inference.profiled_deviance import criterion_constant

Matrix = NDArray[np.float64]
Vector = NDArray[np.float64]


@dataclass(frozen=True)
class GaussianDeviance:
    """lme4's criterion with its derivatives, in the engine's basis.

    Attributes
    ----------
    value : float
        REML criterion or ``-2 logLik``.
    by_factor : tuple of float64, shape (d, d)
        Derivatives by all elements of each covariance factor, upper triangle included.
    by_log_sigma : float
        Derivative by the log of the residual sd.
    beta : float64, shape (p,)
        The best fixed effects.
    factorization : BlockFactorization
    """

    value: float
    by_factor: tuple[Matrix, ...]
    by_log_sigma: float
    beta: Vector
    factorization: BlockFactorization


def under_ml(problem: LinearMixedProblem, weights: Vector) -> LinearMixedProblem:
    """The same model under maximum likelihood; the cross-products are shared.

    Parameters
    ----------
    problem : LinearMixedProblem
    weights : float64, shape (n,)
        The model's prior weights.

    Returns
    -------
    LinearMixedProblem
    """
    if not problem.reml:
        return problem
    constant = criterion_constant(problem.basis, weights, problem.products.n, reml=False)
    return replace(problem, reml=False, constant=constant)


def gaussian_deviance(
    problem: LinearMixedProblem, factors: Sequence[Matrix], log_sigma: float
) -> GaussianDeviance:
    """Evaluate the criterion.

    Parameters
    ----------
    problem : LinearMixedProblem
    factors : sequence of float64, shape (d, d)
        Relative covariance factors in the engine's basis.
    log_sigma : float
        Log of the residual sd, in the engine's unit of the response (``basis.y_scale``).

    Returns
    -------
    GaussianDeviance
    """
    p, n = problem.structure.p, problem.products.n
    df = n - p if problem.reml else n
    f = factorize(problem.products, problem.structure, list(factors))
    XX, Xy, yy = f.fixed[:p, :p], f.fixed[:p, p], f.fixed[p, p]
    beta = np.asarray(np.linalg.solve(XX, Xy)) if p else np.zeros(0)
    pwrss = float(yy - Xy @ beta)
    precision = float(np.exp(-2.0 * log_sigma))
    value = f.log_det + 2.0 * df * log_sigma + pwrss * precision
    v = np.append(-beta, 1.0)
    adjoint = precision * np.outer(v, v)
    if problem.reml and p:
        value += float(np.linalg.slogdet(XX)[1])
        adjoint[:p, :p] += np.linalg.inv(XX)
    return GaussianDeviance(
        value=float(value + problem.constant + df * np.log(df) - df),
        by_factor=backward(f, adjoint).factors,
        by_log_sigma=2.0 * df - 2.0 * pwrss * precision,
        beta=beta,
        factorization=f,
    )
