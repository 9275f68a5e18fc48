"""Draws from the structured Gaussian surrogate, by its block factorisation.

Standard normals go through the factored system backwards, as a right-hand side does when it is
solved: the dense block first, then every eliminated term level by level given what comes after
it. A draw costs one pass over the factorisation; no covariance matrix is formed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glmmvi.inference.block_factorization import BlockFactorization
from glmmvi.inference.cross_products import BlockStructure

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class StandardNormals:
    """Standard normals in the shape of a model's latent variables.

    Attributes
    ----------
    u : tuple of float64, shape (S, L, d)
        For every term's spherical random effects.
    beta : float64, shape (S, p)
        For the fixed effects where they are in the surrogate, else of shape (S, 0).
    """

    u: tuple[Array, ...]
    beta: Array

    @property
    def count(self) -> int:
        """Number of draws ``S``."""
        return len(self.beta)

    def opposite(self) -> StandardNormals:
        """The antithetic draws: every sign changed."""
        return StandardNormals(tuple(-z for z in self.u), -self.beta)


def standard_normals(
    structure: BlockStructure, count: int, rng: np.random.Generator, *, p: int = 0
) -> StandardNormals:
    """Draw standard normals for a model.

    Parameters
    ----------
    structure : BlockStructure
    count : int
        Number of draws ``S``.
    rng : numpy.random.Generator
    p : int
        Fixed effects in the surrogate.

    Returns
    -------
    StandardNormals
        The same numbers whether they are drawn at once or in pieces.
    """
    sizes = [p, *(d * L for d, L in zip(structure.d, structure.n_levels, strict=True))]
    every = rng.standard_normal((count, sum(sizes)))
    ends = np.cumsum(sizes)
    pieces = [every[:, end - size : end] for end, size in zip(ends, sizes, strict=True)]
    u = tuple(
        piece.reshape(count, L, d)
        for piece, L, d in zip(pieces[1:], structure.n_levels, structure.d, strict=True)
    )
    return StandardNormals(u, pieces[0])


@dataclass(frozen=True, eq=False)
class SurrogateRoots:
    """Triangular factors that turn standard normals into draws of the surrogate.

    Attributes
    ----------
    factorization : BlockFactorization
    eliminated : dict of int to float64, shape (L, d, d)
        Lower Cholesky factors of every eliminated level's conditional covariance.
    dense : float64, shape (U, U)
        Of the dense random effects' covariance, given the fixed effects.
    """

    factorization: BlockFactorization
    eliminated: dict[int, Array]
    dense: Array


def surrogate_roots(f: BlockFactorization) -> SurrogateRoots:
    """Factors of a surrogate's conditional covariances.

    Parameters
    ----------
    f : BlockFactorization
        Of its precision matrix.

    Returns
    -------
    SurrogateRoots
    """
    eliminated = {
        k: np.linalg.cholesky(term.A_inv.transpose(2, 0, 1)) for k, term in f.eliminated.items()
    }
    dense = np.asarray(np.linalg.cholesky(f.M_inv), dtype=np.float64)
    return SurrogateRoots(f, eliminated, dense)


def deviations(
    roots: SurrogateRoots, normals: StandardNormals, beta: Array | None = None
) -> tuple[Array, ...]:
    """Deviations of the spherical random effects from their means, in the engine's basis.

    Parameters
    ----------
    roots : SurrogateRoots
    normals : StandardNormals
    beta : float64, shape (S, p), optional
        Deviations of the fixed effects, where they are in the surrogate.

    Returns
    -------
    tuple of float64, shape (S, L, d)
        With covariance ``(I + A'WA)^-1`` given the fixed effects.
    """
    f = roots.factorization
    structure, count = f.structure, normals.count
    U, p = structure.U, structure.p
    drawn: dict[int, Array] = {}
    on_columns = np.zeros((structure.m, count))  # minus what the dense block adds to a score
    if beta is not None:
        on_columns[U : U + p] = -beta.T
    if U:
        z = np.concatenate([normals.u[r].reshape(count, -1) for r in structure.order.dense], axis=1)
        spherical = z @ roots.dense.T
        if beta is not None:
            scores = beta @ f.S[U : U + p, :U]
            by_term = _per_level(structure, scores)
            moved = [u @ f.factors[r] for r, u in by_term.items()]
            spherical -= np.concatenate([u.reshape(count, -1) for u in moved], axis=1) @ f.M_inv
        for r, u in _per_level(structure, spherical).items():
            drawn[r] = u
            effect = u @ f.factors[r].T
            on_columns[structure.dense_slice(r)] = -effect.reshape(count, -1).T
    for k in reversed(structure.order.eliminated):
        term = f.eliminated[k]
        score = structure.patterns[k].apply(term.rows, on_columns)
        for j, block in term.linked.items():
            effect = (drawn[j] @ f.factors[j].T)[:, structure.links[k, j].parent]
            score = score - np.einsum("abl,slb->als", block, effect)
        spherical_score = np.einsum("cb,cls->bls", f.factors[k], score)
        given = np.einsum("abl,bls->sla", term.A_inv, spherical_score)
        drawn[k] = given + np.einsum("lab,slb->sla", roots.eliminated[k], normals.u[k])
    return tuple(drawn[r] for r in range(len(structure.d)))


def _per_level(structure: BlockStructure, dense: Array) -> dict[int, Array]:
    """The dense random effects, shape (S, U), term by term, shapes (S, L, d)."""
    return {
        r: dense[:, structure.dense_slice(r)].reshape(len(dense), -1, structure.d[r])
        for r in structure.order.dense
    }


def squared_lengths(draws: Sequence[Array]) -> list[Array]:
    """Squared length of every level's draw: shapes (S, L, d) to (S, L)."""
    return [np.einsum("sld,sld->sl", draw, draw) for draw in draws]
