"""Gauss-Hermite rules for expectations under a standard normal."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.polynomial.hermite_e import hermegauss
from numpy.typing import NDArray

# Largest sd of the linear predictor, in units of width / pi, at which so many nodes leave an
# error of about 1e-9 nats an observation (measured on softplus; 1e-7 at the last line).
_LADDER = ((0.5, 9), (0.75, 11), (1.0, 15), (1.35, 21), (1.9, 31), (2.4, 41))
_MOST = 61
# The same where every row has its own number of nodes: some 1e-11 nats, and 1e-9 of the
# curvature, up to 13 nodes; from there on a tenth of the errors above (an sd 15 % too large).
_FINE_LADDER = (
    (0.075, 4),
    (0.155, 5),
    (0.245, 6),
    (0.325, 7),
    (0.405, 8),
    (0.475, 9),
    (0.54, 10),
    (0.6, 11),
    (0.71, 13),
    *((limit / 1.15, count) for limit, count in _LADDER[2:]),
)
_FINE_LIMITS = tuple(limit for limit, _ in _FINE_LADDER)
_FINE_COUNTS = (*(count for _, count in _FINE_LADDER), _MOST)
_FEW = 500  # rows that are not worth a pass of their own


@dataclass(frozen=True, eq=False)
class NormalRule:
    """Nodes and weights: ``E[f(x)] = sum_k w_k f(x_k)`` for ``x ~ N(0, 1)``.

    Attributes
    ----------
    nodes : float64, shape (K, 1)
        As a column, so that ``mean + sd * nodes`` is ``(K, n)``.
    weights : float64, shape (K,)
        Sum to 1.
    moments : float64, shape (2, K)
        ``weights`` and ``weights * nodes``: both derivatives of an expectation in one product.
    """

    nodes: NDArray[np.float64]
    weights: NDArray[np.float64]
    moments: NDArray[np.float64]


@lru_cache(maxsize=32)
def gauss_hermite(count: int) -> NormalRule:
    """Return the Gauss-Hermite rule of `count` nodes for the standard normal.

    Exact for polynomials of degree ``2 * count - 1``. Rules are kept.

    Parameters
    ----------
    count : int
        Number of nodes, at least 1.

    Returns
    -------
    NormalRule

    Examples
    --------
    >>> rule = gauss_hermite(5)
    >>> float(np.round(rule.weights @ rule.nodes[:, 0] ** 4, 12))
    3.0
    """
    nodes, weights = hermegauss(count)
    nodes = 0.5 * (nodes - nodes[::-1])
    weights = 0.5 * (weights + weights[::-1])
    weights = weights / weights.sum()
    keep = weights > 1e-22
    nodes, weights = nodes[keep], weights[keep]
    rule = NormalRule(nodes[:, None].copy(), weights, np.vstack([weights, weights * nodes]))
    for array in (rule.nodes, rule.weights, rule.moments):
        array.flags.writeable = False
    return rule


def nodes_for(sd: float, width: float) -> int:
    """How many nodes an expectation needs.

    Parameters
    ----------
    sd : float
        Largest sd of the linear predictor.
    width : float
        Distance from the real axis at which the log density stops being smooth: pi for logit.

    Returns
    -------
    int
        1 where `sd` is 0, else 9 to 61.

    Examples
    --------
    >>> nodes_for(0.3, np.pi), nodes_for(0.9, np.pi), nodes_for(5.0, np.pi)
    (9, 15, 61)
    """
    if sd == 0.0:
        return 1
    relative = sd * np.pi / width
    for limit, count in _LADDER:
        if relative <= limit:
            return count
    return _MOST


def nodes_for_each(
    sd: NDArray[np.float64], width: float, *, few: int = _FEW
) -> Iterator[tuple[int, NDArray[np.intp] | slice]]:
    """Rows that take the same number of nodes, no sd being 0.

    Where every row has its own number of nodes, most need few: there is room for a smaller error
    than the one that `nodes_for` leaves. Few rows are not worth a pass of their own: they take
    as many nodes as those that need more.

    Parameters
    ----------
    sd : float64, shape (n,)
    width : float
        See `nodes_for`.
    few : int
        Rows that are fewer than that are joined with those that need more nodes.

    Yields
    ------
    count : int
        Number of nodes.
    rows : intp, shape (rows,), or slice
        Their rows, ascending; a slice if they are all.

    Examples
    --------
    >>> for count, rows in nodes_for_each(np.array([0.3, 5.0, 0.8]), np.pi, few=1):
    ...     print(count, rows.tolist())
    7 [0]
    15 [2]
    61 [1]
    >>> list(nodes_for_each(np.array([0.3, 0.8]), np.pi))
    [(15, slice(None, None, None))]
    """
    unit = width / np.pi
    first = bisect_left(_FINE_LIMITS, float(sd.min()) / unit)
    last = bisect_left(_FINE_LIMITS, float(sd.max()) / unit)
    if first == last or len(sd) <= few:
        yield _FINE_COUNTS[last], slice(None)
        return
    rung = np.full(len(sd), first, dtype=np.int8)
    for limit in _FINE_LIMITS[first:last]:
        rung += sd > limit * unit
    sizes = np.bincount(rung, minlength=last + 1)
    for step in range(first, last + 1):
        if step == last or int(sizes[first : step + 1].sum()) >= few:
            yield _FINE_COUNTS[step], np.flatnonzero((rung >= first) & (rung <= step))
            first = step + 1
