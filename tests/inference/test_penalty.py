"""Log priors and the penalised criterion of a linear mixed model."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from glmmvi.inference import linear_mixed
from glmmvi.inference.linear_mixed import build_problem
from glmmvi.inference.orthogonal_basis import engine_factor
from glmmvi.inference.penalized_linear import optimize_penalized, penalized_criterion
from glmmvi.inference.penalty import CoefficientPrior, Penalty, TermPrior
from glmmvi.inference.profiled_deviance import pack
from glmmvi.inference.regression_arrays import RegressionArrays
from glmmvi.model.priors import LKJ, Exponential, Flat, HalfCauchy, HalfNormal, Normal, StudentT

from .designs import design


def differences(function, x, step=1e-6):
    gradient = np.empty(len(x))
    for i in range(len(x)):
        move = np.where(np.arange(len(x)) == i, step, 0.0)
        gradient[i] = (function(x + move) - function(x - move)) / (2 * step)
    return gradient


@pytest.mark.parametrize(
    ("prior", "reference", "at"),
    [
        (Normal(1.0, 2.0), stats.norm(1.0, 2.0), -0.7),
        (StudentT(3.0, 0.5, 2.0), stats.t(3.0, 0.5, 2.0), 2.2),
        (HalfNormal(3.0), stats.halfnorm(0.0, 3.0), 1.3),
        (HalfCauchy(0.4), stats.halfcauchy(0.0, 0.4), 1.3),
        (Exponential(2.0), stats.expon(0.0, 0.5), 1.3),
    ],
)
def test_densities_of_numbers_are_scipys(prior, reference, at):
    value, slope = prior.log_density(at)
    np.testing.assert_allclose(value, reference.logpdf(at), rtol=1e-12)
    expected = differences(lambda x: reference.logpdf(x[0]), np.array([at]))
    np.testing.assert_allclose(slope, expected[0], rtol=1e-7)


def coefficient_prior(to_user=None):
    return CoefficientPrior(
        loc=np.array([0.0, 1.0, -2.0]),
        scale=np.array([np.inf, 2.0, 0.5]),
        df=np.array([np.inf, np.inf, 3.0]),
        to_user=np.eye(3) if to_user is None else to_user,
        shift=np.zeros(3) if to_user is None else np.array([0.3, 0.1, -0.4]),
    )


def test_coefficient_prior_and_the_normal_that_touches_it():
    rng = np.random.default_rng(1)
    prior, x = coefficient_prior(rng.normal(size=(3, 3))), rng.normal(size=3)
    user = prior.shift + prior.to_user @ x
    expected = stats.norm(1, 2).logpdf(user[1]) + stats.t(3, -2, 0.5).logpdf(user[2])
    np.testing.assert_allclose(prior.log_density(x), expected, rtol=1e-12)
    np.testing.assert_allclose(prior.gradient(x), differences(prior.log_density, x), rtol=1e-6)
    # the tangent at one distance is nowhere above the density
    touching, precision = prior.tangent(np.array([1.0, 0.7, 0.7]))
    for square in (0.01, 0.3, 0.7, 5.0, 80.0):
        bound = touching - 0.5 * precision * (square - 0.7)
        exact, _ = prior.tangent(np.full(3, square))
        np.testing.assert_allclose(bound[1], exact[1], rtol=1e-12)
        assert bound[2] <= exact[2] + 1e-12


@pytest.mark.parametrize("concentration", [1.0, 2.5])
def test_gradient_of_the_prior_of_a_covariance_matrix(concentration):
    factor = np.array([[1.2, 0.0, 0.0], [0.3, 0.8, 0.1], [-0.5, 0.2, 0.6]])
    sds = (HalfNormal(1.0).log_density, HalfCauchy(2.0).log_density, Exponential(1.5).log_density)
    prior = TermPrior(sds, concentration, LKJ(concentration).log_normalizer(3))
    _, gradient = prior.log_density(factor)

    def value(flat):
        return prior.log_density(flat.reshape(3, 3))[0]

    expected = differences(value, factor.reshape(-1))
    np.testing.assert_allclose(gradient.reshape(-1), expected, atol=1e-7)
    # it is the covariance matrix that has a density, not its square root
    rotation = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))[0]
    np.testing.assert_allclose(prior.log_density(factor @ rotation)[0], value(factor.reshape(-1)))


def test_a_term_without_an_effect_has_a_finite_prior_but_no_concentrated_correlation():
    factor = np.array([[0.5, 0.0], [0.0, 0.0]])
    sds = (Exponential(2.0).log_density, Exponential(3.0).log_density)
    value, gradient = TermPrior(sds).log_density(factor)
    np.testing.assert_allclose(value, np.log(2.0) - 1.0 + np.log(3.0))
    np.testing.assert_allclose(gradient, [[-2.0, 0.0], [0.0, -3.0]])
    assert TermPrior(sds, 2.0).log_density(factor)[0] == -np.inf


def arrays_of(name="slope"):
    base = design(name, n=60)
    rng = np.random.default_rng(9)
    weights = rng.uniform(0.5, 2.0, base.n)
    return RegressionArrays(
        base.y * 3.0 + 1.0, base.X, base.terms, weights, rng.normal(size=base.n)
    )


def penalty_for(prior):
    sds = (HalfNormal(1.0).log_density, HalfCauchy(2.0).log_density)
    terms = (TermPrior(sds, 2.0, LKJ(2.0).log_normalizer(2)),)
    return Penalty(prior, terms, Exponential(0.5).log_density)


def point(problem, arrays, sigma=1.7):
    scaled = np.array([[0.9, 0.0], [0.3, 0.6]])
    theta = pack([engine_factor(scaled / sigma, problem.basis.Z_factors[0])])
    return scaled, np.append(theta, np.log(sigma))


def log_prior_of(scaled, sigma):
    sds = np.linalg.norm(scaled, axis=1)
    r = (scaled @ scaled.T)[0, 1] / sds.prod()
    value = stats.halfnorm(0, 1).logpdf(sds[0]) + stats.halfcauchy(0, 2).logpdf(sds[1])
    value += stats.beta(2.0, 2.0, -1.0, 2.0).logpdf(r)  # LKJ(2) of two columns
    return value + stats.expon(0, 2.0).logpdf(sigma)


@pytest.mark.parametrize("reml", [True, False])
def test_the_criterion_is_the_dense_one(reml):
    arrays, sigma = arrays_of(), 1.7
    prior = CoefficientPrior(
        np.array([0.5, 1.0, -2.0]),
        np.array([3.0, 2.0, 0.5]),
        np.full(3, np.inf),
        np.eye(3),
        np.zeros(3),
    )
    problem = build_problem(arrays, reml=reml)
    scaled, x = point(problem, arrays, sigma)
    at = penalized_criterion(problem, penalty_for(prior), x)
    term = arrays.terms[0]
    Z = np.zeros((arrays.n, term.n_levels * 2))
    for i, level in enumerate(term.codes):
        Z[i, 2 * level : 2 * level + 2] = term.Z[i]
    V = Z @ np.kron(np.eye(term.n_levels), scaled @ scaled.T) @ Z.T
    V += np.diag(sigma**2 / arrays.weights)
    y = arrays.y - arrays.offset
    if reml:  # the fixed effects are integrated out under their prior
        V = V + arrays.X @ np.diag(prior.scale**2) @ arrays.X.T
        log_lik = stats.multivariate_normal(arrays.X @ prior.loc, V).logpdf(y)
    else:
        precision = arrays.X.T @ np.linalg.solve(V, arrays.X) + np.diag(prior.scale**-2.0)
        score = arrays.X.T @ np.linalg.solve(V, y) + prior.loc / prior.scale**2
        beta = np.linalg.solve(precision, score)
        log_lik = stats.multivariate_normal(arrays.X @ beta, V).logpdf(y)
        log_lik += stats.norm(prior.loc, prior.scale).logpdf(beta).sum()
    expected = -2.0 * (log_lik + log_prior_of(scaled, sigma))
    np.testing.assert_allclose(at.value, expected, rtol=1e-10)


@pytest.mark.parametrize("reml", [True, False])
def test_its_gradient_with_every_kind_of_prior(reml):
    arrays = arrays_of("slope")
    problem, penalty = build_problem(arrays, reml=reml), penalty_for(coefficient_prior())
    _, x = point(problem, arrays)
    at = penalized_criterion(problem, penalty, x)
    expected = differences(lambda z: penalized_criterion(problem, penalty, z).value, x, 1e-5)
    np.testing.assert_allclose(at.gradient, expected, rtol=2e-6, atol=1e-6)


def test_a_t_prior_integrated_out_is_the_best_lower_bound():
    base = arrays_of("intercept")
    arrays = RegressionArrays(base.y, base.X[:, :1], base.terms, base.weights, base.offset)
    prior = CoefficientPrior(
        np.array([4.0]), np.array([0.3]), np.array([3.0]), np.eye(1), np.zeros(1)
    )
    problem = build_problem(arrays, reml=True)
    ml = build_problem(arrays, reml=False)
    terms = (TermPrior((Flat().log_density,)),)
    x = np.array([0.5, np.log(2.0)])
    bound = -0.5 * penalized_criterion(problem, Penalty(prior, terms), x).value

    def joint(beta):  # a prior that is a spike: the likelihood at this beta
        spike = CoefficientPrior(
            np.array([beta]), np.array([1e-7]), np.array([np.inf]), np.eye(1), np.zeros(1)
        )
        value = -0.5 * penalized_criterion(ml, Penalty(spike, terms), x).value
        return value - stats.norm(0, 1e-7).logpdf(0.0) + stats.t(3, 4.0, 0.3).logpdf(beta)

    grid = np.linspace(-4.0, 6.0, 801)
    values = np.array([joint(beta) for beta in grid])
    exact = values.max() + np.log(np.exp(values - values.max()).sum() * (grid[1] - grid[0]))
    assert bound < exact

    def touching_at(square):
        value, precision = prior.tangent(np.array([square]))
        normal = CoefficientPrior(
            prior.loc, precision**-0.5, np.array([np.inf]), np.eye(1), np.zeros(1)
        )
        evidence = -0.5 * penalized_criterion(problem, Penalty(normal, terms), x).value
        constant = value + 0.5 * precision * square - stats.norm(0, precision**-0.5).logpdf(0.0)
        return evidence + float(constant[0])

    # no other normal that touches from below gives more
    others = [touching_at(square) for square in np.geomspace(1e-3, 1e3, 200)]
    assert max(others) <= bound + 1e-9
    assert max(others) == pytest.approx(bound, abs=1e-2)


def test_flat_priors_lead_to_the_fit_without_priors():
    arrays = arrays_of()
    problem = build_problem(arrays, reml=True)
    exact, _ = linear_mixed.optimize(problem)
    flat = CoefficientPrior(np.zeros(3), *np.full((2, 3), np.inf), np.eye(3), np.zeros(3))
    penalty = Penalty(flat, (TermPrior((Flat().log_density,) * 2),), Flat().log_density)
    found, record = optimize_penalized(problem, penalty, exact, start=[np.eye(2)])
    assert record.converged, record.reason
    np.testing.assert_allclose(record.value, exact.criterion, rtol=1e-12)
    np.testing.assert_allclose(found.criterion, exact.criterion, rtol=1e-12)
    np.testing.assert_allclose(found.Lambda[0], exact.Lambda[0], atol=1e-5)
    np.testing.assert_allclose(found.sigma, exact.sigma, rtol=1e-6)
    np.testing.assert_allclose(found.beta_cov, exact.beta_cov, rtol=1e-5, atol=1e-10)
