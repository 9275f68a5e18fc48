"""Slow and obvious: the posterior of a small gaussian mixed model by dense NumPy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glmmvi.design.design_matrices import DesignMatrices
from glmmvi.design.random_term import RandomTerm
from glmmvi.model.gaussian_surrogate import (
    DenseBlock,
    EliminatedBlock,
    GaussianSurrogate,
    LevelMap,
)

Matrix = NDArray[np.float64]


def make_design(
    y: Matrix,
    X: Matrix,
    terms: Sequence[RandomTerm],
    *,
    column_names: Sequence[str] | None = None,
    offset: Matrix | None = None,
    weights: Matrix | None = None,
) -> DesignMatrices:
    """A DesignMatrices of arrays only: no formula, frame or recipe."""
    n, p = X.shape
    nothing: Any = None
    return DesignMatrices(
        formula=nothing,
        frame_source=nothing,
        y=y,
        X=X,
        column_names=tuple(column_names or (f"x{j}" for j in range(p))),
        dropped_columns=(),
        assign=tuple(range(p)),
        term_labels=(),
        terms=tuple(terms),
        offset=np.zeros(n) if offset is None else offset,
        weights=np.ones(n) if weights is None else weights,
        n_dropped=0,
        recipe=nothing,
    )


def make_term(label: str, codes: Sequence[int], Z: Matrix) -> RandomTerm:
    codes_array = np.asarray(codes, dtype=np.intp)
    levels = tuple(f"l{level}" for level in range(codes_array.max() + 1))
    columns = tuple(f"z{j}" for j in range(Z.shape[1]))
    return RandomTerm(label.split(".")[0], label, columns, levels, codes_array, Z)


def dense_random_matrix(design: DesignMatrices, factors: Sequence[Matrix]) -> Matrix:
    """``A = [Z_r Lambda_r]``, (n, q): terms in order, level-major within a term."""
    blocks = []
    for term, factor in zip(design.terms, factors, strict=True):
        block = np.zeros((design.n, term.L, term.d))
        block[np.arange(design.n), term.codes] = term.Z @ factor
        blocks.append(block.reshape(design.n, term.L * term.d))
    return np.concatenate(blocks, axis=1)


def dense_log_likelihood(
    design: DesignMatrices, factors: Sequence[Matrix], sigma: float, beta: Matrix | None
) -> float:
    """Marginal log density of y (``beta`` given), or with beta integrated out (REML)."""
    keep = design.weights > 0
    A = dense_random_matrix(design, factors)[keep]
    X, y = design.X[keep], (design.y - design.offset)[keep]
    V = sigma**2 * (np.diag(1 / design.weights[keep]) + A @ A.T)
    n, p = X.shape
    if beta is not None:
        r = y - X @ beta
        extra, p = 0.0, 0
    else:
        information = X.T @ np.linalg.solve(V, X)
        r = y - X @ np.linalg.solve(information, X.T @ np.linalg.solve(V, y))
        extra = np.linalg.slogdet(information)[1]
    quadratic = r @ np.linalg.solve(V, r)
    return -0.5 * ((n - p) * np.log(2 * np.pi) + np.linalg.slogdet(V)[1] + extra + quadratic)


def dense_surrogate(
    design: DesignMatrices,
    factors: Sequence[Matrix],
    sigma: float,
    *,
    beta: Matrix | None = None,
    eliminate: Sequence[int] = (),
) -> GaussianSurrogate:
    """The exact posterior, with the terms of `eliminate` written as conditionals."""
    root_w = np.sqrt(design.weights)[:, None]
    A = dense_random_matrix(design, factors)
    p = design.p if beta is None else 0
    target = design.y - design.offset - (0 if beta is None else design.X @ beta)
    full = np.concatenate([design.X, A], axis=1) * root_w if p else A * root_w
    q = A.shape[1]
    precision = full.T @ full
    precision[p:, p:] += np.eye(q)
    mean = np.linalg.solve(precision, full.T @ (target * root_w[:, 0]))
    index: dict[Any, Matrix] = {"beta": np.arange(p)}
    start = p
    for r, term in enumerate(design.terms):
        index[r] = np.arange(start, start + term.L * term.d).reshape(term.L, term.d)
        start += term.L * term.d
    later: list[Any] = [r for r in range(len(design.terms)) if r not in eliminate]
    blocks = []
    for position, k in enumerate(eliminate):
        term = design.terms[k]
        rest = list(eliminate[position + 1 :]) + later
        gone = np.concatenate([index[j].ravel() for j in eliminate[:position]] or [np.zeros(0)])
        P = _schur(precision, gone.astype(int))
        D = [P[np.ix_(rows, rows)] for rows in index[k]]
        for level, rows in enumerate(index[k]):
            others = np.setdiff1d(index[k].ravel(), rows)
            assert np.allclose(P[np.ix_(rows, others)], 0), "not block diagonal"
            assert level < term.L
        maps = {}
        for j in rest:
            rows, columns, values = [], [], []
            for a in range(term.L):
                for b in range(design.terms[j].L):
                    block = P[np.ix_(index[k][a], index[j][b])]
                    if np.any(block != 0):
                        rows.append(a)
                        columns.append(b)
                        values.append(np.linalg.solve(D[a], block))
            maps[j] = LevelMap(
                np.array(rows, dtype=np.intp), np.array(columns, dtype=np.intp), np.array(values)
            )
        cross = [
            np.linalg.solve(D[a], P[np.ix_(index[k][a], index["beta"])]) for a in range(term.L)
        ]
        blocks.append(
            EliminatedBlock(
                term=k,
                mean=mean[index[k]],
                scale_tril=np.stack([np.linalg.cholesky(sigma**2 * np.linalg.inv(d)) for d in D]),
                maps=maps,
                beta_map=np.stack(cross) if p else None,
            )
        )
    order = np.concatenate([index[j].ravel() for j in ["beta", *later]]).astype(int)
    covariance = sigma**2 * np.linalg.inv(precision)
    return GaussianSurrogate(
        labels=tuple(term.label for term in design.terms),
        eliminated=tuple(blocks),
        dense=DenseBlock(
            p=p,
            terms=tuple(later),
            shapes=tuple((design.terms[j].L, design.terms[j].d) for j in later),
            mean=mean[order],
            scale_tril=np.linalg.cholesky(covariance[np.ix_(order, order)]),
        ),
    )


def _schur(precision: Matrix, gone: NDArray[np.intp]) -> Matrix:
    """Precision after `gone` was integrated out, in the original indexing."""
    if gone.size == 0:
        return precision
    out = precision - precision[:, gone] @ np.linalg.solve(
        precision[np.ix_(gone, gone)], precision[gone]
    )
    return np.where(np.abs(out) < 1e-10, 0.0, out)
