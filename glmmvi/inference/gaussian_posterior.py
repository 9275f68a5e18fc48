"""The exact Gaussian posterior of a solved linear mixed model, block by block.

The engine's optimal surrogate has the sparsity of its factorisation: a dense normal over the
fixed effects and the dense terms, then each eliminated term level by level, given what comes
after it. Here are its arrays, on the user's scale of spherical random effects.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glmmvi.inference.linear_mixed import LinearMixedProblem, LinearMixedSolution

Matrix = NDArray[np.float64]
LevelPairs = tuple[NDArray[np.intp], NDArray[np.intp], Matrix]


@dataclass(frozen=True)
class ConditionalTerm:
    """An eliminated term given everything after it: independent levels.

    ``u[l] | later ~ N(u_mean[l] - sum_j map_j (u_j - u_mean_j) - beta_map (beta - beta_mean),
    scale_tril[l] scale_tril[l]')``.

    Attributes
    ----------
    scale_tril : float64, shape (L, d, d)
    maps : dict of int to (rows, columns, blocks)
        For every later term, the pairs of levels that meet, shape (P,) each, and the map's
        block of each pair, shape (P, d, d_j).
    beta_map : float64, shape (L, d, p)
    """

    scale_tril: Matrix
    maps: dict[int, LevelPairs]
    beta_map: Matrix


def conditional_term(
    problem: LinearMixedProblem, solution: LinearMixedSolution, k: int
) -> ConditionalTerm:
    """Conditional of the eliminated term `k`.

    Parameters
    ----------
    problem : LinearMixedProblem
    solution : LinearMixedSolution
    k : int
        One of ``problem.structure.order.eliminated``.

    Returns
    -------
    ConditionalTerm
    """
    structure, f = problem.structure, solution.factorization
    term, O = f.eliminated[k], solution.rotations[k]
    covariance = np.einsum("ab,bcl,dc->lad", O, term.A_inv, O)
    # O A^-1 Lambda', what turns a score of the engine into spherical effects of the user
    gain = np.einsum("ab,bcl,dc->adl", O, term.A_inv, f.factors[k])
    U, p = structure.U, structure.p
    every = np.arange(structure.n_levels[k])
    maps: dict[int, LevelPairs] = {}
    for j, linked in term.linked.items():
        right = f.factors[j] @ solution.rotations[j].T
        blocks = np.einsum("abl,bcl,cd->lad", gain, linked, right)
        maps[j] = (every, structure.links[k, j].parent, blocks)
    pattern = structure.patterns[k]
    for j in structure.order.dense:
        here = structure.dense_slice(j)
        coupling = pattern.columns(term.rows, here.start, here.stop)
        d_k, L_k, _ = coupling.shape
        by_pair = coupling.reshape(d_k, L_k, -1, structure.d[j])
        rows, columns = np.nonzero((by_pair != 0.0).any(axis=(0, 3)))
        right = f.factors[j] @ solution.rotations[j].T
        blocks = np.einsum("abP,bPc,cd->Pad", gain[:, :, rows], by_pair[:, rows, columns], right)
        maps[j] = (rows, columns, blocks)
    fixed = pattern.columns(term.rows, U, U + p)
    beta_map = np.einsum("abl,blp,pq->laq", gain, fixed, problem.basis.X_factor)
    return ConditionalTerm(solution.sigma * np.linalg.cholesky(covariance), maps, beta_map)


def dense_covariance(problem: LinearMixedProblem, solution: LinearMixedSolution) -> Matrix:
    """Covariance of the dense block: the fixed effects first, then the dense terms.

    Parameters
    ----------
    problem : LinearMixedProblem
    solution : LinearMixedSolution

    Returns
    -------
    float64, shape (m, m)
        ``m = p + U`` under REML; ``U`` under ML, where the fixed effects are a point. The
        random effects of a term are level-major.
    """
    structure, f = problem.structure, solution.factorization
    U, p = structure.U, structure.p
    spherical = np.eye(U)
    factor = np.eye(U)
    for r in structure.order.dense:
        here, L = structure.dense_slice(r), structure.n_levels[r]
        spherical[here, here] = np.kron(np.eye(L), solution.rotations[r])
        factor[here, here] = np.kron(np.eye(L), f.factors[r])
    M_inv = spherical @ f.M_inv @ spherical.T
    if not problem.reml:
        return solution.sigma**2 * M_inv
    gain = spherical @ f.M_inv @ factor.T @ f.S[:U, U : U + p] @ problem.basis.X_factor
    covariance = np.empty((p + U, p + U))
    covariance[:p, :p] = solution.beta_cov
    covariance[p:, :p] = -gain @ solution.beta_cov
    covariance[:p, p:] = covariance[p:, :p].T
    covariance[p:, p:] = solution.sigma**2 * M_inv + gain @ solution.beta_cov @ gain.T
    return covariance
