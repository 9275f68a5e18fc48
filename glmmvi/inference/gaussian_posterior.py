"""The Gaussian surrogate of a solved model, block by block.

The engine's optimal surrogate has the sparsity of its factorisation: a dense normal over the
fixed effects and the dense terms, then each eliminated term level by level, given what comes
after it. Here are its arrays, on the user's scale of spherical random effects.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glmmvi.inference.block_factorization import BlockFactorization

Matrix = NDArray[np.float64]
LevelPairs = tuple[NDArray[np.intp], NDArray[np.intp], Matrix]


@dataclass(frozen=True)
class GaussianPosterior:
    """A Gaussian surrogate as the engine leaves it.

    Attributes
    ----------
    factorization : BlockFactorization
        Of its precision matrix, in the engine's basis.
    rotations : tuple of float64, shape (d, d)
        From the engine's spherical effects to the user's.
    sigma : float
        Unit of the spherical effects: the residual sd of a linear mixed model, else 1.
    X_factor : float64, shape (p, p), or None
        Upper triangle of the fixed-effects columns in the engine's basis, where the fixed
        effects are in the surrogate; None where they are a point.
    beta_cov : float64, shape (p, p), or None
        Their covariance matrix.
    """

    factorization: BlockFactorization
    rotations: tuple[Matrix, ...]
    sigma: float
    X_factor: Matrix | None = None
    beta_cov: Matrix | None = None


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
    beta_map : float64, shape (L, d, p), or None
    """

    scale_tril: Matrix
    maps: dict[int, LevelPairs]
    beta_map: Matrix | None


def conditional_term(posterior: GaussianPosterior, k: int) -> ConditionalTerm:
    """Conditional of the eliminated term `k`.

    Parameters
    ----------
    posterior : GaussianPosterior
    k : int
        One of ``structure.order.eliminated``.

    Returns
    -------
    ConditionalTerm
    """
    f = posterior.factorization
    structure = f.structure
    term, rotation = f.eliminated[k], posterior.rotations[k]
    covariance = np.einsum("ab,bcl,dc->lad", rotation, term.A_inv, rotation)
    # O A^-1 Lambda', what turns a score of the engine into spherical effects of the user
    gain = np.einsum("ab,bcl,dc->adl", rotation, term.A_inv, f.factors[k])
    every = np.arange(structure.n_levels[k])
    maps: dict[int, LevelPairs] = {}
    for j, linked in term.linked.items():
        right = f.factors[j] @ posterior.rotations[j].T
        blocks = np.einsum("abl,bcl,cd->lad", gain, linked, right)
        maps[j] = (every, structure.links[k, j].parent, blocks)
    pattern = structure.patterns[k]
    for j in structure.order.dense:
        here = structure.dense_slice(j)
        coupling = pattern.columns(term.rows, here.start, here.stop)
        d_k, L_k, _ = coupling.shape
        by_pair = coupling.reshape(d_k, L_k, -1, structure.d[j])
        rows, columns = np.nonzero((by_pair != 0.0).any(axis=(0, 3)))
        right = f.factors[j] @ posterior.rotations[j].T
        blocks = np.einsum("abP,bPc,cd->Pad", gain[:, :, rows], by_pair[:, rows, columns], right)
        maps[j] = (rows, columns, blocks)
    beta_map = None
    if posterior.X_factor is not None:
        fixed = pattern.columns(term.rows, structure.U, structure.U + structure.p)
        beta_map = np.einsum("abl,blp,pq->laq", gain, fixed, posterior.X_factor)
    return ConditionalTerm(posterior.sigma * np.linalg.cholesky(covariance), maps, beta_map)


def dense_covariance(posterior: GaussianPosterior) -> Matrix:
    """Covariance of the dense block: the fixed effects first, then the dense terms.

    Parameters
    ----------
    posterior : GaussianPosterior

    Returns
    -------
    float64, shape (m, m)
        ``m = p + U`` where the fixed effects are in the surrogate, else ``U``. The random
        effects of a term are level-major.
    """
    f = posterior.factorization
    structure = f.structure
    U, p = structure.U, structure.p
    spherical = np.eye(U)
    factor = np.eye(U)
    for r in structure.order.dense:
        here, L = structure.dense_slice(r), structure.n_levels[r]
        spherical[here, here] = np.kron(np.eye(L), posterior.rotations[r])
        factor[here, here] = np.kron(np.eye(L), f.factors[r])
    M_inv = spherical @ f.M_inv @ spherical.T
    if posterior.X_factor is None or posterior.beta_cov is None:
        return posterior.sigma**2 * M_inv
    gain = spherical @ f.M_inv @ factor.T @ f.S[:U, U : U + p] @ posterior.X_factor
    covariance = np.empty((p + U, p + U))
    covariance[:p, :p] = posterior.beta_cov
    covariance[p:, :p] = -gain @ posterior.beta_cov
    covariance[:p, p:] = covariance[p:, :p].T
    covariance[p:, p:] = posterior.sigma**2 * M_inv + gain @ posterior.beta_cov @ gain.T
    return covariance
