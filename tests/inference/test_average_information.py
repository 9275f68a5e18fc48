"""Average information against dense algebra, and the fits that it leads to."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from glmmvi.inference import linear_mixed
from glmmvi.inference.average_information import apply_cross_products, average_information
from glmmvi.inference.linear_mixed import build_problem, optimize
from glmmvi.inference.orthogonal_basis import in_basis
from glmmvi.inference.profiled_deviance import pack, profiled_deviance, unpack
from tests.inference.designs import STRUCTURES, design


def dense_model(arrays, problem):
    """X, y and every term's Z, in the engine's basis, as dense matrices."""
    within = in_basis(arrays, problem.basis)
    Z = []
    for term in within.terms:
        matrix = np.zeros((arrays.n, term.n_levels, term.d))
        matrix[np.arange(arrays.n), term.codes] = term.Z
        Z.append(matrix)
    return within.X, within.y, Z


def some_theta(problem, seed=3):
    rng = np.random.default_rng(seed)
    factors = [
        np.tril(0.3 * rng.normal(size=(d, d)), -1) + np.diag(rng.uniform(0.4, 1.2, d))
        for d in problem.structure.d
    ]
    return pack(factors)


@pytest.mark.parametrize("name", STRUCTURES)
def test_products_with_the_cross_products(name):
    arrays = design(name)
    problem = build_problem(arrays, reml=True)
    X, y, Z = dense_model(arrays, problem)
    rng = np.random.default_rng(0)
    effects = [rng.normal(size=z.shape[1:]) for z in Z]
    column = rng.normal(size=X.shape[1] + 1)
    rows = np.column_stack([X, y]) @ column
    for z, b in zip(Z, effects, strict=True):
        rows = rows + np.einsum("nld,ld->n", z, b)
    by_term, by_fixed = apply_cross_products(problem.products, problem.structure, effects, column)
    for z, found in zip(Z, by_term, strict=True):
        assert_allclose(found, np.einsum("nld,n->ld", z, rows), atol=1e-9)
    assert_allclose(by_fixed, np.column_stack([X, y]).T @ rows, atol=1e-9)


@pytest.mark.parametrize("reml", [True, False])
@pytest.mark.parametrize("name", STRUCTURES)
def test_average_information_by_its_definition(name, reml):
    arrays = design(name)
    problem = build_problem(arrays, reml=reml)
    X, y, Z = dense_model(arrays, problem)
    d, theta = problem.structure.d, some_theta(problem)
    n, p = X.shape
    df = n - p if reml else n
    at = profiled_deviance(problem.products, problem.structure, theta, reml=reml)
    found = average_information(problem.products, problem.structure, at, df)

    def covariance(factors):
        total = np.zeros((n, n))
        for z, left in zip(Z, factors, strict=True):
            half = (z @ left).reshape(n, -1)
            total += half @ half.T
        return total

    M = np.eye(n) + covariance(unpack(theta, d))
    inverse = np.linalg.inv(M)
    P = inverse - inverse @ X @ np.linalg.solve(X.T @ inverse @ X, X.T @ inverse)
    variance = float(y @ P @ y) / df
    step, units = 1e-5, np.eye(theta.size)
    slopes = [
        (covariance(unpack(theta + step * e, d)) - covariance(unpack(theta - step * e, d)))
        / (2 * step)
        for e in units
    ]
    t = np.array([slope @ P @ y for slope in slopes])
    expected = t @ P @ t.T / variance - np.outer(t @ P @ y, t @ P @ y) / (df * variance**2)
    trace_of = inverse if not reml else P
    for i in range(theta.size):
        for j in range(theta.size):
            second = (
                covariance(unpack(theta + units[i] + units[j], d))
                - covariance(unpack(theta + units[i], d))
                - covariance(unpack(theta + units[j], d))
                + covariance(unpack(theta, d))
            )
            expected[i, j] += float(np.sum(trace_of * second) - y @ P @ second @ P @ y / variance)
    assert_allclose(found, expected, atol=1e-5 * np.abs(expected).max())


@pytest.mark.parametrize("name", ["crossed", "crossed slopes", "nested and crossed"])
def test_it_leads_to_the_same_fit_in_fewer_steps(name, monkeypatch):
    problem = build_problem(design(name), reml=True)
    plain, slow = optimize(problem)
    monkeypatch.setattr(linear_mixed, "_COSTLY", 0)
    found, fast = optimize(problem)
    assert fast.converged
    assert found.criterion <= plain.criterion + 1e-9
    assert fast.iterations < slow.iterations


def test_a_singular_factor_has_none():
    problem = build_problem(design("crossed"), reml=True)
    at = profiled_deviance(problem.products, problem.structure, np.array([0.0, 1.0]), reml=True)
    assert average_information(problem.products, problem.structure, at, 80) is None
