"""Variance of the linear predictor of every row under the surrogate."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from glmmvi.inference.block_factorization import Adjoints
from glmmvi.inference.cross_products import BlockStructure, RowPositions
from glmmvi.inference.regression_arrays import TermArrays


def predictor_variance(
    terms: Sequence[TermArrays],
    structure: BlockStructure,
    positions: RowPositions,
    selected: Adjoints,
) -> NDArray[np.float64]:
    """``v_i = A_i V A_i'`` from the selected inverse.

    Parameters
    ----------
    terms : sequence of TermArrays
    structure : BlockStructure
    positions : RowPositions
        Of these rows.
    selected : Adjoints
        Of ``log_det``: ``Lambda V Lambda'`` on the pattern of the system.

    Returns
    -------
    float64, shape (n,)
        Link scale squared, not negative.
    """
    order, m = structure.order, structure.m
    total = np.zeros(len(terms[0].codes))
    for k in order.eliminated:
        term = terms[k]
        total += _quadratic(term, selected.blocks[k])
        for j in order.eliminated:
            if (k, j) in selected.linked:
                between = selected.linked[k, j][:, :, term.codes]
                total += 2.0 * np.einsum("na,abn,nb->n", term.Z, between, terms[j].Z)
        flat = selected.rows[k].reshape(term.d, -1)
        for r in order.dense:
            for b in range(terms[r].d):
                here = flat[:, positions.coupling[k, r] + b]
                total += 2.0 * np.einsum("na,an->n", term.Z, here) * terms[r].Z[:, b]
    dense = selected.dense.ravel()
    for i, r in enumerate(order.dense):
        total += _quadratic(terms[r], selected.blocks[r])
        for s in order.dense[i + 1 :]:
            first = positions.column[r] * m + positions.column[s]
            for a in range(terms[r].d):
                for b in range(terms[s].d):
                    product = terms[r].Z[:, a] * terms[s].Z[:, b]
                    total += 2.0 * product * dense[first + a * m + b]
    return np.maximum(total, 0.0)


def _quadratic(term: TermArrays, blocks: NDArray[np.float64]) -> NDArray[np.float64]:
    """``z_i' B z_i`` with the symmetric block of the row's level."""
    total = np.zeros(len(term.codes))
    for a in range(term.d):
        total += term.Z[:, a] ** 2 * blocks[a, a][term.codes]
        for b in range(a):
            total += 2.0 * term.Z[:, a] * term.Z[:, b] * blocks[a, b][term.codes]
    return total
