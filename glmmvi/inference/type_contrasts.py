"""Contrast matrices of the types I, II and III of hypotheses about the terms of a model.

By lmerTest's definitions (3.1-3): the *rows* matter beyond the space that they span, because
denominator degrees of freedom of several contrasts are taken along the eigenvectors of
``L V L'``. All functions work on arrays; which terms contain which is given by number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
Index = NDArray[np.intp]

_SMALL = 1e-6  # of a coefficient, lmerTest's rounding to 0


def unit_lower(cross: Matrix) -> Matrix:
    """The unit lower triangle of ``cross = L D L'`` (Doolittle); shape (p, p).

    Examples
    --------
    >>> import numpy as np
    >>> unit_lower(np.array([[4.0, 2.0], [2.0, 3.0]])).tolist()
    [[1.0, 0.0], [0.5, 1.0]]
    """
    p = cross.shape[0]
    L, U = np.eye(p), np.zeros((p, p))
    for i in range(p):
        U[i, i:] = cross[i, i:] - L[i, :i] @ U[:i, i:]
        if abs(U[i, i]) >= _SMALL:
            L[i + 1 :, i] = (cross[i + 1 :, i] - L[i + 1 :, :i] @ U[:i, i]) / U[i, i]
    return np.where(np.abs(L) < _SMALL, 0.0, L)


def sequential_contrasts(X: Matrix, assign: Index, terms: Sequence[int]) -> list[Matrix]:
    """Type I: each term after those before it.

    Parameters
    ----------
    X : float64, shape (n, p)
    assign : intp, shape (p,)
        Number of the term of each column, 0 for the intercept.
    terms : sequence of int
        Numbers of the terms wanted.

    Returns
    -------
    list of float64, shape (columns of the term, p)
    """
    L = unit_lower(X.T @ X).T
    return [L[assign == term] for term in terms]


def marginal_contrasts(assign: Index, term: int) -> Matrix:
    """The term's own coefficients, shape (columns of the term, p)."""
    return np.eye(assign.size)[assign == term]


def type_two_contrasts(
    X: Matrix, assign: Index, terms: Sequence[int], containing: Mapping[int, Sequence[int]]
) -> list[Matrix]:
    """Type II: each term after all others that do not contain it.

    Parameters
    ----------
    X, assign, terms
        See `sequential_contrasts`.
    containing : mapping of int to sequence of int
        The terms that contain each term.

    Returns
    -------
    list of float64, shape (columns of the term, p)
    """
    found = []
    for term in terms:
        inside = list(containing[term])
        if not inside:
            found.append(marginal_contrasts(assign, term))
            continue
        last = np.isin(assign, [term, *inside])
        # the term's columns and then those that contain it, behind all the others
        back = np.concatenate([np.flatnonzero(assign == k) for k in (term, *inside)])
        order = np.concatenate([np.flatnonzero(~last), back])
        L = unit_lower((X.T @ X)[np.ix_(order, order)]).T
        restored = np.empty_like(L)
        restored[:, order] = L
        found.append(restored[assign[order] == term])
    return found


def type_three_contrasts(
    X: Matrix,
    assign: Index,
    indicators: Matrix,
    columns: Index,
    terms: Sequence[int],
    orders: Mapping[int, int],
    containing: Mapping[int, Sequence[int]],
) -> list[Matrix]:
    """Type III: each term with those that contain it averaged over their levels.

    Parameters
    ----------
    X : float64, shape (n, p)
        The model matrix under treatment contrasts, of full rank.
    assign : intp, shape (p,)
    indicators : float64, shape (n, m)
        The model matrix with a column for every level and every cell of every term.
    columns : intp, shape (p,)
        For each column of `X`, its own position in `indicators`.
    terms : sequence of int
    orders : mapping of int to int
        Number of variables of each term.
    containing : mapping of int to sequence of int

    Returns
    -------
    list of float64, shape (columns of the term, p)
        On the coefficients of `X`.
    """
    L = _zapped((np.linalg.pinv(X) @ indicators).T)
    for term in sorted(terms, key=lambda k: -orders[k]):
        inside = list(containing[term])
        if inside:
            outer = L[:, np.isin(assign, inside)]
            own = L[:, assign == term]
            fitted = outer @ np.linalg.lstsq(outer, own, rcond=1e-7)[0]
            L[:, assign == term] = _zapped(own - fitted)
    L = L[columns]
    found = []
    for term in terms:
        rows = L[:, assign == term].T
        found.append(rows)
    return [_nonzero_rows(rows) for rows in found]


def _zapped(matrix: Matrix) -> Matrix:
    largest = float(np.abs(matrix).max(initial=0.0))
    return np.where(np.abs(matrix) < 1e-7 * largest, 0.0, matrix)


def _nonzero_rows(rows: Matrix) -> Matrix:
    return rows[np.abs(rows).sum(axis=1) > 1e-8]
