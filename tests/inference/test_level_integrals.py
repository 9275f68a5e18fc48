"""Levels integrated out by quadrature: dense grids, finite differences, the ELBO below."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from glmmvi.inference.level_gap import level_gap
from glmmvi.inference.level_grid import level_grid, one_factor
from glmmvi.inference.level_integrals import integrate
from glmmvi.inference.profiled_deviance import pack, unpack
from glmmvi.inference.regression_arrays import RegressionArrays, TermArrays
from glmmvi.inference.surrogate_start import first_state
from glmmvi.inference.variational_pirls import solve
from tests.inference.designs import factors
from tests.inference.level_problems import FAMILIES, dense_log_likelihood, level_problem

BETA = np.array([0.7, -1.1])  # in the engine's basis
SHAPES = [(1,), (2,), (1, 1), (3,), (1, 2)]


def surrogate(problem, family):
    """Parameters, and the best surrogate at them."""
    system = problem.system
    dispersion = np.full(FAMILIES[family][1], 0.3)
    Lambda = factors(system.arrays)
    start = first_state(system, dispersion)
    return Lambda, dispersion, solve(system, Lambda, dispersion, start, fixed_beta=BETA)[0]


def integrals(problem, columns, grid, Lambda, beta, dispersion):
    system = problem.system
    density, X = system.likelihood.density, system.arrays.X
    return integrate(density, columns, grid, X, system.offset, Lambda, beta, dispersion)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("columns", [(1,), (2,), (1, 1)])
def test_one_and_two_columns_are_the_dense_integral(columns, family):
    problem = level_problem(columns, family)
    Lambda, dispersion, state = surrogate(problem, family)
    levels = one_factor(problem.system.arrays)
    grid = level_grid(levels, state, 31)
    found = integrals(problem, levels, grid, Lambda, BETA, dispersion).value
    expected = dense_log_likelihood(problem, Lambda, BETA, dispersion, 141)
    assert_allclose(found, expected, rtol=0, atol=1e-7)


@pytest.mark.parametrize("columns", [(3,), (1, 2)])
def test_three_columns_are_the_dense_integral(columns):
    problem = level_problem(columns, "poisson", n_levels=2, rows=3)
    Lambda, dispersion, state = surrogate(problem, "poisson")
    levels = one_factor(problem.system.arrays)
    found = integrals(problem, levels, level_grid(levels, state, 25), Lambda, BETA, dispersion)
    expected = dense_log_likelihood(problem, Lambda, BETA, dispersion, 111)
    assert_allclose(found.value, expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("columns", SHAPES)
def test_the_gradient_on_a_fixed_grid_is_exact(columns, family):
    """Even of a coarse grid, whose sum is far from the integral."""
    problem = level_problem(columns, family)
    Lambda, dispersion, state = surrogate(problem, family)
    levels = one_factor(problem.system.arrays)
    grid = level_grid(levels, state, 5)
    d, theta = problem.system.structure.d, pack(Lambda)
    x = np.concatenate([theta, BETA, dispersion])

    def at(x):
        Lambda, rest = unpack(x[: theta.size], d), x[theta.size :]
        return integrals(problem, levels, grid, Lambda, rest[:2], rest[2:])

    step = 1e-5
    differences = [
        (at(x + e).value.sum() - at(x - e).value.sum()) / (2.0 * step)
        for e in step * np.eye(x.size)
    ]
    assert_allclose(at(x).gradient, differences, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("columns", SHAPES)
def test_the_elbo_splits_into_levels_and_is_below(columns, family):
    problem = level_problem(columns, family)
    _, dispersion, state = surrogate(problem, family)
    levels = one_factor(problem.system.arrays)
    gap = level_gap(problem.system, levels, state, dispersion, 15)
    assert_allclose(gap.elbo.sum(), state.elbo, rtol=1e-12)
    assert (gap.by_level > 0.0).all()


def test_rows_without_weight_say_nothing():
    """Not even where their log density would be minus infinity."""
    weights = np.ones(24)
    weights[::3] = 0.0
    problem = level_problem((1,), "poisson", weights)
    Lambda, dispersion, state = surrogate(problem, "poisson")
    levels = one_factor(problem.system.arrays)
    grid = level_grid(levels, state, 21)
    system = problem.system
    far = np.where(weights > 0.0, system.offset, 1e4)
    found, other = (
        integrate(
            system.likelihood.density, levels, grid, system.arrays.X, o, Lambda, BETA, dispersion
        )
        for o in (system.offset, far)
    )
    assert_allclose(found.value, other.value, rtol=1e-12)
    assert_allclose(found.gradient, other.gradient, rtol=1e-12)


def test_two_factors_are_not_one():
    ones, nothing = np.ones((4, 1)), np.zeros(4)
    terms = [TermArrays(ones, np.array(codes), 2) for codes in ([0, 0, 1, 1], [0, 1, 0, 1])]
    assert one_factor(RegressionArrays(nothing, ones, tuple(terms), nothing + 1.0, nothing)) is None
