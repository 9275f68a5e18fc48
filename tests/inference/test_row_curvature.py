"""Second derivatives in the space of the rows against the other ways to them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from glmmvi.inference import row_parts as parts_module
from glmmvi.inference.elbo_gradient import gradient_of
from glmmvi.inference.generalized_mixed import build_problem
from glmmvi.inference.implicit_hessian import implicit_hessian
from glmmvi.inference.level_curvature import level_curvature
from glmmvi.inference.likelihood import make_likelihood
from glmmvi.inference.regression_arrays import RegressionArrays, TermArrays
from glmmvi.inference.row_curvature import row_curvature, row_tangents
from glmmvi.inference.row_parts import row_parts
from glmmvi.model.families import Gamma, binomial, nbinom2, poisson
from tests.inference.structured_problems import NAMES, engine_theta, solved, structured
from tests.inference.test_parameter_hessian import ONE_TERM, by_differences

SEVERAL = tuple(name for name in NAMES if name not in (*ONE_TERM, "many columns"))


def at_some_factors(name):
    _, _, problem, Lambda, dispersion = structured(name)
    theta = engine_theta(problem, Lambda)
    return problem, theta, dispersion, solved(problem, theta, dispersion)


def nested_design(family, seed=3, *, uneven=False):
    """Counts of a nested design, the parts alike or of sizes from 2 to 30 rows."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 16, 20) * 2 if uneven else np.full(12, 8)
    outer = np.repeat(np.arange(len(sizes)), sizes)
    inner = np.arange(len(outer)) // 2
    n = len(outer)
    X = np.column_stack([np.ones(n), rng.normal(size=n)])
    terms = (
        TermArrays(np.ones((n, 1)), inner, n // 2),
        TermArrays(X, outer, len(sizes)),
    )
    eta = 0.3 * X[:, 1] + rng.normal(0, 0.5, n // 2)[inner] + rng.normal(0, 0.5, len(sizes))[outer]
    dispersion = np.zeros(len(family.dispersion_names))
    totals = np.full(n, 3.0) if family.name == "binomial" else None
    y = family.simulate(eta, dispersion, rng, totals=totals)
    arrays = RegressionArrays(np.zeros(n), X, terms, np.ones(n), np.zeros(n))
    weights = None if family.name == "binomial" else arrays.weights
    return build_problem(arrays, make_likelihood(family.bind(y, weights, totals=totals)))


def scaled(matrix, like):
    size = np.sqrt(np.abs(np.diag(like)))
    return matrix / np.outer(size, size)


@pytest.mark.parametrize("name", SEVERAL)
def test_it_is_the_derivative_of_the_gradient(name):
    problem, theta, dispersion, state = at_some_factors(name)
    slow = by_differences(problem, theta, dispersion, state, step=1e-3)
    fast = row_curvature(problem.system, problem.system.parts, dispersion, state).hessian
    assert_allclose(scaled(fast, slow), scaled(slow, slow), atol=3e-4)


@pytest.mark.parametrize("name", SEVERAL)
def test_it_is_what_implicit_differentiation_finds(name):
    problem, _, dispersion, state = at_some_factors(name)
    found = row_curvature(problem.system, problem.system.parts, dispersion, state)
    other, tangents, _ = implicit_hessian(problem.system, dispersion, state, fixed_beta=True)
    assert_allclose(scaled(found.hessian, other), scaled(other, other), atol=1e-3)
    along = np.eye(len(other))
    for mine, theirs in zip(
        row_tangents(problem.system, state, found, along), tangents, strict=True
    ):
        size = float(np.abs(theirs.curvature).max()) + 1e-12
        assert_allclose(mine.curvature, theirs.curvature, atol=0.02 * size)
        assert_allclose(mine.beta, theirs.beta + mine.beta)  # a parameter, not maximised over
        for u, v in zip(mine.u_mean, theirs.u_mean, strict=True):
            assert_allclose(u, v, atol=0.02 * (float(np.abs(v).max()) + 1e-12))


@pytest.mark.parametrize("family", [poisson(), binomial(), nbinom2(), Gamma("log")])
def test_uneven_parts_are_padded(family, monkeypatch):
    problem = nested_design(family, uneven=True)
    dispersion = np.zeros(len(family.dispersion_names))
    theta = np.array([0.5, 0.4, 0.1, 0.3])
    state = solved(problem, theta, dispersion)
    batches = row_parts(problem.system.arrays)
    assert len(batches) > 1
    assert sum(len(batch.rows) for batch in batches) == 20
    found = row_curvature(problem.system, batches, dispersion, state)
    monkeypatch.setattr(parts_module, "_batches", lambda size: [(0, len(size))])
    (one,) = row_parts(problem.system.arrays)
    padded = row_curvature(problem.system, (one,), dispersion, state)
    for mine, theirs in zip(vars(found).values(), vars(padded).values(), strict=True):
        assert_allclose(mine, theirs, rtol=1e-9, atol=1e-10)
    slow = by_differences(problem, theta, dispersion, state, step=1e-3)
    assert_allclose(scaled(found.hessian, slow), scaled(slow, slow), atol=3e-4)


def test_a_singular_factor_is_an_ordinary_case():
    """Derivatives at 0 are one-sided nowhere: the ELBO is even in a standard deviation."""
    problem = nested_design(poisson())
    theta, nothing = np.array([0.0, 0.4, 0.1, 0.0]), np.zeros(0)
    state = solved(problem, theta, nothing)
    found = row_curvature(problem.system, problem.system.parts, nothing, state).hessian
    step = 1e-3
    for i in (0, 3):
        slopes = []
        for sign in (1.0, -1.0):
            moved = theta.copy()
            moved[i] += sign * step
            there = solved(problem, moved, nothing, start=state, beta=state.beta)
            slopes.append(gradient_of(problem.system, there)[0][i])
        assert_allclose(found[i, i], (slopes[0] - slopes[1]) / (2 * step), rtol=1e-4)


def test_one_term_is_what_the_levels_say():
    _, _, problem, Lambda, dispersion = structured("slope")
    theta = engine_theta(problem, Lambda)
    state = solved(problem, theta, dispersion)
    arrays = problem.system.arrays
    assert row_parts(arrays) is None  # the levels do better
    nothing = TermArrays(np.zeros((arrays.n, 1)), arrays.terms[0].codes, arrays.terms[0].n_levels)
    batches = row_parts(replace(arrays, terms=(*arrays.terms, nothing)))
    alone = tuple(replace(b, Z=b.Z[:1], same=b.same[:1]) for b in batches)
    found = row_curvature(problem.system, alone, dispersion, state).hessian
    by_level = level_curvature(problem.system, dispersion, state).hessian
    assert_allclose(scaled(found, by_level), scaled(by_level, by_level), atol=1e-8)


def test_large_parts_are_left_alone():
    n = 3_000
    ones, rng = np.ones((n, 1)), np.random.default_rng(1)
    terms = [TermArrays(ones, rng.integers(0, k, n), k) for k in (60, 20)]
    arrays = RegressionArrays(np.zeros(n), ones, tuple(terms), np.ones(n), np.zeros(n))
    assert row_parts(arrays) is None
