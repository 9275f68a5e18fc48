"""The profiled REML or ML criterion of a linear mixed model, with its gradient.

Under Gaussian variational inference this is ``-2`` times the ELBO at the best surrogate, up to
constants that do not depend on ``theta`` (DESIGN.md section 3): the surrogate is the exact
posterior.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from glmmvi.inference.block_factorization import BlockFactorization, backward, factorize
from glmmvi.inference.cross_products import BlockStructure, CrossProducts
from glmmvi.inference.orthogonal_basis import OrthogonalBasis

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class ProfiledDeviance:
    """The criterion at one value of the covariance factors, in the engine's basis.

    Attributes
    ----------
    value : float
        ``log_det + df log(pwrss)``, plus ``log |X'V^-1 X|`` for REML.
    gradient : float64, shape (k,)
        By the packed covariance factors.
    beta : float64, shape (p,)
        Fixed effects, in the engine's basis.
    pwrss : float
        Penalised weighted residual sum of squares.
    second_moments : tuple of float64, shape (d, d, L)
        ``E[b b'] / sigma^2`` of every level of every term: the derivative of the criterion by
        the cross-products within the level.
    factorization : BlockFactorization
    """

    value: float
    gradient: NDArray[np.float64]
    beta: NDArray[np.float64]
    pwrss: float
    second_moments: tuple[Matrix, ...]
    factorization: BlockFactorization


def pack(factors: Sequence[Matrix]) -> NDArray[np.float64]:
    """Lower triangles, columns first, of one term after the other: lme4's ``theta``.

    Examples
    --------
    >>> import numpy as np
    >>> pack([np.array([[1.0, 0.0], [2.0, 3.0]]), np.array([[4.0]])])
    array([1., 2., 3., 4.])
    """
    return np.concatenate([factor.T[_lower_triangle(len(factor))] for factor in factors])


@lru_cache
def _lower_triangle(d: int) -> tuple[NDArray[np.intp], ...]:
    return np.triu_indices(d)


def unpack(theta: NDArray[np.float64], d: Sequence[int]) -> list[Matrix]:
    """The inverse of :func:`pack`, for terms with `d` columns."""
    factors, start = [], 0
    for size in d:
        k = size * (size + 1) // 2
        factor = np.zeros((size, size))
        factor.T[_lower_triangle(size)] = theta[start : start + k]
        factors.append(factor)
        start += k
    return factors


def columns_below(d: Sequence[int]) -> dict[int, NDArray[np.intp]]:
    """For each diagonal element of the packed factors, the rest of its column.

    A column of a covariance factor can change its sign: the model is the same.

    Examples
    --------
    >>> {i: rest.tolist() for i, rest in columns_below([2, 1]).items()}
    {0: [1], 2: [], 3: []}
    """
    below, start = {}, 0
    for size in d:
        for a in range(size):
            below[start] = np.arange(start + 1, start + size - a)
            start += size - a
    return below


def is_diagonal(d: Sequence[int]) -> NDArray[np.bool_]:
    """Which elements of the packed factors lie on a diagonal (and are bounded below by 0)."""
    return pack([np.eye(size) for size in d]) == 1.0


def profiled_deviance(
    products: CrossProducts,
    structure: BlockStructure,
    theta: NDArray[np.float64],
    *,
    reml: bool,
) -> ProfiledDeviance:
    """Evaluate the criterion and its gradient.

    Parameters
    ----------
    products : CrossProducts
    structure : BlockStructure
    theta : float64, shape (k,)
        Packed covariance factors, in the engine's basis.
    reml : bool
        Whether the fixed effects are integrated out.

    Returns
    -------
    ProfiledDeviance
    """
    p = structure.p
    f = factorize(products, structure, unpack(theta, structure.d))
    XX, Xy, yy = f.fixed[:p, :p], f.fixed[:p, p], f.fixed[p, p]
    beta: NDArray[np.float64] = np.zeros(0)
    if p:
        beta = np.asarray(np.linalg.solve(XX, Xy), dtype=np.float64)
    pwrss = float(yy - Xy @ beta)
    df = products.n - p if reml else products.n
    value = f.log_det + df * np.log(pwrss)

    v = np.append(-beta, 1.0)
    adjoint = (df / pwrss) * np.outer(v, v)
    if reml and p:
        value += float(np.linalg.slogdet(XX)[1])
        adjoint[:p, :p] += np.linalg.inv(XX)
    derivatives = backward(f, adjoint)
    return ProfiledDeviance(
        float(value), pack(derivatives.factors), beta, pwrss, derivatives.blocks, f
    )


def criterion_constant(
    basis: OrthogonalBasis, weights: NDArray[np.float64], n: int, *, reml: bool
) -> float:
    """What is added to the engine's criterion to give lme4's (``REMLcrit``, or ``-2 logLik``)."""
    p = len(basis.ols)
    df = n - p if reml else n
    constant = df * (1.0 + np.log(2.0 * np.pi / df)) + 2.0 * df * np.log(basis.y_scale)
    if reml:
        constant += 2.0 * float(np.log(np.diag(basis.X_factor)).sum())
    return float(constant - np.log(weights[weights > 0]).sum())
