"""Which random-effects terms are eliminated block by block, and which stay dense."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glmmvi.inference.regression_arrays import TermArrays

Codes = NDArray[np.intp]


@dataclass(frozen=True)
class EliminationOrder:
    """The order in which ``I + A'WA`` is factored.

    Attributes
    ----------
    eliminated : tuple of int
        Terms eliminated block by block, in this order: the Schur complement of each is block
        diagonal.
    parents : dict
        ``parents[k, j]``, for eliminated terms `k` before `j`: the one level of `j` that each
        level of `k` meets, shape ``(L_k,)``.
    dense : tuple of int
        The terms that are left for one dense matrix, together with the fixed effects.
    """

    eliminated: tuple[int, ...]
    parents: dict[tuple[int, int], Codes]
    dense: tuple[int, ...]


def nesting(inner: Codes, n_inner: int, outer: Codes) -> Codes | None:
    """Level of `outer` in which each level of `inner` lies, or ``None`` if it lies in several.

    Examples
    --------
    >>> import numpy as np
    >>> cask, batch = np.array([0, 1, 2, 2]), np.array([0, 0, 1, 1])
    >>> nesting(cask, 3, batch)
    array([0, 0, 1])
    >>> nesting(batch, 2, cask) is None
    True
    """
    parent = np.zeros(n_inner, dtype=np.intp)
    parent[inner] = outer
    return parent if np.array_equal(parent[inner], outer) else None


def elimination_order(terms: Sequence[TermArrays]) -> EliminationOrder:
    """Choose the elimination order of the terms of one model.

    The term with the most random effects goes first; a further term follows as long as every
    eliminated term is nested in it (the same factor counts as nested), for then its Schur
    complement is still block diagonal. DESIGN.md section 3, "Linear algebra".

    Parameters
    ----------
    terms : sequence of TermArrays
        At least one.

    Returns
    -------
    EliminationOrder
    """
    by_size = sorted(range(len(terms)), key=lambda r: (-terms[r].q, -terms[r].n_levels, r))
    eliminated: list[int] = []
    parents: dict[tuple[int, int], Codes] = {}
    dense: list[int] = []
    for j in by_size:
        found = {
            (k, j): nesting(terms[k].codes, terms[k].n_levels, terms[j].codes) for k in eliminated
        }
        if any(parent is None for parent in found.values()):
            dense.append(j)
        else:
            eliminated.append(j)
            parents.update({pair: parent for pair, parent in found.items() if parent is not None})
    return EliminationOrder(tuple(eliminated), parents, tuple(dense))
