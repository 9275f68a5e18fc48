"""The structured engine of generalized models against dense algebra and finite differences."""

from __future__ import annotations

import zlib

import numpy as np
import pytest
from numpy.testing import assert_allclose

from glmmvi.inference.elbo_gradient import gradient_of
from glmmvi.inference.generalized_mixed import build_problem, optimize, solution_at
from glmmvi.inference.likelihood import make_likelihood
from glmmvi.inference.profiled_deviance import pack, unpack
from glmmvi.inference.regression_arrays import RegressionArrays, TermArrays
from glmmvi.inference.surrogate_start import first_state
from glmmvi.inference.variational_pirls import solve
from tests.inference.dense_generalized import dense_surrogate, marginal_log_likelihood
from tests.inference.dense_reference import split
from tests.inference.structured_problems import NAMES, engine_theta, solved, structured
from tests.model.families.family_cases import CASES


@pytest.mark.parametrize("name", NAMES)
def test_surrogate_against_dense_algebra(name):
    arrays, density, problem, Lambda, dispersion = structured(name)
    theta = engine_theta(problem, Lambda)
    state = solved(problem, theta, dispersion)
    found = solution_at(problem, theta, dispersion, state, {"inner": 0}, hessian=False)
    for ours, given in zip(found.Lambda, Lambda, strict=True):
        assert_allclose(ours @ ours.T, given @ given.T, rtol=1e-9, atol=1e-12)
    dense = dense_surrogate(
        arrays, density, found.Lambda, dispersion, found.beta, found.u_mean, state.curvature
    )
    assert_allclose(found.elbo, dense.elbo, rtol=1e-8)
    assert_allclose(found.beta_cov, dense.beta_cov, rtol=1e-7, atol=1e-12)
    for ours, block, factor in zip(
        found.b_cov, split(dense.covariance, arrays), found.Lambda, strict=True
    ):
        assert_allclose(ours, factor @ block @ factor.T, rtol=1e-7, atol=1e-10)
    # stationary: no better surrogate near by
    assert_allclose(dense.residual_mean, 0.0, atol=2e-6)
    assert_allclose(dense.residual_beta, 0.0, atol=1e-5)
    assert_allclose(dense.residual_curvature, 0.0, atol=2e-5 * np.abs(state.curvature).max())


def assert_gradient(problem, theta, dispersion, rtol=1e-6):
    """The envelope gradient over (theta, beta, dispersion) against differences.

    Along two random directions, which no wrong element is at right angles to.
    """
    state = solved(problem, theta, dispersion)
    shift = 0.05 * np.cos(np.arange(state.beta.size)) * np.linalg.norm(state.beta)
    x = np.concatenate([theta, state.beta + shift, dispersion])  # beta off its optimum
    k, p = theta.size, state.beta.size

    def at(x):
        return solved(problem, x[:k], x[k + p :], state, beta=x[k : k + p])

    state = at(x)
    gradient = np.concatenate(gradient_of(problem.system, state))
    rng = np.random.default_rng(x.size)
    for _ in range(2):
        direction = 5e-4 * np.maximum(np.abs(x), 0.1) * rng.choice([-1.0, 1.0], x.size)
        direction *= rng.uniform(0.3, 1.0, x.size)
        # fourth order, so that the step can be wide
        one, two = (at(x + m * direction).elbo - at(x - m * direction).elbo for m in (1, 2))
        slope = gradient @ direction
        scale = np.abs(gradient * direction).max()
        assert_allclose((8.0 * one - two) / 12.0, slope, rtol=0, atol=rtol * scale)


@pytest.mark.parametrize("name", NAMES)
def test_gradient_of_every_structure(name):
    _, _, problem, Lambda, dispersion = structured(name)
    assert_gradient(problem, engine_theta(problem, Lambda), dispersion)


def one_factor(case):
    """Sixty responses of a family at linear predictors like its contract case's, twelve levels."""
    rng = np.random.default_rng(zlib.crc32(case.name.encode()))
    n = 5 * len(case.y)
    codes = np.tile(np.arange(12), 5)
    X = np.column_stack([np.ones(n), rng.normal(size=n)])
    terms = (TermArrays(np.ones((n, 1)), codes, 12),)
    weights, offset = np.tile(case.weights, 5), 0.05 * rng.normal(size=n)
    dispersion = case.family.bind(case.y, case.weights).start()[1]
    if case.family.uses_scale:
        dispersion = np.minimum(dispersion, -1.0)
    eta = offset + np.tile(case.mean, 5)
    totals = weights if "binomial" in case.family.name and case.y.max() <= 1.0 else None
    y = case.family.simulate(eta, dispersion, rng, totals=totals)
    arrays = RegressionArrays(y, X, terms, weights, offset)
    return arrays, case.family.bind(y, weights), dispersion


def moderate(density):
    """An sd of the random intercept that goes with the spread of the response."""
    return 0.2 * float(np.clip(np.std(density.start()[0]), 0.1, 2.0))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_gradient_and_bound_of_every_family(case):
    arrays, density, dispersion = one_factor(case)
    problem = build_problem(arrays, make_likelihood(density, nodes=31))
    sd = moderate(density)
    theta = engine_theta(problem, [np.array([[sd]])])
    assert_gradient(problem, theta, dispersion, 1e-6 if case.smooth else 1e-4)
    state = solved(problem, theta, dispersion)
    beta = np.linalg.solve(problem.basis.X_factor, state.beta)
    log_likelihood = marginal_log_likelihood(arrays, density, sd, dispersion, beta)
    assert -1e-7 < log_likelihood - state.elbo < 0.5


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_31_nodes_are_as_good_as_101(case):
    """Nats; where a link was continued, the quadrature meets a kink."""
    arrays, density, dispersion = one_factor(case)
    likelihoods = [make_likelihood(density, nodes=nodes) for nodes in (31, 101)]
    problem = build_problem(arrays, likelihoods[1])
    theta = engine_theta(problem, [np.array([[moderate(density)]])])
    state = solved(problem, theta, dispersion)
    few, many = (
        likelihood.expect(state.mean, state.variance, dispersion).value.sum()
        for likelihood in likelihoods
    )
    assert_allclose(few, many, rtol=0, atol=1e-7 if case.smooth else 5e-4)


@pytest.mark.parametrize("name", ["intercept", "crossed slopes", "nested and crossed"])
@pytest.mark.parametrize("size", [0.05, 1.0, 8.0])
def test_elbo_never_falls(name, size):
    """One step more never leads below; also far from sensible covariance factors."""
    _, _, problem, Lambda, dispersion = structured(name)
    system = problem.system
    triangles = unpack(size * engine_theta(problem, Lambda), system.structure.d)
    start = first_state(system, dispersion)
    path = []
    for limit in range(1, 14):
        state, info = solve(system, triangles, dispersion, start, max_evaluations=limit)
        path.append(state.elbo)
        if info.converged:
            break
    assert (np.diff(path) >= -1e-9).all()
    assert path[-1] > path[0]


def test_a_start_from_far_away_finds_the_same_optimum():
    _, _, problem, Lambda, _ = structured("slope")
    near, _ = optimize(problem, hessian=False)
    far, _ = optimize(problem, start=[5.0 * factor for factor in Lambda], hessian=False)
    assert_allclose(far.elbo, near.elbo, rtol=0, atol=1e-6)


def test_standard_errors_are_those_of_the_bound():
    """The inverse Hessian of the ELBO, by plain second differences of re-solved values."""
    arrays, density, problem, _, _ = structured("intercept")
    found, _ = optimize(problem)
    x = np.concatenate([pack(found.state.factorization.factors), found.state.beta])

    def elbo(x):
        return solved(problem, x[:1], np.zeros(0), found.state, beta=x[1:]).elbo

    steps = 0.02 * np.sqrt(np.diag(found.parameter_cov))
    hessian = np.empty((x.size, x.size))
    for i, j in np.ndindex(*hessian.shape):
        a, b = (np.eye(x.size)[m] * steps[m] for m in (i, j))
        corners = elbo(x + a + b) - elbo(x + a - b) - elbo(x - a + b) + elbo(x - a - b)
        hessian[i, j] = corners / (4.0 * steps[i] * steps[j])
    assert_allclose(found.parameter_cov, np.linalg.inv(-hessian), rtol=2e-3, atol=1e-7)
    alone, _ = optimize(problem, hessian=False)
    dense = dense_surrogate(
        arrays, density, alone.Lambda, np.zeros(0), alone.beta, alone.u_mean, alone.state.curvature
    )
    assert_allclose(alone.beta_cov, dense.beta_cov, rtol=1e-6)
