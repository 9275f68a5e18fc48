"""Second derivatives of the maximised ELBO against differences of its gradient."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import minimize_scalar

from glmmvi.inference.elbo_gradient import gradient_of
from glmmvi.inference.implicit_hessian import has_implicit_hessian, implicit_hessian
from glmmvi.inference.level_curvature import (
    has_level_curvature,
    level_curvature,
    predicted_surrogate,
)
from glmmvi.inference.parameter_hessian import parameter_covariance, prior_hessian
from glmmvi.inference.penalty import CoefficientPrior
from glmmvi.inference.profiled_deviance import unpack
from glmmvi.inference.surrogate_start import first_state, first_surrogate
from glmmvi.inference.variational_pirls import evaluate
from tests.inference.structured_problems import NAMES, engine_theta, solved, structured

ONE_TERM = ("intercept", "slope", "three columns")


def by_differences(problem, theta, dispersion, state, step=2e-3):
    """Hessian over (theta, beta, dispersion): central differences at tightly solved surrogates."""
    t, p = theta.size, problem.system.structure.p
    x = np.concatenate([theta, state.beta, dispersion])

    def gradient(at):
        moved = solved(problem, at[:t], at[t + p :], start=state, beta=at[t : t + p])
        return np.concatenate(gradient_of(problem.system, moved))

    rows = [(gradient(x + e) - gradient(x - e)) / (2 * step) for e in step * np.eye(x.size)]
    return 0.5 * (np.array(rows) + np.array(rows).T)


@pytest.mark.parametrize("name", NAMES)
def test_implicit_hessian_is_the_derivative_of_the_gradient(name):
    _, _, problem, Lambda, dispersion = structured(name)
    theta = engine_theta(problem, Lambda)
    state = solved(problem, theta, dispersion)
    slow = by_differences(problem, theta, dispersion, state)
    fast, tangents, factorizations = implicit_hessian(
        problem.system, dispersion, state, fixed_beta=True
    )
    size = np.sqrt(np.abs(np.diag(slow)))
    assert_allclose(fast / np.outer(size, size), slow / np.outer(size, size), atol=1e-3)
    assert len(tangents) == len(fast)
    assert factorizations <= 6 * len(fast)


@pytest.mark.parametrize("name", ONE_TERM)
def test_level_curvature_is_the_derivative_of_the_gradient(name):
    _, _, problem, Lambda, dispersion = structured(name)
    theta = engine_theta(problem, Lambda)
    state = solved(problem, theta, dispersion)
    assert has_level_curvature(problem.system.structure, theta.size + 3)
    slow = by_differences(problem, theta, dispersion, state)
    fast = level_curvature(problem.system, dispersion, state).hessian
    size = np.sqrt(np.abs(np.diag(slow)))
    assert_allclose(fast / np.outer(size, size), slow / np.outer(size, size), atol=3e-4)


@pytest.mark.parametrize("name", ["slope", "crossed slopes", "observation level"])
def test_free_fixed_effects_are_maximised_over(name):
    _, _, problem, Lambda, dispersion = structured(name)
    theta = engine_theta(problem, Lambda)
    state = solved(problem, theta, dispersion)
    every, _, _ = implicit_hessian(problem.system, dispersion, state, fixed_beta=True)
    profiled, _, _ = implicit_hessian(problem.system, dispersion, state, fixed_beta=False)
    t, p = theta.size, problem.system.structure.p
    outer, beta = np.r_[0:t, t + p : len(every)], np.r_[t : t + p]
    cross = every[np.ix_(beta, outer)]
    schur = every[np.ix_(outer, outer)] - cross.T @ np.linalg.solve(
        every[np.ix_(beta, beta)], cross
    )
    size = np.sqrt(np.abs(np.diag(schur)))
    assert_allclose(profiled / np.outer(size, size), schur / np.outer(size, size), atol=2e-3)


@pytest.mark.parametrize("name", ["slope", "three columns", "crossed", "nested and crossed"])
def test_the_surrogate_moves_along_its_tangent(name):
    _, _, problem, Lambda, dispersion = structured(name)
    theta = engine_theta(problem, Lambda)
    state = solved(problem, theta, dispersion)
    system, t, p = problem.system, theta.size, problem.system.structure.p
    change = np.zeros(t + p + len(dispersion))
    change[:t] = np.random.default_rng(1).normal(size=t)
    change[t : t + p] = np.random.default_rng(2).normal(size=p)
    gaps = []
    for step in (2e-2, 1e-2):
        x = np.concatenate([theta, state.beta, dispersion]) + step * change
        factors = unpack(x[:t], system.structure.d)
        best = solved(problem, x[:t], dispersion, start=state, beta=x[t : t + p])
        if name in ONE_TERM:
            curvature = level_curvature(system, dispersion, state)
            u, weights = predicted_surrogate(system, state, curvature, x[:t], step * change)
            moved = [u]
        else:
            _, tangents, _ = implicit_hessian(system, dispersion, state, fixed_beta=True)
            steps = step * change
            moved = [
                u + sum(s * tangent.u_mean[r] for s, tangent in zip(steps, tangents, strict=True))
                for r, u in enumerate(state.u_mean)
            ]
            weights = state.curvature + sum(
                s * tangent.curvature for s, tangent in zip(steps, tangents, strict=True)
            )
        there = evaluate(system, factors, dispersion, moved, x[t : t + p], weights)
        here = evaluate(system, factors, dispersion, state.u_mean, x[t : t + p], state.curvature)
        assert best.elbo - there.elbo < 0.05 * (best.elbo - here.elbo)
        gaps.append(best.elbo - there.elbo)
    # the surrogate's error is of second order, and the ELBO's of fourth
    assert gaps[1] < gaps[0] / 8 + 1e-11


def test_a_singular_factor_is_an_ordinary_case():
    _, _, problem, Lambda, dispersion = structured("crossed")
    system = problem.system
    warm = solved(problem, engine_theta(problem, Lambda), dispersion)
    best = minimize_scalar(
        lambda x: -solved(problem, np.array([x, 0.0]), dispersion, start=warm).elbo,
        bounds=(0.01, 3.0),
        method="bounded",
    )
    theta = np.array([best.x, 0.0])
    state = solved(problem, theta, dispersion, start=warm)
    assert not has_implicit_hessian(unpack(theta, system.structure.d))
    covariance = parameter_covariance(system, theta, dispersion, state, {"inner": 0})
    assert not covariance[1].any()
    assert not covariance[:, 1].any()
    free = np.r_[0, 2 : len(covariance)]
    slow = -by_differences(problem, np.array([theta[0], 1e-9]), dispersion, state)
    within = covariance[np.ix_(free, free)]
    size = np.sqrt(np.diag(within))
    expected = np.linalg.inv(slow[np.ix_(free, free)])
    assert_allclose(within / np.outer(size, size), expected / np.outer(size, size), atol=2e-3)


def test_priors_add_their_curvature():
    _, _, problem, Lambda, dispersion = structured("slope")
    theta = engine_theta(problem, Lambda)
    p = problem.system.structure.p
    scale = np.array([0.5, 2.0, np.inf])
    prior = CoefficientPrior(np.zeros(p), scale, np.full(p, np.inf), np.eye(p), np.zeros(p))
    system = replace(problem.system, beta_prior=prior)

    def half_normal(theta, dispersion):
        return -0.5 * float(theta @ theta), -theta, np.zeros_like(dispersion)

    hessian = prior_hessian(system, theta, np.ones(p), dispersion, half_normal)
    t = theta.size
    assert_allclose(hessian[:t, :t], -np.eye(t), atol=1e-8)
    assert_allclose(hessian[t : t + p, t : t + p], -np.diag([4.0, 0.25, 0.0]), atol=1e-8)
    assert not hessian[:t, t:].any()


@pytest.mark.parametrize("name", NAMES)
def test_the_first_surrogate_is_near_the_optimum(name):
    _, _, problem, _, dispersion = structured(name)
    system = problem.system
    found = first_surrogate(system, dispersion)
    state = found.state
    theta = np.concatenate(
        [factor.T[np.triu_indices(len(factor))] for factor in state.factorization.factors]
    )
    best = solved(problem, theta, found.dispersion)
    away = best.elbo - first_state(system, dispersion).elbo
    assert best.elbo - state.elbo < 0.05 * away
    assert found.evaluations <= 20
    assert found.trace[-1] == state.elbo
    assert (np.diff(found.trace) > 0.0).all()
