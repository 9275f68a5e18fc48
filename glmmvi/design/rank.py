"""Which columns are linear combinations of earlier ones: R's ``qr(X, tol = 1e-7)`` rule."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from glmmvi.caller import Action, act
from glmmvi.errors import RankDeficientMessage

TOLERANCE = 1e-7
_CLEARLY_FULL = 1e-4
_CHUNK = 65536


def independent_columns(X: NDArray[np.float64], tol: float = TOLERANCE) -> list[int]:
    """The columns that R keeps, in order.

    LINPACK's ``dqrdc2``: a column goes to the end when what is left of its norm, after the
    columns kept before it are projected out, is below `tol` times its own norm. Units do not
    matter. A cheap Cholesky factor of the scaled cross products settles the ordinary case; the
    rule itself runs on a triangle.

    Parameters
    ----------
    X : float64, shape (n, p)
        Finite.
    tol : float
        R's tolerance.

    Returns
    -------
    list of int

    Examples
    --------
    >>> independent_columns(np.array([[1.0, 1.0, 2.0], [1.0, 2.0, 4.0], [1.0, 3.0, 6.0]]))
    [0, 1]
    """
    n, p = X.shape
    if p == 0:
        return []
    if n >= p:
        cross = X.T @ X
        norms = np.sqrt(np.diag(cross))
        if (norms > 0).all() and np.isfinite(norms).all():
            scaled = cross / norms / norms[:, None]
            try:
                if np.linalg.cholesky(scaled).diagonal().min() > _CLEARLY_FULL:
                    return list(range(p))
            except np.linalg.LinAlgError:
                pass
    largest = np.maximum(X.max(axis=0), -X.min(axis=0))
    scale = np.where(largest > 0, largest, 1.0)
    R = np.empty((0, p))
    for first in range(0, n, _CHUNK):  # the triangle of all rows, from blocks of rows
        block = X[first : first + _CHUNK] / scale
        R = np.asarray(np.linalg.qr(np.vstack([R, block]), mode="r"))
    return _limited_pivoting(R, tol)


def _limited_pivoting(R: NDArray[np.float64], tol: float) -> list[int]:
    remaining = R.copy()
    original = np.linalg.norm(R, axis=0)
    original[original == 0] = 1.0
    kept: list[int] = []
    for j in range(R.shape[1]):
        column = remaining[:, j]
        norm = np.linalg.norm(column)
        if norm < tol * original[j] or len(kept) == R.shape[0]:
            continue
        kept.append(j)
        q = column / norm
        rest = remaining[:, j + 1 :]
        rest -= np.outer(q, q @ rest)
        rest -= np.outer(q, q @ rest)  # twice is enough
    return kept


def drop_dependent_columns(
    X: NDArray[np.float64], names: Sequence[str], action: Action = "message"
) -> tuple[NDArray[np.float64], list[int]]:
    """`X` without its dependent columns, with lme4's message if there are any.

    Parameters
    ----------
    X : float64, shape (n, p)
        Finite.
    names : sequence of str
        Names of the columns.
    action : {"message", "warning", "ignore", "stop"}
        What to do about dependent columns: they are dropped with a message, with a warning, or
        silently, or refused.

    Returns
    -------
    X : float64, shape (n, rank)
    kept : list of int

    Warns
    -----
    RankDeficientMessage
        lme4's text, and the names under it.

    Examples
    --------
    >>> drop_dependent_columns(np.array([[1.0, 0.0], [1.0, 1.0]]), ["(Intercept)", "x"])[1]
    [0, 1]
    """
    kept = independent_columns(X)
    lost = X.shape[1] - len(kept)
    if not lost:
        return X, kept
    noun = "column / coefficient" if lost == 1 else "columns / coefficients"
    text = f"fixed-effect model matrix is rank deficient so dropping {lost} {noun}"
    if action == "stop":
        gone = ", ".join(name for j, name in enumerate(names) if j not in set(kept))
        text = (
            "the fixed-effects model matrix is column rank deficient (rank(X) = "
            f"{len(kept)} < {X.shape[1]} = p); the fixed effects will be jointly unidentifiable "
            f"(dependent columns: {gone})"
        )
    act(action, text, message=RankDeficientMessage)
    return np.asfortranarray(X[:, kept]), kept
