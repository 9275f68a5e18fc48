"""The structured Gaussian engine against dense linear algebra and finite differences."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from glmmvi.inference import linear_mixed
from glmmvi.inference.block_factorization import factorize, solve_scores
from glmmvi.inference.cross_products import block_structure, cross_products
from glmmvi.inference.orthogonal_basis import in_basis, orthogonal_basis, upper_triangle
from glmmvi.inference.profiled_deviance import pack, profiled_deviance
from glmmvi.inference.regression_arrays import RegressionArrays, TermArrays
from tests.inference.dense_reference import dense_fit, indicator, split
from tests.inference.designs import STRUCTURES, design, factors

both = pytest.mark.parametrize("reml", [True, False], ids=["REML", "ML"])
every = pytest.mark.parametrize("name", STRUCTURES)


@every
@both
@pytest.mark.parametrize("singular", [False, True], ids=["regular", "singular"])
def test_everything_at_given_theta_equals_dense_algebra(name, reml, singular):
    arrays = design(name)
    Lambda = factors(arrays, singular=singular)
    problem = linear_mixed.build_problem(arrays, reml=reml)
    reference = dense_fit(arrays, Lambda, reml=reml)
    assert_allclose(linear_mixed.criterion(problem, Lambda), reference["criterion"], rtol=1e-11)
    solved = linear_mixed.solution_at(problem, Lambda)
    assert_allclose(solved.criterion, reference["criterion"], rtol=1e-11)
    assert_allclose(solved.beta, reference["beta"], rtol=1e-9)
    assert_allclose(solved.sigma, reference["sigma"], rtol=1e-10)
    assert_allclose(solved.beta_cov, reference["beta_cov"], rtol=1e-8, atol=1e-12)
    scale = reference["sigma"]
    marginal = reference["u_cov_marginal" if reml else "u_cov"]
    for r, term in enumerate(arrays.terms):
        L = Lambda[r]
        assert_allclose(solved.Lambda[r] @ solved.Lambda[r].T, L @ L.T, atol=1e-10)
        b = split(reference["u"], arrays)[r] @ L.T
        assert_allclose(solved.b_mean[r], b, atol=1e-9 * scale)
        cov = L @ split(reference["u_cov"], arrays)[r] @ L.T
        assert_allclose(solved.b_cov[r], cov, atol=1e-9 * scale**2)
        cov = L @ split(marginal, arrays)[r] @ L.T
        assert_allclose(solved.b_cov_marginal[r], cov, atol=1e-9 * scale**2)
        assert solved.u_mean[r].shape == (term.n_levels, term.d)


@every
@both
@pytest.mark.parametrize("singular", [False, True], ids=["regular", "singular"])
def test_gradient_equals_finite_differences(name, reml, singular):
    arrays = design(name)
    structure = block_structure(arrays.terms, arrays.p)
    products = cross_products(in_basis(arrays, orthogonal_basis(arrays)), structure)
    theta = pack(factors(arrays, singular=singular))

    def at(x):
        return profiled_deviance(products, structure, x, reml=reml)

    step = 1e-5
    numeric = [
        (at(theta + step * e).value - at(theta - step * e).value) / (2 * step)
        for e in np.eye(theta.size)
    ]
    assert_allclose(at(theta).gradient, numeric, rtol=1e-6, atol=1e-6)


@every
def test_sparse_pattern_equals_dense_pattern(name):
    arrays = design(name)
    within = in_basis(arrays, orthogonal_basis(arrays))
    theta = pack(factors(arrays))
    results = []
    for dense_rows in (10**9, 0):
        structure = block_structure(arrays.terms, arrays.p, dense_rows=dense_rows)
        products = cross_products(within, structure)
        results.append(profiled_deviance(products, structure, theta, reml=True))
    assert_allclose(results[1].value, results[0].value, rtol=1e-12)
    assert_allclose(results[1].gradient, results[0].gradient, rtol=1e-9, atol=1e-9)


@every
@pytest.mark.parametrize("dense_rows", [10**9, 0], ids=["dense", "sparse"])
def test_partial_sums_over_partitions_add_up(name, dense_rows):
    arrays = design(name)
    within = in_basis(arrays, orthogonal_basis(arrays))
    structure = block_structure(arrays.terms, arrays.p, dense_rows=dense_rows)
    whole = cross_products(within, structure)
    first, second = (cross_products(_rows(within, part), structure) for part in _halves(within.n))
    total = first + second
    assert total.n == whole.n
    assert_allclose(total.dense, whole.dense, atol=1e-10)
    for k in whole.rows:
        assert_allclose(total.rows[k], whole.rows[k], atol=1e-10)
        assert_allclose(total.diagonal[k], whole.diagonal[k], atol=1e-10)


def _halves(n):
    return np.arange(n) < n // 3, np.arange(n) >= n // 3


def _rows(arrays, keep):
    return RegressionArrays(
        arrays.y[keep],
        arrays.X[keep],
        tuple(TermArrays(t.Z[keep], t.codes[keep], t.n_levels) for t in arrays.terms),
        arrays.weights[keep],
        arrays.offset[keep],
    )


@every
@both
def test_optimum_has_no_better_neighbour(name, reml):
    arrays = design(name)
    problem = linear_mixed.build_problem(arrays, reml=reml)
    solved, record = linear_mixed.optimize(problem)
    assert record.converged
    assert record.gradient_norm < 1e-2
    for seed in range(4):
        rng = np.random.default_rng(seed)
        near = [L + np.tril(rng.normal(scale=1e-2, size=L.shape)) for L in solved.Lambda]
        assert linear_mixed.criterion(problem, near) > solved.criterion - 1e-9


@pytest.mark.parametrize("unit", [1e6, 1e-6])
def test_units_of_a_covariate_do_not_matter(unit):
    rng = np.random.default_rng(5)
    codes = np.repeat(np.arange(20), 8)
    x = rng.normal(size=160)
    intercepts, slopes = rng.normal(size=(2, 20))
    y = 1 + 2 * x + intercepts[codes] + slopes[codes] * x + rng.normal(size=160)
    fits = []
    for scale in (1.0, unit):
        X = np.column_stack([np.ones(160), scale * x])
        arrays = RegressionArrays(y, X, (TermArrays(X, codes, 20),), np.ones(160), np.zeros(160))
        fits.append(linear_mixed.optimize(linear_mixed.build_problem(arrays, reml=True)))
    (plain, record), (scaled, scaled_record) = fits
    assert record.evaluations == scaled_record.evaluations
    assert_allclose(scaled.criterion, plain.criterion + 2 * np.log(unit), rtol=1e-10)
    assert_allclose(scaled.beta * [1, unit], plain.beta, rtol=1e-9)
    assert_allclose(scaled.sigma, plain.sigma, rtol=1e-9)


def test_start_on_a_false_boundary_is_left():
    """At sd 0 the gradient is 0; the engine must see that the optimum is elsewhere."""
    arrays = design("nested")
    problem = linear_mixed.build_problem(arrays, reml=True)
    solved, _ = linear_mixed.optimize(problem)
    from_zero, record = linear_mixed.optimize(problem, start=[np.zeros((1, 1))] * 2)
    assert record.converged
    assert_allclose(from_zero.criterion, solved.criterion, rtol=1e-10)
    assert min(L[0, 0] for L in from_zero.Lambda) > 0.1


def test_rows_of_weight_zero_carry_no_information():
    arrays = design("crossed slopes")
    weights = arrays.weights.copy()
    weights[::7] = 0.0
    weighted = RegressionArrays(arrays.y, arrays.X, arrays.terms, weights, arrays.offset)
    without = _rows(weighted, weights > 0)
    Lambda = factors(arrays)
    values = [
        linear_mixed.criterion(linear_mixed.build_problem(a, reml=True), Lambda)
        for a in (weighted, without)
    ]
    assert_allclose(values[0], values[1], rtol=1e-12)


def test_no_fixed_effects():
    arrays = design("slope")
    bare = RegressionArrays(arrays.y, arrays.X[:, :0], arrays.terms, arrays.weights, arrays.offset)
    solved, record = linear_mixed.optimize(linear_mixed.build_problem(bare, reml=True))
    assert record.converged
    assert solved.beta.shape == (0,)


@every
@pytest.mark.parametrize("dense_rows", [10**9, 0], ids=["dense", "sparse"])
@pytest.mark.parametrize("known", [False, True], ids=["beta solved", "beta known"])
def test_solving_for_a_right_hand_side_equals_dense_algebra(name, dense_rows, known):
    arrays = design(name)
    Lambda = factors(arrays)
    structure = block_structure(arrays.terms, arrays.p, dense_rows=dense_rows)
    products = cross_products(arrays, structure, curvature=arrays.weights)
    f = factorize(products, structure, Lambda)
    rng = np.random.default_rng(4)
    scores = [rng.normal(size=(term.d, term.n_levels)) for term in arrays.terms]
    fixed = rng.normal(size=arrays.p)
    A = np.hstack(
        [
            indicator(term) @ np.kron(np.eye(term.n_levels), factor)
            for term, factor in zip(arrays.terms, Lambda, strict=True)
        ]
    )
    W = arrays.weights[:, None]
    right = np.concatenate([(L.T @ z).T.reshape(-1) for L, z in zip(Lambda, scores, strict=True)])
    P, B = np.eye(A.shape[1]) + A.T @ (W * A), A.T @ (W * arrays.X)
    if known:
        beta = rng.normal(size=arrays.p)
        expected = np.linalg.solve(P, right - B @ beta)
    else:
        system = np.block([[P, B], [B.T, arrays.X.T @ (W * arrays.X)]])
        whole = np.linalg.solve(system, np.concatenate([right, fixed]))
        expected, beta = whole[: len(right)], whole[len(right) :]
    u, solved = solve_scores(f, scores, fixed, beta=beta if known else None)
    assert_allclose(solved, beta, rtol=1e-8, atol=1e-10)
    assert_allclose(np.concatenate([x.reshape(-1) for x in u]), expected, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("rows", [1, 2, 5, 4096, 9000])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_triangle_of_tall_columns_is_that_of_pieces(rows, weighted):
    rng = np.random.default_rng(rows)
    columns = rng.normal(size=(rows, 3)) @ np.diag([1.0, 1e4, 1e-3]) + [0.0, 1e6, 0.0]
    response, root = rng.normal(size=(rows, 1)), rng.uniform(0.5, 2.0, rows)
    found = upper_triangle(columns, response, root=root if weighted else None)
    whole = np.column_stack([columns, response]) * (root[:, None] if weighted else 1.0)
    padded = np.vstack([whole, np.zeros((max(4 - rows, 0), 4))])
    slow = np.linalg.qr(padded, mode="r")
    slow *= np.where(np.diag(slow) < 0.0, -1.0, 1.0)[:, None]
    size = np.linalg.norm(slow, axis=0)
    assert_allclose(found / size, slow / size, atol=1e-11)
    assert (np.diag(found) >= 0.0).all()
    assert_allclose(found, np.triu(found))
