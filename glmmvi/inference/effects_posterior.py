"""The joint surrogate of fixed and random effects, as sparse linear maps.

The dense block (fixed effects, dense terms) is one normal; every eliminated term is, level by
level, a linear map of what comes after it plus independent noise. So the variance of any
combination of effects, and a draw of all of them, cost sparse products and one dense block:
never a matrix over all random effects.

Where the fixed effects are a point in the engine (maximum likelihood), they join here with
their own covariance matrix, and the random effects follow them: to first order, moving ``beta``
moves the best ``u`` by ``-(I + A'WA)^-1 A'WX`` (the implicit function of ``u = A'g``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from glmmvi.inference.gaussian_posterior import (
    GaussianPosterior,
    conditional_term,
    dense_covariance,
)

Matrix = NDArray[np.float64]
Vector = NDArray[np.float64]

_CHUNK = 4_000_000  # numbers of a temporary


@dataclass(frozen=True)
class Conditional:
    """An eliminated term given what comes after it: ``u = mean - maps (later - mean) + noise``.

    Attributes
    ----------
    scale_tril : float64, shape (L, d, d)
        Of the noise of each level.
    maps : dict of int to scipy.sparse.csr_array, shape (L d, L_j d_j)
    beta_map : float64, shape (L d, p)
    """

    scale_tril: Matrix
    maps: dict[int, sparse.csr_array]
    beta_map: Matrix


@dataclass(frozen=True)
class EffectsPosterior:
    """Joint normal distribution of fixed and random effects, on the user's scale.

    Attributes
    ----------
    gaussian : GaussianPosterior
        With the fixed effects in it.
    Lambda : tuple of float64, shape (d, d)
        Relative covariance factors: ``b = Lambda u``.
    beta : float64, shape (p,)
    u_mean : tuple of float64, shape (L, d)
    """

    gaussian: GaussianPosterior
    Lambda: tuple[Matrix, ...]
    beta: Vector
    u_mean: tuple[Matrix, ...]

    @property
    def b_mean(self) -> tuple[Matrix, ...]:
        """Means of the random effects, shapes (L, d)."""
        return tuple(u @ factor.T for u, factor in zip(self.u_mean, self.Lambda, strict=True))

    @cached_property
    def dense_root(self) -> Matrix:
        """A square root of the dense block's covariance matrix: fixed effects first."""
        return square_root(dense_covariance(self.gaussian))

    @cached_property
    def conditionals(self) -> dict[int, Conditional]:
        """Of the eliminated terms, in the order of elimination."""
        structure = self.gaussian.factorization.structure
        found = {}
        for k in structure.order.eliminated:
            term = conditional_term(self.gaussian, k)
            size = structure.n_levels[k] * structure.d[k]
            maps = {
                j: _sparse_blocks(*pairs, (size, structure.n_levels[j] * structure.d[j]))
                for j, pairs in term.maps.items()
            }
            beta_map = np.zeros((size, structure.p))
            if term.beta_map is not None:
                beta_map = term.beta_map.reshape(size, structure.p)
            found[k] = Conditional(term.scale_tril, maps, beta_map)
        return found


@dataclass(frozen=True)
class EffectsDraws:
    """Draws of fixed and random effects.

    Attributes
    ----------
    beta : float64, shape (S, p)
    b : tuple of float64, shape (S, L, d)
    """

    beta: Matrix
    b: tuple[Matrix, ...]


def square_root(covariance: Matrix) -> Matrix:
    """``R`` with ``R R' = covariance``; directions of negative variance count as known.

    Examples
    --------
    >>> root = square_root(np.array([[4.0, 4.0], [4.0, 4.0]]))
    >>> np.allclose(root @ root.T, 4.0)
    True
    """
    if not covariance.size:
        return covariance
    try:
        return np.asarray(np.linalg.cholesky(covariance), dtype=np.float64)
    except np.linalg.LinAlgError:
        values, vectors = np.linalg.eigh(covariance)
        return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0)))


def combination_variance(
    posterior: EffectsPosterior, X: Matrix, Z: Mapping[int, sparse.csr_array]
) -> Vector:
    """Variance of ``x'beta + sum_r z_r' b_r`` of every row.

    Parameters
    ----------
    posterior : EffectsPosterior
    X : float64, shape (n, p)
    Z : mapping of int to scipy.sparse.csr_array, shape (n, L d)
        By term, level-major; terms that do not take part are missing.

    Returns
    -------
    float64, shape (n,)
        Exact under the surrogate, link scale squared.
    """
    structure = posterior.gaussian.factorization.structure
    n, p = X.shape
    coefficients = {
        r: sparse.csr_array(columns @ _repeated(posterior.Lambda[r], structure.n_levels[r]))
        for r, columns in Z.items()
    }
    fixed, total = X, np.zeros(n)
    for k, conditional in posterior.conditionals.items():
        if k not in coefficients:
            continue
        mine = coefficients.pop(k)
        noise = mine @ _block_diagonal(conditional.scale_tril)
        total += np.asarray(noise.multiply(noise).sum(axis=1)).reshape(-1)
        if p:
            fixed = fixed - mine @ conditional.beta_map
        for j, link in conditional.maps.items():
            moved = mine @ link
            coefficients[j] = sparse.csr_array(
                coefficients[j] - moved if j in coefficients else -moved
            )
    dense = structure.order.dense
    if p + structure.U == 0:
        return total
    parts = [sparse.csr_array(fixed)] if p else []
    for r in dense:
        width = structure.n_levels[r] * structure.d[r]
        parts.append(coefficients.get(r, sparse.csr_array((n, width))))
    joined = sparse.csr_array(sparse.hstack(parts, format="csr"))
    step = max(1, _CHUNK // (p + structure.U))
    for start in range(0, n, step):
        rows = slice(start, start + step)
        total[rows] += ((joined[rows] @ posterior.dense_root) ** 2).sum(axis=1)
    return total


def draw_effects(posterior: EffectsPosterior, n: int, rng: np.random.Generator) -> EffectsDraws:
    """Draw all effects jointly.

    Parameters
    ----------
    posterior : EffectsPosterior
    n : int
        Number of draws.
    rng : numpy.random.Generator
        Advances.

    Returns
    -------
    EffectsDraws
    """
    structure = posterior.gaussian.factorization.structure
    p = structure.p
    root = posterior.dense_root
    dense = root @ rng.standard_normal((root.shape[1], n))
    beta = dense[:p]
    moved: dict[int, Matrix] = {}
    start = p
    for r in structure.order.dense:
        width = structure.n_levels[r] * structure.d[r]
        moved[r] = dense[start : start + width]
        start += width
    for k, conditional in reversed(posterior.conditionals.items()):
        L, d = structure.n_levels[k], structure.d[k]
        noise = rng.standard_normal((L, d, n))
        u = (conditional.scale_tril @ noise).reshape(L * d, n) - conditional.beta_map @ beta
        for j, link in conditional.maps.items():
            u -= link @ moved[j]
        moved[k] = u
    b = []
    for r, (mean, factor) in enumerate(zip(posterior.u_mean, posterior.Lambda, strict=True)):
        u = moved[r].reshape(*mean.shape, n) + mean[:, :, None]
        b.append(np.ascontiguousarray(np.einsum("ab,lbs->sla", factor, u)))
    return EffectsDraws(posterior.beta + beta.T, tuple(b))


def _sparse_blocks(
    rows: NDArray[np.intp], columns: NDArray[np.intp], blocks: Matrix, shape: tuple[int, int]
) -> sparse.csr_array:
    """The matrix of blocks, shape (P, d, e), at pairs of levels."""
    _, d, e = blocks.shape
    i = rows[:, None, None] * d + np.arange(d)[:, None]
    j = columns[:, None, None] * e + np.arange(e)
    i, j = np.broadcast_to(i, blocks.shape), np.broadcast_to(j, blocks.shape)
    return sparse.csr_array((blocks.ravel(), (i.ravel(), j.ravel())), shape=shape)


def _block_diagonal(blocks: Matrix) -> sparse.csr_array:
    L, d, _ = blocks.shape
    every = np.arange(L)
    return _sparse_blocks(every, every, blocks, (L * d, L * d))


def _repeated(factor: Matrix, n_levels: int) -> sparse.csr_array:
    return _block_diagonal(np.broadcast_to(factor, (n_levels, *factor.shape)))


def new_level_variance(Z: Matrix, factor: Matrix, scale: float) -> Vector:
    """Variance of ``z' b`` of a level that was not seen: ``scale^2 |Lambda' z|^2``.

    Parameters
    ----------
    Z : float64, shape (n, d)
    factor : float64, shape (d, d)
        ``Lambda``.
    scale : float
        ``sigma`` of a linear mixed model, else 1.

    Returns
    -------
    float64, shape (n,)
    """
    return scale**2 * ((Z @ factor) ** 2).sum(axis=1)


def sum_of_terms(
    Z: Sequence[Matrix], codes: Sequence[NDArray[np.intp]], b: Sequence[Matrix]
) -> Matrix:
    """``sum_r z_r' b_r`` of every draw and row; a code of -1 adds nothing.

    Parameters
    ----------
    Z : sequence of float64, shape (n, d)
    codes : sequence of intp, shape (n,)
    b : sequence of float64, shape (S, L, d)

    Returns
    -------
    float64, shape (S, n)
    """
    total = np.zeros((len(b[0]), len(codes[0])))
    for columns, code, effects in zip(Z, codes, b, strict=True):
        known = code >= 0
        total[:, known] += np.einsum("na,sna->sn", columns[known], effects[:, code[known]])
    return total
