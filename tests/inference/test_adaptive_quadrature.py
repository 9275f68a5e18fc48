"""The maximum of the log likelihood by quadrature, against a dense grid."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from glmmvi.inference.adaptive_quadrature import _mirrored, optimize
from glmmvi.inference.profiled_deviance import pack, unpack
from tests.inference.level_problems import dense_log_likelihood, level_problem
from tests.inference.test_joint_modes import crossed_problem


def dense_value(problem, x, points):
    d, p = problem.system.structure.d, problem.system.structure.p
    k = sum(size * (size + 1) // 2 for size in d)
    Lambda = unpack(x[:k], d)
    return dense_log_likelihood(problem, Lambda, x[k : k + p], x[k + p :], points).sum()


@pytest.mark.parametrize(
    ("columns", "family", "points"),
    [
        ((1,), "binomial", 141),
        ((1,), "nbinom2", 141),
        ((2,), "poisson", 91),
        ((1, 1), "Gamma", 91),
    ],
)
def test_the_answer_is_the_maximum_of_the_dense_integral(columns, family, points):
    problem = level_problem(columns, family, n_levels=12, rows=5)
    answer, record = optimize(problem, 21)
    assert record.converged
    state, solution = answer.solution.state, answer.solution
    theta = pack(state.factorization.factors)
    x = np.concatenate([theta, state.beta, solution.dispersion])
    assert_allclose(answer.log_likelihood, dense_value(problem, x, points), rtol=1e-8)
    assert solution.elbo < answer.log_likelihood
    assert (theta > 0.01).any()
    # what one more standard error would gain to first order is nothing
    sd = np.sqrt(np.diag(solution.parameter_cov))
    for e in np.diag(0.01 * sd)[sd > 0.0]:
        slope = (dense_value(problem, x + e, points) - dense_value(problem, x - e, points)) / 0.02
        assert abs(slope) < 2e-4


def test_three_columns_reach_the_maximum():
    problem = level_problem((3,), "poisson", n_levels=8, rows=6)
    answer, record = optimize(problem, 11, hessian=False)
    assert record.converged
    state = answer.solution.state
    x = np.concatenate([pack(state.factorization.factors), state.beta])
    assert_allclose(answer.log_likelihood, dense_value(problem, x, 57), rtol=1e-5)
    assert answer.solution.parameter_cov is None
    assert (np.diag(answer.solution.beta_cov) > 0.0).all()


def test_standard_errors_are_the_curvature_of_the_dense_integral():
    problem = level_problem((1,), "binomial", n_levels=12, rows=5)
    answer, _ = optimize(problem, 25)
    state = answer.solution.state
    x = np.concatenate([pack(state.factorization.factors), state.beta])
    step, size = 1e-3, x.size
    information = np.empty((size, size))
    moves = step * np.eye(size)
    for i in range(size):
        for j in range(size):
            corners = [
                a * b * dense_value(problem, x + a * moves[i] + b * moves[j], 91)
                for a in (1, -1)
                for b in (1, -1)
            ]
            information[i, j] = -sum(corners) / (4.0 * step**2)
    assert_allclose(answer.solution.parameter_cov, np.linalg.inv(information), rtol=2e-3, atol=1e-5)


def test_a_bound_that_wants_to_be_crossed_is_a_mirror():
    x = np.array([0.0, 0.4, 0.7, -1.0])
    uphill = np.array([0.5, 0.0, 0.0, 0.0])
    assert_allclose(_mirrored(x, uphill, [2]), [0.0, -0.4, 0.7, -1.0])
    assert _mirrored(x, -uphill, [2]) is None
    assert _mirrored(np.where(x == 0.4, 0.0, x), uphill, [2]) is None


def test_more_than_one_factor_is_refused():
    with pytest.raises(ValueError, match="one grouping factor"):
        optimize(crossed_problem("crossed slopes", "poisson"), 5)
