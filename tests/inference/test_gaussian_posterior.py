"""The surrogate's arrays against the dense posterior covariance."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from glmmvi.inference import linear_mixed
from glmmvi.inference.gaussian_posterior import conditional_term, dense_covariance
from tests.inference.dense_reference import indicator
from tests.inference.designs import STRUCTURES, design, factors


def dense_posterior(arrays, solved, *, reml):
    """Covariance of (beta, u of every term), by inverting the whole precision matrix."""
    A = np.hstack(
        [
            indicator(term) @ np.kron(np.eye(term.n_levels), factor)
            for term, factor in zip(arrays.terms, solved.Lambda, strict=True)
        ]
    )
    columns = np.hstack([arrays.X, A]) if reml else A
    p = arrays.p if reml else 0
    prior = np.diag(np.r_[np.zeros(p), np.ones(A.shape[1])])
    precision = columns.T @ (arrays.weights[:, None] * columns) + prior
    return solved.sigma**2 * np.linalg.inv(precision)


def assembled(arrays, problem, solved, *, reml):
    """The same covariance from the surrogate's blocks, as a linear map of independent noise."""
    posterior = linear_mixed.posterior_of(problem, solved)
    p = arrays.p if reml else 0
    sizes = [term.q for term in arrays.terms]
    start = p + np.concatenate([[0], np.cumsum(sizes)])
    total = int(start[-1])
    order = problem.structure.order
    roots = np.zeros((total, total))  # rows: variables, columns: noise
    dense = list(range(p))
    for r in order.dense:
        dense.extend(range(start[r], start[r] + sizes[r]))
    covariance = dense_covariance(posterior)
    roots[np.ix_(dense, dense)] = np.linalg.cholesky(covariance)
    for k in reversed(order.eliminated):
        block = conditional_term(posterior, k)
        d = arrays.terms[k].d
        own = np.zeros((sizes[k], total))
        for l in range(arrays.terms[k].n_levels):
            rows = slice(l * d, (l + 1) * d)
            columns = slice(start[k] + l * d, start[k] + (l + 1) * d)
            own[rows, columns] = block.scale_tril[l]
            if p:
                own[rows] -= block.beta_map[l] @ roots[:p]
        for j, (rows, columns, values) in block.maps.items():
            d_j = arrays.terms[j].d
            for row, column, value in zip(rows, columns, values, strict=True):
                later = roots[start[j] + column * d_j : start[j] + (column + 1) * d_j]
                own[row * d : (row + 1) * d] -= value @ later
        roots[start[k] : start[k] + sizes[k]] = own
    return roots @ roots.T


@pytest.mark.parametrize("name", STRUCTURES)
@pytest.mark.parametrize("reml", [True, False], ids=["REML", "ML"])
@pytest.mark.parametrize("singular", [False, True], ids=["regular", "singular"])
def test_blocks_assemble_to_the_posterior(name, reml, singular):
    arrays = design(name)
    problem = linear_mixed.build_problem(arrays, reml=reml)
    solved = linear_mixed.solution_at(problem, factors(arrays, singular=singular))
    reference = dense_posterior(arrays, solved, reml=reml)
    assert_allclose(
        assembled(arrays, problem, solved, reml=reml), reference, atol=1e-9 * reference.max()
    )
