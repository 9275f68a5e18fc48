"""Directions in which a likelihood rises for ever: complete and quasi-complete separation.

Where some combination of the columns of ``X`` only pushes linear predictors the way that their
responses already lie (up where the response is the largest there is, down where it is the
smallest, and nowhere else), the likelihood of the fixed effects has no maximum, whatever the
random effects are: Albert & Anderson (1984), Biometrika 71(1); for counts Correia, Guimaraes &
Zylkin (2019), arXiv:1903.01633. A linear program finds such a combination: Konis (2007), "Linear
programming algorithms for detecting separated data in binary logistic regression models", D.Phil.
thesis, Oxford.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Rows = NDArray[np.bool_]

_NONE = 1e-6  # of a standardised coefficient
_ROWS = 2000  # that the linear program gets at a time


def separating_direction(X: NDArray[np.float64], up: Rows, down: Rows) -> Vector | None:
    """Find fixed effects along which the likelihood never falls.

    Parameters
    ----------
    X : float64, shape (n, p)
        Full rank.
    up, down : bool, shape (n,)
        Rows whose log density has no maximum in the linear predictor but rises towards plus,
        or minus, infinity. Rows that are neither stay where they are.

    Returns
    -------
    float64, shape (p,), or None
        The direction with the fewest columns in it, roughly (least sum of absolute values, the
        columns standardised and a constant column nearly free); None if there is none.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.column_stack([np.ones(4), [1.0, 2.0, 3.0, 4.0]])
    >>> y = np.array([0, 0, 1, 1])
    >>> separating_direction(X, y == 1, y == 0)[1] > 0
    np.True_
    >>> y = np.array([0, 1, 0, 1])
    >>> separating_direction(X, y == 1, y == 0) is None
    True
    """
    if not (up | down).any():
        return None
    scale = np.sqrt(np.mean(X * X, axis=0))
    sign = up.astype(float) - down.astype(float)
    pushed = sign != 0.0
    rows = np.where(pushed, sign, 1.0)[:, None] * (X / scale)
    if np.linalg.matrix_rank(rows[~pushed]) == X.shape[1]:
        return None
    total = rows[pushed].sum(axis=0) / pushed.sum()
    cost = np.where(np.ptp(X, axis=0) == 0.0, 1e-3, 1.0)
    # some rows first; those that the answer offends are added until there are none
    used = np.zeros(len(rows), dtype=bool)
    used[:: max(len(rows) // _ROWS, 1)] = True
    while True:
        direction: Vector | None = _least(rows[used & pushed], rows[used & ~pushed], total, cost)
        if direction is None:
            return None
        along = rows @ direction
        offended = np.where(pushed, -along, np.abs(along)) * ~used
        worst = np.argsort(offended)[-_ROWS:]
        worst = worst[offended[worst] > _NONE]
        if not len(worst):
            size = np.abs(direction)
            return np.where(size < _NONE * size.max(), 0.0, direction) / scale
        used[worst] = True


def _least(
    pushed: NDArray[np.float64], held: NDArray[np.float64], total: Vector, cost: Vector
) -> Vector | None:
    """The cheapest direction with ``pushed @ d >= 0``, ``held @ d == 0``, ``total @ d == 1``."""
    from scipy.optimize import linprog

    p = len(total)
    answer = linprog(
        np.concatenate([cost, cost]),
        A_ub=-np.hstack([pushed, -pushed]),
        b_ub=np.zeros(len(pushed)),
        A_eq=np.vstack([np.hstack([held, -held]), np.concatenate([total, -total])]),
        b_eq=np.append(np.zeros(len(held)), 1.0),
        bounds=(0.0, None),
        method="highs",
    )
    if answer.status != 0:
        return None
    both = np.asarray(answer.x, dtype=np.float64)
    return both[:p] - both[p:]


def looks_separated(X: NDArray[np.float64], beta: Vector, beta_cov: NDArray[np.float64]) -> bool:
    """Whether fixed effects are so large, or so uncertain, that separation is worth a look.

    Parameters
    ----------
    X : float64, shape (n, p)
    beta : float64, shape (p,)
    beta_cov : float64, shape (p, p)

    Returns
    -------
    bool
        True if some column moves linear predictors by more than 8 between its extremes, or by a
        standard error of more than 8, or has no standard error. In odds 8 is a factor of 3,000.
    """
    if not len(beta):
        return False
    width = np.max(np.abs(X), axis=0)
    variance = np.diag(beta_cov)
    certain = np.isfinite(variance) & (variance > 0.0)
    spread = width * np.sqrt(np.where(certain, variance, 0.0))
    return bool((~certain | (spread > 8.0) | (width * np.abs(beta) > 8.0)).any())
