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
from glmmvi.inference.profiled_deviance import profiled_deviance
from glmmvi.inference.regression_arrays import RegressionArrays, TermArrays
from tests.inference.designs import STRUCTURES, design
from tests.inference.test_average_information import dense_model


def by_dense_matrices(X, y, Z):
    """Variances relative to the residual's: sums of squares of level means, and of the rows."""
    residuals = y - X @ (X.T @ y)
    M = np.eye(len(y)) - X @ X.T
    forms = [z @ np.diag(1.0 / np.square(z).sum(axis=0)) @ z.T for z in Z] + [np.eye(len(y))]
    observed = np.array([residuals @ form @ residuals for form in forms])
    expected = np.array([[np.trace(z.T @ M @ form @ M @ z) for z in Z] for form in forms])
    noise = [np.trace(M @ form @ M) for form in forms]
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


def nested_and_two_crossed(seed=6):
    """Two nested terms, two crossed ones that stay dense, weights and three fixed effects."""
    rng, n = np.random.default_rng(seed), 300
    inner = np.concatenate([np.arange(60), rng.integers(0, 60, n - 60)])
    codes = [
        inner,
        inner // 3,
        rng.permutation(np.arange(n) % 9),
        rng.permutation(np.arange(n) % 7),
    ]
    y, terms = rng.normal(size=n), []
    for code in codes:
        levels = int(code.max()) + 1
        y = y + rng.normal(0, 1.5, levels)[code]
        terms.append(TermArrays(np.ones((n, 1)), code, levels))
    X = np.column_stack([np.ones(n), rng.normal(size=n), rng.normal(size=9)[codes[2]]])
    return RegressionArrays(y, X, tuple(terms), rng.uniform(0.5, 2.0, n), np.zeros(n))


@pytest.mark.parametrize("dense_rows", [0, 10**6])
def test_nested_and_several_dense_terms(dense_rows):
    arrays = nested_and_two_crossed()
    problem = build_problem(arrays, reml=True)
    within = in_basis(arrays, problem.basis)
    structure = block_structure(within.terms, within.p, dense_rows=dense_rows)
    assert len(structure.order.dense) == len(structure.order.eliminated) == 2
    products = cross_products(within, structure)
    X, y, Z = dense_model(arrays, problem)
    variances = by_dense_matrices(X, y, [z[:, :, 0] for z in Z])
    least = [0.1 / np.square(z).sum(axis=(0, 2)).mean() for z in Z]
    found = moment_factors(products, structure)
    assert_allclose(np.square(np.ravel(found)), np.maximum(variances, least), rtol=1e-8)
    # and the slopes of the dense terms' factors, which are summed in a way of their own
    theta, step = np.array([0.7, 0.4, 0.9, 0.0]), 1e-5
    for i, unit in enumerate(np.eye(4)):
        value = [
            profiled_deviance(products, structure, theta + move * unit, reml=True).value
            for move in (-step, step)
        ]
        slope = profiled_deviance(products, structure, theta, reml=True).gradient[i]
        assert_allclose(slope, (value[1] - value[0]) / (2 * step), rtol=1e-6, atol=1e-6)


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


def test_many_fixed_effects_between_levels_do_not_take_the_start_astray():
    arrays = crossed(1000, 150, 10_000, (0.5, 0.3))
    rng = np.random.default_rng(1)
    covariates = rng.normal(size=(150, 40))[arrays.terms[1].codes]
    arrays = replace(arrays, X=np.column_stack([np.ones(arrays.n), covariates]))
    _, record = optimize(build_problem(arrays, reml=True))
    assert_allclose(record.start, record.final, rtol=0.05)


def test_no_fixed_effects():
    arrays = replace(crossed(1000, 150, 20_000, (0.5, 0.3)), X=np.zeros((20_000, 0)))
    arrays = replace(arrays, y=arrays.y - arrays.y.mean())
    _, record = optimize(build_problem(arrays, reml=True))
    assert_allclose(record.start, record.final, rtol=0.1)


def test_a_term_that_is_among_the_fixed_effects_has_no_moment():
    arrays = crossed(400, 120, 3_000, (0.5, 0.3))
    X = (arrays.terms[1].codes[:, None] == np.arange(120)).astype(float)
    problem = build_problem(replace(arrays, X=X), reml=True)
    assert moment_factors(problem.products, problem.structure) is None
    assert optimize(problem)[1].converged


@pytest.mark.parametrize(("sds", "seed"), [((0.0, 0.5), 1), ((0.5, 0.0), 3), ((0.0, 0.0), 4)])
def test_nothing_is_factored_twice_on_the_boundary(sds, seed, monkeypatch):
    evaluated = []
    evaluate = linear_mixed._evaluate

    def recorded(problem, theta):
        evaluated.append(theta.tobytes())
        return evaluate(problem, theta)

    monkeypatch.setattr(linear_mixed, "_evaluate", recorded)
    _, record = optimize(build_problem(crossed(400, 120, 3_000, sds, seed=seed), reml=True))
    assert record.final.min() == 0.0
    assert len(set(evaluated)) == len(evaluated) == record.evaluations


def test_a_costly_model_stops_sooner_unless_it_is_told_otherwise():
    problem = build_problem(crossed(400, 120, 3_000, (0.5, 0.3)), reml=True)
    sooner, record = optimize(problem)
    exact, told = optimize(problem, tolerance=1e-12)
    assert (record.tolerance, told.tolerance) == (1e-9, 1e-12)
    assert record.evaluations <= told.evaluations
    assert 0.0 <= record.value - told.value + 1e-10 <= 1e-9
    assert_allclose(sooner.Lambda, exact.Lambda, rtol=2e-6)


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
