"""The Gaussian surrogate of a structured fit, as arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class LevelMap:
    """A sparse linear map from the random effects of one term to those of another.

    ``(map x)[l] = sum over e with rows[e] == l of blocks[e] @ x[columns[e]]``.

    Attributes
    ----------
    rows : intp, shape (P,)
        Level of the eliminated term.
    columns : intp, shape (P,)
        Level of the later term.
    blocks : float64, shape (P, d_k, d_j)
        One block a pair of levels that meet.
    """

    rows: NDArray[np.intp]
    columns: NDArray[np.intp]
    blocks: NDArray[np.float64]


@dataclass(frozen=True)
class EliminatedBlock:
    """The conditional of an eliminated term, given everything after it.

    Level by level and independently,

        u[l] | later ~ N( mean[l] - sum_j (maps[j] (u_j - mean_j))[l]
                          - beta_map[l] (beta - beta_mean),  scale_tril[l] scale_tril[l]' )

    on the spherical scale (``sd = sigma`` a priori).

    Attributes
    ----------
    term : int
        Position of the term in the design.
    mean : float64, shape (L, d)
        Marginal mean.
    scale_tril : float64, shape (L, d, d)
        Cholesky factors of the conditional covariances; `sigma` is included.
    maps : mapping of int to LevelMap
        For each later term (its position in the design), eliminated or dense. A term that is
        missing is not conditioned upon.
    beta_map : float64, shape (L, d, p), or None
        Map from the fixed effects; ``None`` where they are not in the surrogate.
    """

    term: int
    mean: NDArray[np.float64]
    scale_tril: NDArray[np.float64]
    maps: Mapping[int, LevelMap]
    beta_map: NDArray[np.float64] | None


@dataclass(frozen=True)
class DenseBlock:
    """One multivariate normal over ``beta`` and the terms that were not eliminated.

    Its vector is the concatenation of ``beta`` (first, so that ``scale_tril[:p, :p]`` is the
    Cholesky factor of its covariance) and then of each term's ``u``, level-major:
    ``u.reshape(-1)``.

    Attributes
    ----------
    p : int
        Number of fixed effects in the surrogate: 0 where they are a point.
    terms : tuple of int
        Positions in the design of the terms, in the order of concatenation.
    shapes : tuple of (int, int)
        ``(L, d)`` of those terms.
    mean : float64, shape (m,)
    scale_tril : float64, shape (m, m)
        Lower Cholesky factor of the covariance; `sigma` is included.
    """

    p: int
    terms: tuple[int, ...]
    shapes: tuple[tuple[int, int], ...]
    mean: NDArray[np.float64]
    scale_tril: NDArray[np.float64]

    def __post_init__(self) -> None:
        m = self.p + sum(L * d for L, d in self.shapes)
        if self.mean.shape != (m,) or self.scale_tril.shape != (m, m):
            raise ValueError(
                f"a dense block of {m} variables has mean {self.mean.shape} "
                f"and scale_tril {self.scale_tril.shape}"
            )


@dataclass(frozen=True)
class GaussianSurrogate:
    """The surrogate posterior of a structured fit, given ``theta`` and ``sigma``.

    The dense block first, then the eliminated terms from the last to the first, each with
    levels that are independent given what came before: the sparsity of the precision matrix
    ``(I + A'A) / sigma^2``, never a dense ``q x q``.

    Attributes
    ----------
    labels : tuple of str
        Labels of all the terms, in the design's order.
    eliminated : tuple of EliminatedBlock
        In the order of elimination.
    dense : DenseBlock
        May be empty (``p = 0`` and no term).
    """

    labels: tuple[str, ...]
    eliminated: tuple[EliminatedBlock, ...]
    dense: DenseBlock

    def __post_init__(self) -> None:
        covered = sorted([*(block.term for block in self.eliminated), *self.dense.terms])
        if covered != list(range(len(self.labels))):
            raise ValueError(f"the surrogate of terms {self.labels} covers the positions {covered}")

    @property
    def beta_mean(self) -> NDArray[np.float64]:
        """Mean of the fixed effects, shape (p,); empty where they are a point."""
        return self.dense.mean[: self.dense.p]

    @property
    def u_means(self) -> tuple[NDArray[np.float64], ...]:
        """Mean of the spherical random effects of each term, shapes (L, d)."""
        means = {block.term: block.mean for block in self.eliminated}
        start = self.dense.p
        for term, (L, d) in zip(self.dense.terms, self.dense.shapes, strict=True):
            means[term] = self.dense.mean[start : start + L * d].reshape(L, d)
            start += L * d
        return tuple(means[r] for r in range(len(self.labels)))
