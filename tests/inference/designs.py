"""Small designs of every structure that the block elimination meets."""

from __future__ import annotations

import numpy as np

from glmmvi.inference.regression_arrays import RegressionArrays, TermArrays


def _term(rng, codes, d, n_levels=None) -> TermArrays:
    codes = np.asarray(codes, dtype=np.intp)
    Z = np.column_stack([np.ones(len(codes)), rng.normal(size=(len(codes), d - 1))])
    return TermArrays(Z, codes, int(codes.max()) + 1 if n_levels is None else n_levels)


def design(name: str, seed: int = 0, n: int = 90, p: int = 3) -> RegressionArrays:
    """A random design by name."""
    rng = np.random.default_rng(seed)
    inner = rng.permutation(np.arange(n) % 15)
    middle = inner // 3
    outer = middle // 2
    cross = rng.integers(0, 6, n)
    cross[:6] = np.arange(6)
    other = rng.integers(0, 4, n)
    other[:4] = np.arange(4)
    terms = {
        "intercept": lambda: [_term(rng, inner, 1)],
        "slope": lambda: [_term(rng, inner, 2)],
        "three columns": lambda: [_term(rng, inner, 3)],
        "many columns": lambda: [_term(rng, middle, 8)],
        "same factor twice": lambda: [_term(rng, inner, 1), _term(rng, inner, 2)],
        "nested": lambda: [_term(rng, inner, 1), _term(rng, middle, 1)],
        "nested slopes": lambda: [_term(rng, inner, 2), _term(rng, middle, 2)],
        "three deep": lambda: [
            _term(rng, inner, 1),
            _term(rng, middle, 2),
            _term(rng, outer, 1),
        ],
        "crossed": lambda: [_term(rng, inner, 1), _term(rng, cross, 1)],
        "crossed slopes": lambda: [_term(rng, inner, 2), _term(rng, cross, 3)],
        "nested and crossed": lambda: [
            _term(rng, inner, 2),
            _term(rng, middle, 1),
            _term(rng, outer, 2),
            _term(rng, cross, 2),
            _term(rng, other, 1),
        ],
        "same factor twice, crossed": lambda: [
            _term(rng, cross, 1),
            _term(rng, inner, 1),
            _term(rng, cross, 2),
            _term(rng, inner, 2),
        ],
    }[name]()
    X = np.column_stack([np.ones(n), rng.normal(size=(n, p - 1))])[:, :p]
    y = X.sum(axis=1) + rng.normal(size=n)
    for term in terms:
        y = y + np.einsum("nd,nd->n", term.Z, rng.normal(size=(term.n_levels, term.d))[term.codes])
    return RegressionArrays(y, X, tuple(terms), rng.uniform(0.3, 3.0, n), rng.normal(size=n))


STRUCTURES = (
    "intercept",
    "slope",
    "three columns",
    "many columns",
    "same factor twice",
    "nested",
    "nested slopes",
    "three deep",
    "crossed",
    "crossed slopes",
    "nested and crossed",
    "same factor twice, crossed",
)


def factors(arrays: RegressionArrays, seed: int = 1, *, singular: bool = False) -> list[np.ndarray]:
    """Random covariance factors; `singular` zeroes the last diagonal element of each."""
    rng = np.random.default_rng(seed)
    result = []
    for term in arrays.terms:
        factor = np.tril(rng.normal(scale=0.5, size=(term.d, term.d)))
        np.fill_diagonal(factor, rng.uniform(0.3, 1.2, term.d))
        if singular:
            factor[-1, -1] = 0.0
        result.append(factor)
    return result
