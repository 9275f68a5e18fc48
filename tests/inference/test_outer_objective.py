"""The outer objective: inexact solves with gradients that are all but exact."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from glmmvi.inference.elbo_gradient import gradient_of
from glmmvi.inference.outer_objective import OuterObjective
from glmmvi.inference.parameter_hessian import parameter_covariance
from tests.inference.structured_problems import NAMES, engine_theta, solved, structured

SOME = ("slope", "three columns", "crossed", "nested and crossed", "observation level")


def objective_at(problem, theta, dispersion, tolerance):
    start = solved(problem, theta, dispersion)
    x = np.concatenate([theta, dispersion])
    objective = OuterObjective(
        problem.system,
        penalty=None,
        sharpness=1.0,
        tolerance=tolerance,
        enough=0.0,
        start=start,
        start_x=x,
        inner_evaluations=0,
    )
    return objective, x, start


def exact_gradient(problem, x, start):
    t = x.size - problem.system.likelihood.n_dispersion
    state = solved(problem, x[:t], x[t:], start=start)
    by_theta, _, by_dispersion = gradient_of(problem.system, state)
    return -2.0 * state.elbo, -2.0 * np.concatenate([by_theta, by_dispersion])


@pytest.mark.parametrize("name", NAMES)
def test_tight_solves_give_the_gradient_of_the_envelope_theorem(name):
    _, _, problem, Lambda, dispersion = structured(name)
    objective, x, start = objective_at(problem, engine_theta(problem, Lambda), dispersion, 1e-13)
    moved = x + 0.05
    value, _ = objective(moved)
    tight, slopes = exact_gradient(problem, moved, start)
    assert value >= tight - 1e-9
    objective.model(moved, 1e-9)
    assert_allclose(objective.best.value, tight, rtol=1e-10)
    assert_allclose(objective.best.gradient, slopes, atol=1e-4)


@pytest.mark.parametrize("name", SOME)
def test_tangents_make_up_for_an_inexact_solve(name):
    _, _, problem, Lambda, dispersion = structured(name)
    theta = engine_theta(problem, Lambda)
    errors = []
    for away in (0.05, 0.025):
        loose, x, start = objective_at(problem, theta, dispersion, 1e-2)
        loose(x)
        model = loose.model(x, 1.0)
        moved = x - away * np.sign(model.gradient)  # downhill
        _, gradient = loose(moved)
        at = loose.best
        assert np.array_equal(at.x, moved)
        assert 1e-6 < at.info.gain <= 1e-2  # the surrogate foretold is not the best one
        by_theta, _, by_dispersion = gradient_of(problem.system, at.state)
        raw = -2.0 * np.concatenate([by_theta, by_dispersion])
        _, exact = exact_gradient(problem, moved, start)
        scale = np.sqrt(np.abs(np.diag(model.hessian)))
        errors.append([np.linalg.norm((g - exact) / scale) for g in (gradient, raw)])
    (_, _), (corrected, uncorrected) = errors
    assert corrected < 0.25 * uncorrected
    if name in ("slope", "crossed", "observation level"):  # one evaluation at either distance
        assert errors[1][0] < errors[0][0] / 6  # of third order
        assert errors[1][1] > errors[0][1] / 5  # of second


@pytest.mark.parametrize("name", SOME)
def test_the_hessian_of_a_point_nearby_does_for_the_standard_errors(name):
    _, _, problem, Lambda, dispersion = structured(name)
    theta = engine_theta(problem, Lambda)
    objective, x, state = objective_at(problem, theta, dispersion, 1e-12)
    objective(x)
    assert objective.known_hessian(x) is None
    objective.model(x, 0.0)  # as near as can be: by all parameters
    known = objective.known_hessian(x)
    p, k = problem.system.structure.p, len(dispersion)
    assert known.shape == (theta.size + p + k,) * 2
    fresh = parameter_covariance(problem.system, theta, dispersion, state, {"inner": 0})
    reused = parameter_covariance(
        problem.system, theta, dispersion, state, {"inner": 0}, known=known
    )
    if fresh is not None:
        assert_allclose(np.diag(reused), np.diag(fresh), rtol=1e-3)
    assert objective.known_hessian(x + 0.05) is None
