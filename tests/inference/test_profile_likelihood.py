"""Profiles: gradients against differences, bounds against refits with the parameter held."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from glmmvi.inference.covariance_coordinates import CovarianceCoordinates, sds_and_correlations
from glmmvi.inference.gaussian_deviance import gaussian_deviance, under_ml
from glmmvi.inference.linear_mixed import build_problem, optimize
from glmmvi.inference.linear_profile import (
    CovarianceParameter,
    covariance_parameters,
    covariance_target,
    fixed_effect_target,
)
from glmmvi.inference.orthogonal_basis import engine_factor
from glmmvi.inference.profile_likelihood import (
    ProfileTarget,
    profile_bound,
    profile_point,
    start_profile,
    trace_profile,
)
from tests.inference.designs import design

STRUCTURES = ["slope", "three columns", "crossed slopes", "nested slopes"]


def problem_of(name, *, reml):
    arrays = design(name)
    problem = build_problem(arrays, reml=reml)
    return arrays, problem, optimize(problem)[0]


def numeric_gradient(objective, x, steps):
    return np.array(
        [(objective(x + h)[0] - objective(x - h)[0]) / (2.0 * h.sum()) for h in np.diag(steps)]
    )


@pytest.mark.parametrize("name", STRUCTURES)
@pytest.mark.parametrize("reml", [True, False])
def test_gradients_are_exact(name, reml):
    _, problem, solution = problem_of(name, reml=reml)
    rng = np.random.default_rng(1)
    targets = [
        covariance_target(problem, solution, parameter)
        for parameter in covariance_parameters(problem.structure.d, residual=True)
    ]
    if not reml:
        targets.append(fixed_effect_target(problem, solution, np.array([0.5, -1.0, 2.0])))
    for target in targets:
        x = target.optimum + 20.0 * target.steps * rng.uniform(0.3, 1.0, target.optimum.size)
        if not target.bounds[0] < x[target.held] < target.bounds[1]:
            x[target.held] = target.optimum[target.held]
        ours = target.objective(x)[1]
        theirs = numeric_gradient(target.objective, x, 1e-3 * target.steps)
        assert_allclose(ours, theirs, rtol=2e-5, atol=2e-6 * np.abs(ours).max())


def test_the_deviance_is_the_criterion_at_the_best_sigma():
    arrays, problem, solution = problem_of("crossed slopes", reml=True)
    at = gaussian_deviance(
        problem, solution.factorization.factors, np.log(solution.sigma / problem.basis.y_scale)
    )
    assert at.value == pytest.approx(solution.criterion, abs=1e-9)
    assert at.by_log_sigma == pytest.approx(0.0, abs=1e-6)
    ml = under_ml(problem, arrays.weights)
    again = build_problem(arrays, reml=False)
    assert ml.constant == pytest.approx(again.constant, abs=1e-9)


@pytest.mark.parametrize("z", [-1.6, 2.5])
def test_bound_of_a_fixed_effect_by_refitting_with_an_offset(z):
    arrays, problem, solution = problem_of("crossed slopes", reml=False)
    bound = profile_bound(start_profile(fixed_effect_target(problem, solution, np.eye(3)[1])), z)
    held = replace(
        arrays,
        X=np.delete(arrays.X, 1, axis=1),
        offset=arrays.offset + bound * arrays.X[:, 1],
    )
    refitted = optimize(build_problem(held, reml=False))[0]
    assert refitted.criterion - solution.criterion == pytest.approx(z**2, abs=1e-6)
    assert np.sign(bound - solution.beta[1]) == np.sign(z)


def test_no_covariance_with_the_held_sd_is_better():
    """The profile point is a minimum: random covariance matrices with that sd are worse."""
    _, problem, solution = problem_of("three columns", reml=False)
    target = covariance_target(problem, solution, CovarianceParameter(0, (1,)))
    start = start_profile(target)
    value = profile_bound(start, 1.5)
    point = profile_point(start, value, target.optimum)
    coordinates = CovarianceCoordinates.plain((3,)).with_first(0, 1)
    found = sds_and_correlations(coordinates.to_factors(point.x[:-1])[0])
    assert found[1, 1] == pytest.approx(value)
    best = start.deviance + point.zeta**2
    rng = np.random.default_rng(3)
    for size in (1e-3, 1e-2, 0.1, 0.5):
        for _ in range(20):
            x = point.x * (1.0 + size * rng.normal(size=point.x.size))
            x[target.held] = value
            x = np.maximum(x, target.lower)
            factor = coordinates.to_factors(x[:-1])[0] / x[-1]
            engine = engine_factor(factor, problem.basis.Z_factors[0])
            log_sigma = np.log(x[-1] / problem.basis.y_scale)
            assert gaussian_deviance(problem, [engine], log_sigma).value > best - 1e-7


def test_a_correlation_stands_by_itself_among_the_coordinates():
    rng = np.random.default_rng(0)
    factor = rng.normal(size=(4, 4))
    table = sds_and_correlations(factor)
    coordinates = CovarianceCoordinates.plain((4,)).with_first(0, 3, 1)
    x = coordinates.from_factors([factor])
    assert x[1] == pytest.approx(table[3, 1])
    assert x[4] == pytest.approx(table[1, 1])
    back = coordinates.to_factors(x)[0]
    assert_allclose(back @ back.T, factor @ factor.T, rtol=1e-12)


def quadratic(curvature, bounds):
    """A deviance ``c x^2 / (1 + 0.1 x)`` of one parameter, its minimum at 0."""

    def objective(x):
        value = curvature * x[0] ** 2 / (1.0 + 0.1 * x[0])
        slope = curvature * (2.0 * x[0] + 0.1 * x[0] ** 2) / (1.0 + 0.1 * x[0]) ** 2
        return value, np.array([slope])

    infinite = np.array([-np.inf])
    return ProfileTarget(objective, np.zeros(1), 0, infinite, bounds, np.array([1e-3]))


def test_bounds_are_solved_for_or_are_the_parameters_own():
    start = start_profile(quadratic(4.0, (-0.5, 9.0)))
    for z in (1.0, 1.96, 3.0):
        b = profile_bound(start, z)
        assert 4.0 * b**2 / (1.0 + 0.1 * b) == pytest.approx(z**2, abs=1e-6)
    assert profile_bound(start, -2.0) == -0.5
    path = trace_profile(start, cutoff=2.0, spacing=0.25)
    zeta = np.array([point.zeta for point in path])
    assert path[0].value == -0.5
    assert zeta[-1] >= 2.0
    assert (np.diff(zeta) > 0.0).all()
    assert np.diff(zeta).max() < 0.35


def two_valleys(x):
    """One valley along ``w = 1``, another near ``w = -1`` that is higher but rises less."""
    v, w = x
    tilt = w / np.sqrt(1.0 + w**2)
    value = (w**2 - 1.0) ** 2 + 0.06 * (w - 1.0) ** 2 + v**2 * (2.5 + 2.0 * tilt)
    by_w = 4.0 * w * (w**2 - 1.0) + 0.12 * (w - 1.0) + 2.0 * v**2 / (1.0 + w**2) ** 1.5
    return value, np.array([2.0 * v * (2.5 + 2.0 * tilt), by_w])


def test_a_path_that_turns_out_to_be_a_local_optimum_is_solved_again():
    anywhere = np.full(2, -np.inf)
    target = ProfileTarget(
        two_valleys, np.array([0.0, 1.0]), 0, anywhere, (-np.inf, np.inf), np.full(2, 1e-4)
    )
    start = start_profile(target)
    w = np.linspace(-3.0, 3.0, 6001)
    for z in (2.5, -2.5):
        v = profile_bound(start, z)
        assert two_valleys((v, w))[0].min() == pytest.approx(z**2, abs=1e-5)
    path = trace_profile(start, cutoff=2.5, spacing=0.3)
    value, zeta = np.array([(point.value, point.zeta) for point in path]).T
    best = np.array([two_valleys((v, w))[0].min() for v in value])
    assert (np.diff(zeta) > 0.0).all()
    beyond = np.abs(value) > 0.4  # where the other valley is the lower one
    assert_allclose(zeta[beyond] ** 2, best[beyond], atol=1e-5)
