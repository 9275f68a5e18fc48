"""The optimiser: contract, bounds, verdict."""

from __future__ import annotations

from itertools import count

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import minimize as scipy_minimize

from glmmvi.inference import bounded_bfgs


def rosenbrock(x):
    value = 100.0 * (x[1] - x[0] ** 2) ** 2 + (1.0 - x[0]) ** 2
    gradient = np.array(
        [
            -400.0 * x[0] * (x[1] - x[0] ** 2) - 2.0 * (1.0 - x[0]),
            200.0 * (x[1] - x[0] ** 2),
        ]
    )
    return value, gradient


def solve(objective, x, lower, **options):
    k = len(x)
    return bounded_bfgs.minimize(
        objective,
        np.asarray(x, float),
        np.asarray(lower, float),
        np.eye(k),
        probe=np.full(k, 0.1),
        **options,
    )


def test_unbounded_optimum():
    state, record = solve(rosenbrock, [-1.2, 1.0], [-np.inf, -np.inf])
    assert record.converged
    assert_allclose(state.x, [1.0, 1.0], atol=1e-4)
    assert record.evaluations < 100


def test_active_bound_equals_scipy():
    lower = np.array([1.5, -np.inf])
    state, record = solve(rosenbrock, [2.0, 2.0], lower)
    reference = scipy_minimize(
        rosenbrock, [2.0, 2.0], jac=True, method="L-BFGS-B", bounds=[(1.5, None), (None, None)]
    )
    assert record.converged
    assert_allclose(state.x, reference.x, rtol=1e-5)
    assert record.at_bound.tolist() == [True, False]


def test_stationary_bound_that_is_no_optimum_is_left():
    """Even in x, so that the gradient at the bound is 0; the minimum is at 1."""

    def double_well(x):
        return float((x[0] ** 2 - 1.0) ** 2), np.array([4.0 * x[0] * (x[0] ** 2 - 1.0)])

    state, record = solve(double_well, [0.0], [0.0])
    assert record.converged
    assert_allclose(state.x, [1.0], atol=1e-5)


def test_stationary_bound_that_is_the_optimum_is_kept():
    state, record = solve(lambda x: (float(x[0] ** 2), 2.0 * x), [1.0], [0.0])
    assert record.converged
    assert state.x[0] == 0.0


def test_limit_on_evaluations_is_a_verdict():
    _, record = solve(rosenbrock, [-1.2, 1.0], [-np.inf, -np.inf], max_evaluations=3)
    assert not record.converged
    assert "limit of 3 evaluations" in record.reason
    assert "NOT converged" in str(record)


def test_objective_that_never_falls_is_a_verdict():
    _, record = solve(lambda x: (float(np.sum(x)), -np.ones_like(x)), [0.0], [-np.inf])
    assert not record.converged


def test_values_never_rise():
    seen = []

    def objective(x):
        value, gradient = rosenbrock(x)
        return value, gradient

    state = bounded_bfgs.init(objective, np.array([-1.2, 1.0]), np.eye(2))
    lower = np.full(2, -np.inf)
    for _ in range(30):
        seen.append(state.value)
        state, info = bounded_bfgs.step(objective, state, lower)
        assert info.evaluations >= 1
    assert np.all(np.diff(seen) <= 1e-12)


@pytest.mark.parametrize("scale", [1e-5, 1.0, 1e5])
def test_number_of_evaluations_does_not_depend_on_the_units(scale):
    """The stopping rule is invariant: parameters in other units, the same steps."""

    def scaled(x):
        value, gradient = rosenbrock(x * scale)
        return value, gradient * scale

    state, record = bounded_bfgs.minimize(
        scaled,
        np.array([-1.2, 1.0]) / scale,
        np.full(2, -np.inf),
        np.eye(2) * scale**2,
        probe=np.full(2, 0.1 / scale),
    )
    _, plain = solve(rosenbrock, [-1.2, 1.0], [-np.inf, -np.inf])
    assert abs(record.evaluations - plain.evaluations) <= 3
    assert_allclose(state.x * scale, [1.0, 1.0], atol=1e-4)


def test_bound_that_is_a_mirror_is_passed():
    """A column of a covariance factor may change sign: (0, b) with a slope goes on as (a, -b)."""

    def objective(x):  # depends on x[0] * x[1], x[0]^2 and x[1]^2 only
        product = x[0] * x[1] - 0.5
        value = product**2 + 0.1 * (x[0] ** 2 + x[1] ** 2)
        gradient = np.array([2.0 * product * x[1] + 0.2 * x[0], 2.0 * product * x[0] + 0.2 * x[1]])
        return float(value), gradient

    start, lower = np.array([0.3, -0.8]), np.array([0.0, -np.inf])
    arguments = {"probe": np.full(2, 0.1), "columns": {0: np.array([1])}}
    state, record = bounded_bfgs.minimize(objective, start, lower, np.eye(2), **arguments)
    assert record.converged
    assert_allclose(state.x, np.sqrt([0.4, 0.4]), rtol=1e-5)


def test_way_down_that_no_single_parameter_shows_is_found():
    """At a column of zeros the curvature may be negative only along a combination."""
    A = np.array([[1.0, -1.5], [-1.5, 1.0]])

    def objective(x):
        return float(x @ A @ x + np.sum(x**4)), 2.0 * A @ x + 4.0 * x**3

    state, record = bounded_bfgs.minimize(
        objective,
        np.zeros(2),
        np.array([0.0, -np.inf]),
        np.eye(2),
        probe=np.full(2, 0.05),
        columns={0: np.array([1])},
    )
    assert record.converged
    assert_allclose(state.x, [0.5, 0.5], rtol=1e-4)


def test_a_parameter_that_all_but_reaches_its_bound_is_on_it():
    def even(x):
        # even in the first parameter, as a deviance is in an sd
        return float(x[0] ** 2 + x[0] ** 4 + (x[1] - 1.0) ** 2), np.array(
            [2.0 * x[0] + 4.0 * x[0] ** 3, 2.0 * (x[1] - 1.0)]
        )

    state, record = bounded_bfgs.minimize(
        even,
        np.array([0.5, 0.0]),
        np.array([0.0, -np.inf]),
        np.eye(2),
        probe=np.full(2, 0.1),
        newton=lambda x, _: bounded_bfgs.LocalModel(
            *even(x), np.diag([2.0 + 12.0 * x[0] ** 2, 2.0])
        ),
        tolerance=1e-9,
    )
    assert record.converged
    assert state.x[0] == 0.0
    assert abs(state.x[1] - 1.0) < 1e-6


def test_it_ends_where_steps_gain_nothing():
    """A gradient that the objective does not have promises what no step brings."""
    calls = count()

    def all_but_flat(x):
        return 1.0 - 5e-12 * next(calls), np.array([1e-4, -1e-4])

    lower = np.full(2, -np.inf)
    state, record = bounded_bfgs.minimize(
        all_but_flat, np.zeros(2), lower, np.eye(2), probe=np.ones(2), tolerance=1e-9
    )
    assert record.converged
    assert "gained less" in record.reason
    assert record.iterations == 10
    assert state.value == record.value
