"""nAGQ = 0: the joint modes are stationary, the gradient of the outer objective is exact."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from glmmvi.inference.generalized_mixed import build_problem
from glmmvi.inference.joint_modes import laplace_gradient, modes_at, optimize, solve_modes
from glmmvi.inference.likelihood import make_likelihood
from glmmvi.inference.profiled_deviance import pack, unpack
from glmmvi.inference.row_index import level_scores
from glmmvi.inference.surrogate_start import first_state
from tests.inference.designs import design, factors
from tests.inference.level_problems import FAMILIES, level_problem, response

NAMES = ("nested slopes", "crossed slopes")
every = pytest.mark.parametrize("name", NAMES)
each = pytest.mark.parametrize("family", FAMILIES)


def crossed_problem(name, family):
    arrays = design(name)
    density = FAMILIES[family][0].bind(response(arrays, family), np.ones(arrays.n))
    return build_problem(arrays, make_likelihood(density))


def modes_of(system, Lambda, dispersion, **how):
    start = first_state(system, dispersion)
    modes, info = solve_modes(system, Lambda, dispersion, start.u_mean, start.beta, **how)
    assert info.converged
    return modes


@every
@each
def test_the_modes_are_stationary(name, family):
    system = crossed_problem(name, family).system
    Lambda, dispersion = factors(system.arrays), np.full(FAMILIES[family][1], 0.3)
    modes = modes_of(system, Lambda, dispersion)
    score = modes.at.score
    assert_allclose(system.arrays.X.T @ score, 0.0, atol=1e-5)
    for term, factor, u in zip(system.arrays.terms, Lambda, modes.u, strict=True):
        pull = level_scores(term.Z, term.codes, score, term.n_levels) @ factor
        assert_allclose(pull, u, atol=1e-5)


@every
@each
def test_the_gradient_is_exact(name, family):
    system = crossed_problem(name, family).system
    d, theta = system.structure.d, pack(factors(system.arrays))
    x = np.concatenate([theta, np.full(FAMILIES[family][1], 0.3)])

    def at(x):
        return modes_of(system, unpack(x[: theta.size], d), x[theta.size :])

    step = 1e-4
    differences = [
        (at(x + e).laplace - at(x - e).laplace) / (2.0 * step) for e in step * np.eye(x.size)
    ]
    found = np.concatenate(laplace_gradient(system, at(x), x[theta.size :]))
    assert_allclose(found, differences, rtol=1e-6, atol=1e-6)


def test_fixed_effects_stay_where_they_are_for_conditional_modes():
    system = crossed_problem("crossed slopes", "poisson").system
    Lambda, none = factors(system.arrays), np.zeros(0)
    start = first_state(system, none)
    beta = start.beta + 0.3
    modes, _ = solve_modes(system, Lambda, none, start.u_mean, beta, fixed_beta=True)
    assert_allclose(modes.beta, beta, rtol=0)
    for term, factor, u in zip(system.arrays.terms, Lambda, modes.u, strict=True):
        pull = level_scores(term.Z, term.codes, modes.at.score, term.n_levels) @ factor
        assert_allclose(pull, u, atol=1e-5)


def test_a_start_that_overflows_is_left():
    system = level_problem((1,), "poisson").system
    none, Lambda = np.zeros(0), [np.eye(1)]
    start = first_state(system, none)
    far = [np.full_like(start.u_mean[0], 1e4)]
    modes, info = solve_modes(system, Lambda, none, far, start.beta)
    assert info.converged
    assert_allclose(modes.penalised, modes_of(system, Lambda, none).penalised, rtol=1e-9)


def test_nothing_is_better_than_the_optimum():
    problem = crossed_problem("crossed", "Gamma")
    solution, laplace, record = optimize(problem)
    assert record.converged
    theta = pack(solution.state.factorization.factors)
    d = problem.system.structure.d
    rng = np.random.default_rng(0)
    for _ in range(5):
        near = unpack(np.abs(theta + 0.02 * rng.normal(size=theta.size)), d)
        start = modes_at(
            problem.system, near, solution.dispersion, solution.state.u_mean, solution.state.beta
        )
        modes, _ = solve_modes(problem.system, near, solution.dispersion, start.u, start.beta)
        assert modes.laplace <= laplace + 1e-9
