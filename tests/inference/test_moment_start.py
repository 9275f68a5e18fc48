"""The method of moments against dense matrices, and as a start."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from glmmvi.inference import linear_mixed
from glmmvi.inference.cross_products import block_structure, cross_products
from glmmvi.inference.linear_mixed import build_problem, optimize
from glmmvi.inference.moment_start import moment_factors
from glmmvi.inference.orthogonal_basis import in_basis
from glmmvi.inference.regression_arrays import RegressionArrays, TermArrays
from tests.inference.designs import STRUCTURES, design
from tests.inference.test_average_information import dense_model


def by_dense_matrices(X, y, Z):
    """Variances relative to the residual's: sums of squares of level means, and of the rows."""
    residuals = y - X @ (X.T @ y)
    forms = [z @ np.diag(1.0 / np.square(z).sum(axis=0)) @ z.T for z in Z] + [np.eye(len(y))]
    observed = np.array([residuals @ form @ residuals for form in forms])
    expected = np.array([[np.trace(z.T @ form @ z) for z in Z] for form in forms])
    noise = [float(z.shape[1]) for z in Z] + [len(y) - X.shape[1]]
    *variances, residual = np.linalg.solve(np.column_stack([expected, noise]), observed)
    return np.array(variances) / residual


def with_effects(arrays, seed=2):
    """The same design with a response that has effects of every term."""
    rng = np.random.default_rng(seed)
    y = rng.normal(size=arrays.n)
    for term in arrays.terms:
        y = y + term.Z[:, 0] * rng.normal(0, 2.0, term.n_levels)[term.codes]
    return replace(arrays, y=y, weights=np.ones(arrays.n))


@pytest.mark.parametrize("name", STRUCTURES)
@pytest.mark.parametrize("dense_rows", [0, 10**6])
def test_it_solves_the_equations_of_dense_matrices(name, dense_rows):
    arrays = with_effects(design(name))
    problem = build_problem(arrays, reml=True)
    within = in_basis(arrays, problem.basis)
    structure = block_structure(within.terms, within.p, dense_rows=dense_rows)
    found = moment_factors(cross_products(within, structure), structure)
    if max(structure.d) > 1:
        assert found is None
        return
    X, y, Z = dense_model(arrays, problem)
    variances = by_dense_matrices(X, y, [z[:, :, 0] for z in Z])
    least = [0.1 / np.square(z).sum(axis=(0, 2)).mean() for z in Z]
    assert_allclose(np.square(np.ravel(found)), np.maximum(variances, least), rtol=1e-8)


def crossed(first, second, rows, sds, seed=4):
    rng = np.random.default_rng(seed)
    f, h = rng.integers(0, first, rows), rng.integers(0, second, rows)
    f[:first], h[:second] = np.arange(first), np.arange(second)
    X = np.column_stack([np.ones(rows), rng.normal(size=rows)])
    y = X @ [1.0, 0.5] + rng.normal(size=rows)
    y += sds[0] * rng.normal(size=first)[f] + sds[1] * rng.normal(size=second)[h]
    ones = np.ones((rows, 1))
    terms = (TermArrays(ones, f, first), TermArrays(ones, h, second))
    return RegressionArrays(y, X, terms, np.ones(rows), np.zeros(rows))


def test_it_is_near_the_optimum_where_levels_are_many(monkeypatch):
    problem = build_problem(crossed(1000, 150, 20_000, (0.5, 0.3)), reml=True)
    solution, record = optimize(problem)
    assert_allclose(record.start, record.final, rtol=0.05)
    assert record.evaluations <= 4
    # the start by an EM step leads to the same place, with one evaluation more before it
    monkeypatch.setattr(linear_mixed, "moment_factors", lambda *_: None)
    slower, other = optimize(problem)
    assert_allclose(solution.Lambda, slower.Lambda, rtol=1e-6)
    assert_allclose(record.value, other.value, rtol=1e-12)
    assert other.evaluations >= record.evaluations


def test_a_factor_without_effects_starts_a_little_above_nothing():
    problem = build_problem(crossed(400, 120, 3_000, (0.0, 0.5)), reml=True)
    solution, record = optimize(problem)
    assert (record.start > 0.0).all()
    assert record.converged
    assert solution.Lambda[0][0, 0] < 0.1


@pytest.mark.parametrize("seed", [2, 8])
def test_hardly_any_residual_variance_is_no_reason_to_fail(seed):
    """A step that average information leads astray is tried again without it."""
    rng, n = np.random.default_rng(seed), 800
    y, terms = 1e-3 * rng.normal(size=n), []
    for most, sd in ((400, 0.3), (130, 0.5), (110, 0.4)):
        drawn = np.minimum((rng.pareto(1.0, n) * most / 8).astype(int), most - 1)
        codes = np.unique(drawn, return_inverse=True)[1]
        y = y + sd * rng.normal(size=codes.max() + 1)[codes]
        terms.append(TermArrays(np.ones((n, 1)), codes, int(codes.max()) + 1))
    arrays = RegressionArrays(y, np.ones((n, 1)), tuple(terms), np.ones(n), np.zeros(n))
    problem = build_problem(arrays, reml=True)
    assert problem.structure.U >= linear_mixed._COSTLY
    solution, record = optimize(problem)
    assert record.converged
    assert_allclose(solution.sigma, 1e-3, rtol=0.3)
