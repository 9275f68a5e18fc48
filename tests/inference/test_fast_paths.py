"""Shortcuts of the engine against the plain way to the same numbers."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from glmmvi.inference import cross_products
from glmmvi.inference.block_factorization import backward, factorize
from glmmvi.inference.cross_products import block_structure
from glmmvi.inference.likelihood import make_likelihood
from glmmvi.inference.quadrature import nodes_for_each
from glmmvi.inference.row_patterns import DensePattern, sparse_pattern
from glmmvi.model.families import binomial
from glmmvi.model.families.density import Kernel
from glmmvi.model.families.softplus import minus_softplus
from tests.inference.designs import design, factors


@dataclass(frozen=True)
class PlainSoftplus:
    """The same kernel without its shortcut."""

    def __call__(self, eta, dispersion, rows, second) -> Kernel:
        return minus_softplus(eta, dispersion, rows, second)


@pytest.mark.parametrize("count", [2, 9, 15, 60, 61])
def test_nodes_taken_two_at_a_time_give_the_same_sums(count: int) -> None:
    rng = np.random.default_rng(count)
    n = 400
    density = binomial().bind((rng.random(n) < 0.4).astype(float))
    mean, sd = rng.normal(0.0, 6.0, n), rng.uniform(0.01, 4.0, n)
    mean[:4] = [-600.0, 600.0, 0.0, 37.0]  # the plain kernel is cut off at 700
    nothing = np.empty(0)
    fast = make_likelihood(density, nodes=count).expect(mean, sd**2, nothing)
    plain = replace(density, kernel=PlainSoftplus())
    slow = make_likelihood(plain, nodes=count).expect(mean, sd**2, nothing)
    rounding = 4.0 * np.spacing(600.0)  # of y eta less the kernel, where both are about 600
    np.testing.assert_allclose(fast.value, slow.value, rtol=1e-13, atol=rounding)
    np.testing.assert_allclose(fast.score, slow.score, rtol=1e-13, atol=1e-14)
    np.testing.assert_allclose(fast.curvature, slow.curvature, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("n", [300, 100_000])
def test_every_row_has_at_least_the_nodes_that_its_own_sd_asks_for(n: int) -> None:
    rng = np.random.default_rng(3)
    density = binomial().bind((rng.random(n) < 0.4).astype(float))
    mean, sd = rng.normal(0.0, 2.0, n), 3.0 * rng.random(n) ** 3 + 0.01
    nothing = np.empty(0)
    found = make_likelihood(density).expect(mean, sd**2, nothing)
    plain = replace(density, kernel=PlainSoftplus())
    exact = make_likelihood(plain, nodes=81).expect(mean, sd**2, nothing)
    small = sd < 0.62  # where 13 nodes or fewer do
    assert small.sum() > n / 3
    for name, error in (("value", 1e-10), ("score", 5e-10), ("curvature", 2e-9)):
        difference = np.abs(getattr(found, name) - getattr(exact, name))
        assert difference[small].max() < error
        assert difference.max() < 1e-6


def test_groups_of_rows_by_nodes() -> None:
    sd = np.random.default_rng(5).uniform(0.01, 3.0, 5000)
    alone = np.array([next(nodes_for_each(one, np.pi))[0] for one in sd[:, None]])
    seen = np.zeros(5000, dtype=int)
    for few, exact in ((1, True), (700, False)):
        seen[:] = 0
        for count, rows in nodes_for_each(sd, np.pi, few=few):
            seen[rows] += 1
            assert (alone[rows] == count).all() if exact else (alone[rows] <= count).all()
            assert len(sd[rows]) >= few or count == 61
        assert (seen == 1).all()
    assert (np.diff(alone[np.argsort(sd)]) >= 0).all()
    assert set(alone.tolist()) == {4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 21, 31, 41, 61}
    ((count, rows),) = nodes_for_each(np.full(3, 0.3), np.pi)
    assert (count, rows) == (7, slice(None))


def test_a_sparse_pattern_multiplies_by_pairs_as_by_columns() -> None:
    rng = np.random.default_rng(4)
    n_levels, n_columns, full = 60, 200, 3
    level = np.concatenate([np.arange(n_levels), rng.integers(0, n_levels, 300)])
    column = rng.integers(0, n_columns - full, len(level))
    pattern = sparse_pattern(n_levels, n_columns, [level], [column], full)
    assert pattern._pairs is not None
    matrix = rng.normal(size=(n_columns, n_columns))
    matrix += matrix.T
    rows = rng.normal(size=(2, len(pattern.level)))
    in_full = np.zeros((2, n_levels, n_columns))
    in_full[:, pattern.level, pattern.indices] = rows
    dense = DensePattern(n_levels, n_columns)
    expected = dense.times(in_full, matrix)[:, pattern.level, pattern.indices]
    np.testing.assert_allclose(pattern.times(rows, matrix), expected, rtol=1e-12, atol=1e-12)
    weights = rng.normal(size=(2, 2, n_levels))
    weights += weights.transpose(1, 0, 2)
    gram = dense.gram(in_full, dense.combine(weights, in_full))
    found = pattern.gram(rows, pattern.combine(weights, rows))
    np.testing.assert_allclose(found, gram, rtol=1e-12, atol=1e-12)


def test_a_sparse_pattern_of_many_pairs_multiplies_by_columns() -> None:
    rng = np.random.default_rng(6)
    n_levels, n_columns = 4, 30
    level, column = np.divmod(np.arange(n_levels * n_columns), n_columns)
    pattern = sparse_pattern(n_levels, n_columns, [level], [column], 3)
    assert pattern._pairs is None
    matrix = rng.normal(size=(n_columns, n_columns))
    matrix += matrix.T
    rows = rng.normal(size=(1, len(pattern.level)))
    in_full = rows.reshape(1, n_levels, n_columns)
    product = pattern.times(rows, matrix).reshape(in_full.shape)
    np.testing.assert_allclose(product, in_full @ matrix, rtol=1e-12, atol=1e-12)
    gram = in_full[0].T @ in_full[0]
    np.testing.assert_allclose(pattern.gram(rows, rows), gram, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", ["nested slopes", "three deep", "nested and crossed"])
def test_rows_of_nested_terms_are_summed_alike_however_many(monkeypatch, name: str) -> None:
    arrays = design(name)
    few = block_structure(arrays.terms, arrays.p)
    monkeypatch.setattr(cross_products, "_ONE_BY_ONE", 0)
    many = block_structure(arrays.terms, arrays.p)
    assert all(link.position is not None for link in few.links.values())
    assert all(link.position is None for link in many.links.values())
    adjoint = np.ones((arrays.p + 1, arrays.p + 1))
    answers = []
    for structure in (few, many):
        products = cross_products.cross_products(arrays, structure)
        f = factorize(products, structure, factors(arrays))
        answers.append((f, backward(f, adjoint)))
    (one, by_one), (other, by_other) = answers
    np.testing.assert_allclose(one.S, other.S, rtol=1e-12, atol=1e-12)
    for a, b in zip(by_one.factors, by_other.factors, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)
