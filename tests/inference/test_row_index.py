"""Three ways to the sums over rows of an evaluation, held to dense algebra."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from glmmvi.inference.block_factorization import backward, factorize
from glmmvi.inference.cross_products import block_structure, cross_products, row_positions
from glmmvi.inference.regression_arrays import RegressionArrays
from glmmvi.inference.row_index import PlainRows, row_index
from glmmvi.inference.row_templates import RowTemplates
from glmmvi.inference.sorted_rows import SortedRows, sorted_rows
from tests.inference.designs import STRUCTURES, design, factors

every = pytest.mark.parametrize("name", STRUCTURES)


def all_rows(arrays: RegressionArrays, dense_rows: int = 10**9):
    """Every way that can answer for a design."""
    structure = block_structure(arrays.terms, arrays.p, dense_rows=dense_rows)
    bare = replace(arrays, y=np.zeros(arrays.n))
    ways = [PlainRows(bare, structure, row_positions(arrays.terms, structure))]
    ways.append(row_index(arrays, structure))
    assert isinstance(ways[1], RowTemplates)
    if len(arrays.terms) == 1:
        ways.append(row_index(arrays, structure, most_products=0))
        assert isinstance(ways[2], SortedRows)
    return structure, ways


@every
@pytest.mark.parametrize("dense_rows", [10**9, 0], ids=["dense", "sparse"])
@pytest.mark.parametrize("p", [3, 0])
def test_products_and_variances(name, dense_rows, p):
    arrays = design(name)
    arrays = replace(arrays, X=arrays.X[:, :p])
    structure, ways = all_rows(arrays, dense_rows)
    w = np.random.default_rng(2).normal(1.0, 0.5, arrays.n)
    bare = replace(arrays, y=np.zeros(arrays.n))
    expected = cross_products(bare, structure, curvature=np.abs(w))
    f = factorize(expected, structure, factors(arrays))
    selected = backward(f, np.zeros((p + 1, p + 1)))
    Lambda = [np.kron(np.eye(t.n_levels), L) for t, L in zip(arrays.terms, f.factors, strict=True)]
    A = np.hstack([dense_columns(term) @ L for term, L in zip(arrays.terms, Lambda, strict=True)])
    V = np.linalg.inv(np.eye(A.shape[1]) + A.T @ (np.abs(w)[:, None] * A))
    for way in ways:
        found = way.products(np.abs(w))
        assert found.n == expected.n
        assert_allclose(found.dense, expected.dense, atol=1e-12)
        for part in ("diagonal", "linked", "rows"):
            assert getattr(found, part).keys() == getattr(expected, part).keys()
            for key, value in getattr(expected, part).items():
                assert_allclose(getattr(found, part)[key], value, atol=1e-12)
        variance = np.einsum("ij,jk,ik->i", A, V, A)
        assert_allclose(way.variance(selected), variance, rtol=1e-9)


@every
def test_predictors_and_scores(name):
    arrays = design(name)
    _, ways = all_rows(arrays)
    rng = np.random.default_rng(3)
    g, beta = rng.normal(size=arrays.n), rng.normal(size=arrays.p)
    effects = [rng.normal(size=(term.n_levels, term.d)) for term in arrays.terms]
    columns = [dense_columns(term) for term in arrays.terms]
    eta = arrays.X @ beta
    for Z, b in zip(columns, effects, strict=True):
        eta = eta + Z @ b.ravel()
    for way in ways:
        assert_allclose(way.predictor(beta, effects), eta, atol=1e-12)
        by_level, fixed = way.scores(g)
        assert_allclose(fixed, arrays.X.T @ g, atol=1e-12)
        for score, Z, b in zip(by_level, columns, effects, strict=True):
            assert_allclose(score, (Z.T @ g).reshape(b.shape), atol=1e-12)


def test_more_rows_than_are_worked_on_at_once():
    arrays = design("slope", n=30_000)
    structure = block_structure(arrays.terms, arrays.p)
    rows = sorted_rows(arrays, structure)
    assert len(rows.parts) == 2  # levels of 2000 rows, eight at a time
    plain = PlainRows(
        replace(arrays, y=np.zeros(arrays.n)), structure, row_positions(arrays.terms, structure)
    )
    w = np.random.default_rng(4).uniform(0.1, 1.0, arrays.n)
    found, expected = rows.products(w), plain.products(w)
    assert_allclose(found.dense, expected.dense, rtol=1e-11)
    assert_allclose(found.rows[0], expected.rows[0], rtol=1e-9, atol=1e-9)
    assert_allclose(rows.scores(w)[0][0], plain.scores(w)[0][0], rtol=1e-9, atol=1e-9)


def test_a_level_without_rows_is_not_sorted():
    arrays = design("intercept")
    term = replace(arrays.terms[0], n_levels=arrays.terms[0].n_levels + 1)
    arrays = replace(arrays, terms=(term,))
    structure = block_structure(arrays.terms, arrays.p)
    assert isinstance(row_index(arrays, structure, most_products=0), PlainRows)


def dense_columns(term):
    Z = np.zeros((len(term.codes), term.n_levels * term.d))
    for a in range(term.d):
        Z[np.arange(len(term.codes)), term.codes * term.d + a] = term.Z[:, a]
    return Z
