"""Batches of small positive definite matrices, the batch on the last axis.

With the batch last, every scalar operation of a small factorisation is one vectorised
operation over all levels of a grouping factor: for ``d = 2`` and 10,000 levels that is some
fifty times faster than a batched LAPACK call.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Blocks = NDArray[np.float64]

_LAPACK_FROM = 7  # from this size on LAPACK's batched routines win over vectorised scalars


def inverse_and_log_det(A: Blocks) -> tuple[Blocks, float]:
    """Inverses, and the sum of the log determinants, of positive definite blocks.

    Parameters
    ----------
    A : float64, shape (d, d, L)
        Symmetric positive definite in the first two axes.

    Returns
    -------
    inverse : float64, shape (d, d, L)
    log_det : float
        Sum over the L blocks.

    Examples
    --------
    >>> import numpy as np
    >>> inverse, log_det = inverse_and_log_det(np.array([[[2.0, 4.0]]]))
    >>> inverse
    array([[[0.5 , 0.25]]])
    >>> round(log_det, 6) == round(float(np.log(8.0)), 6)
    True
    """
    d = A.shape[0]
    if d == 1:
        return 1.0 / A, float(np.log(A).sum())
    if d >= _LAPACK_FROM:
        batched = A.transpose(2, 0, 1)
        inverse = np.linalg.inv(batched)
        return np.ascontiguousarray(inverse.transpose(1, 2, 0)), float(
            np.linalg.slogdet(batched)[1].sum()
        )
    # LDL' without square roots, then the inverse of the unit factor.
    unit = np.zeros_like(A)
    pivot = np.empty(A.shape[1:])
    for j in range(d):
        pivot[j] = A[j, j]
        for k in range(j):
            pivot[j] -= unit[j, k] ** 2 * pivot[k]
        for i in range(j + 1, d):
            s = A[i, j].copy()
            for k in range(j):
                s -= unit[i, k] * unit[j, k] * pivot[k]
            unit[i, j] = s / pivot[j]
    inverse_unit = np.zeros_like(A)
    for i in range(d):
        inverse_unit[i, i] = 1.0
        for j in range(i - 1, -1, -1):
            for k in range(j, i):
                inverse_unit[i, j] -= unit[i, k] * inverse_unit[k, j]
    inverse = np.empty_like(A)
    for i in range(d):
        for j in range(i + 1):
            s = np.zeros_like(pivot[0])
            for k in range(i, d):
                s += inverse_unit[k, i] * inverse_unit[k, j] / pivot[k]
            inverse[i, j] = s
            inverse[j, i] = s
    return inverse, float(np.log(pivot).sum())


def congruence(M: NDArray[np.float64], A: Blocks) -> Blocks:
    """``M A_l M'`` for one matrix `M` and every block.

    Parameters
    ----------
    M : float64, shape (e, d)
    A : float64, shape (d, d, L)

    Returns
    -------
    float64, shape (e, e, L)
    """
    if M.shape == (1, 1):
        return (M[0, 0] * M[0, 0]) * A
    return np.matmul(M, left_multiply(M, A))


def left_multiply(M: NDArray[np.float64], A: Blocks) -> Blocks:
    """``M A_l`` for one matrix `M` and every block: shapes (e, d) and (d, c, L) to (e, c, L)."""
    if M.shape == (1, 1):
        return M[0, 0] * A
    d, c, L = A.shape
    return (M @ A.reshape(d, c * L)).reshape(-1, c, L)


def multiply(A: Blocks, B: Blocks) -> Blocks:
    """``A_l B_l`` for every block: shapes (a, b, L) and (b, c, L) to (a, c, L)."""
    if A.shape[1] == 1:  # scalars inside: broadcasting does it, without a contraction
        return A * B
    return np.einsum("abl,bcl->acl", A, B)


def apply(A: Blocks, x: NDArray[np.float64]) -> NDArray[np.float64]:
    """``A_l x_l`` for every block: shapes (a, b, L) and (b, L) to (a, L)."""
    if A.shape[1] == 1:
        return A[:, 0] * x
    return np.einsum("abl,bl->al", A, x)
