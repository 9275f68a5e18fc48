"""priors= in lmer and glmer by the structured engine."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize
from scipy.special import expit, logsumexp
from scipy.stats import binom, norm

import glmmvi as gv
from glmmvi.errors import ArgumentError
from glmmvi.inference.elbo_gradient import gradient_of
from glmmvi.model.priors import LKJ, Exponential, Flat, HalfCauchy, HalfNormal, Normal, StudentT
from glmmvi.results.penalized_posterior import PenalizedPosterior

CBPP = "cbind(incidence, size - incidence) ~ period + (1 | herd)"
SLEEP = "Reaction ~ Days + (Days | Subject)"


@pytest.fixture(scope="module")
def cbpp():
    return gv.load_dataset("cbpp")


@pytest.fixture(scope="module")
def sleepstudy():
    return gv.load_dataset("sleepstudy")


@pytest.fixture(scope="module")
def counts():
    rng = np.random.default_rng(5)
    g, x = np.repeat(np.arange(12), 10), rng.normal(size=120)
    mu = np.exp(0.7 + 0.5 * rng.normal(size=12)[g] + (0.4 + 0.6 * rng.normal(size=12)[g]) * x)
    return pd.DataFrame({"y": rng.negative_binomial(2.0, 2.0 / (2.0 + mu)), "x": x, "g": g})


def separated():
    rng = np.random.default_rng(1)
    x = rng.integers(0, 2, 200)
    y = np.where(x == 1, 1, rng.random(200) < 0.4).astype(int)
    return pd.DataFrame({"y": y, "x": x, "g": np.repeat(np.arange(20), 10)})


@pytest.mark.parametrize("prior", [Normal(0.0, 2.5), StudentT(3.0, 0.0, 2.5)])
def test_complete_separation_has_finite_estimates(prior):
    fit = gv.glmer("y ~ x + (1 | g)", separated(), family="binomial", priors={"x": prior})
    assert fit.optimization.converged, fit.optimization.reason
    beta = fit.fixef()["x"]
    assert 3.0 < beta < 9.0
    assert 0.5 < fit.vcov().loc["x", "x"] ** 0.5 < 5.0
    # where the likelihood's slope and the prior's balance
    inner = fit.posterior.inner
    by_beta = gradient_of(inner.problem.system, inner.solution.state)[1]
    slope = inner.problem.basis.X_factor.T @ by_beta
    np.testing.assert_allclose(slope, [0.0, -prior.log_density(beta)[1]], atol=2e-4)


def test_quadrature_with_priors_maximises_the_posterior(cbpp):
    priors = {"b": Normal(0.0, 0.5), "herd": HalfNormal(0.3)}
    fit = gv.glmer(CBPP, cbpp, family="binomial", nAGQ=25, priors=priors)
    assert fit.optimization.converged
    y, n = cbpp["incidence"].to_numpy(float), cbpp["size"].to_numpy(float)
    X = np.column_stack([np.ones(len(cbpp)), *(cbpp["period"] == f for f in "234")]).astype(float)
    herds = [np.flatnonzero(cbpp["herd"] == h) for h in cbpp["herd"].cat.categories]
    u = np.linspace(-8.0, 8.0, 1601)

    def log_likelihood(x):
        eta = (X @ x[:4])[:, None] + x[4] * u
        rows = binom.logpmf(y[:, None], n[:, None], expit(eta))
        return sum(logsumexp(rows[here].sum(0) + norm.logpdf(u)) + np.log(0.01) for here in herds)

    def loss(x):
        return -log_likelihood(x) + 0.5 * (x[:4] ** 2).sum() / 0.25 + 0.5 * x[4] ** 2 / 0.09

    best = minimize(loss, [-1.4, -0.7, -0.8, -1.0, 0.5], method="BFGS", options={"gtol": 1e-4})
    np.testing.assert_allclose(fit.fixef(), best.x[:4], atol=2e-4)
    np.testing.assert_allclose(fit.VarCorr().as_data_frame()["sdcor"], best.x[4:], atol=2e-4)
    assert fit.logLik().value == pytest.approx(log_likelihood(best.x), abs=1e-3)
    np.testing.assert_allclose(
        np.sqrt(np.diag(fit.vcov())), np.sqrt(np.diag(best.hess_inv))[:4], rtol=0.05
    )
    assert "lower bound" not in str(fit)


def test_flat_priors_change_nothing(cbpp, sleepstudy):
    plain = gv.glmer(CBPP, cbpp, family="binomial")
    flat = gv.glmer(CBPP, cbpp, family="binomial", priors={"b": Flat(), "herd": Flat()})
    np.testing.assert_array_equal(flat.fixef(), plain.fixef())
    np.testing.assert_array_equal(flat.vcov(), plain.vcov())
    linear = gv.lmer(SLEEP, sleepstudy, priors={"cor": LKJ(1.0)})
    np.testing.assert_array_equal(linear.vcov(), gv.lmer(SLEEP, sleepstudy).vcov())


def test_tight_priors_are_constraints(cbpp, sleepstudy, counts):
    # a coefficient at 0
    held = gv.glmer("y ~ x + (1 | g)", counts, family="nbinom2", priors={"x": Normal(0, 1e-4)})
    without = gv.glmer("y ~ 1 + (1 | g)", counts, family="nbinom2")
    assert held.fixef()["x"] == pytest.approx(0.0, abs=1e-5)
    np.testing.assert_allclose(held.fixef()["(Intercept)"], without.fixef(), rtol=1e-4)
    np.testing.assert_allclose(held.posterior.elbo, without.elbo, atol=1e-3)
    np.testing.assert_allclose(held.estimates.theta, without.estimates.theta, rtol=1e-3)
    # a dispersion parameter at 2, by its logarithm
    known = gv.glmer("y ~ x + (1 | g)", counts, family=gv.negative_binomial(2.0))
    priors = {"theta": Normal(np.log(2.0), 1e-4)}
    held = gv.glmer("y ~ x + (1 | g)", counts, family="nbinom2", priors=priors)
    assert held.dispersion_parameters()["theta"] == pytest.approx(2.0, rel=1e-5)
    np.testing.assert_allclose(held.fixef(), known.fixef(), atol=1e-5)
    # no correlation
    apart = gv.lmer("Reaction ~ Days + (Days || Subject)", sleepstudy)
    held = gv.lmer(SLEEP, sleepstudy, priors={"cor": LKJ(1e7)})
    np.testing.assert_allclose(held.REMLcrit(), apart.REMLcrit(), atol=1e-3)
    np.testing.assert_allclose(np.diag(held.estimates.Lambda[0]), apart.estimates.theta, rtol=1e-3)


def test_the_optimum_of_sds_and_dispersion_is_one(counts):
    priors = {
        "b": StudentT(4.0, 0.0, 1.0),
        "g": HalfNormal(0.3),
        "g.x": Exponential(4.0),
        "cor": LKJ(3.0),
        "theta": HalfCauchy(1.0),
    }
    fit = gv.glmer("y ~ x + (x | g)", counts, family="nbinom2", priors=priors)
    assert fit.optimization.converged, fit.optimization.reason
    inner, resolved = fit.posterior.inner, fit.posterior.priors

    def penalised(x):
        from glmmvi.inference.profiled_deviance import unpack
        from glmmvi.inference.variational_pirls import solve

        problem, d = inner.problem, (2,)
        from glmmvi.inference.orthogonal_basis import engine_factor

        factor = engine_factor(unpack(x[:3], d)[0], problem.basis.Z_factors[0])
        state, _ = solve(
            problem.system,
            [factor],
            x[5:],
            inner.solution.state,
            fixed_beta=problem.basis.X_factor @ x[3:5],
        )
        covariance = unpack(x[:3], d)[0]
        covariance = covariance @ covariance.T
        sds = np.sqrt(np.diag(covariance))
        value = state.elbo + sum(
            p.log_density(b)[0] for p, b in zip(resolved.beta, x[3:5], strict=True)
        )
        value += sum(p.log_density(s)[0] for p, s in zip(resolved.sds[0], sds, strict=True))
        value += 2.0 * np.log(1.0 - (covariance[0, 1] / sds.prod()) ** 2)
        return value + HalfCauchy(1.0).log_density(float(np.exp(x[5])))[0]

    x = np.concatenate([fit.estimates.theta, fit.estimates.beta, fit.dispersion])
    best = penalised(x)
    for i in range(len(x)):
        for sign in (-1.0, 1.0):
            assert penalised(x + sign * 0.01 * np.eye(len(x))[i]) < best
    assert -0.5 * fit.optimization.value == pytest.approx(best - LKJ(3.0).log_normalizer(2))


def test_what_is_printed_and_what_is_refused(sleepstudy, cbpp):
    fit = gv.lmer(SLEEP, sleepstudy, priors={"sd": HalfNormal(20.0), "sigma": Exponential(0.05)})
    assert isinstance(fit.posterior, PenalizedPosterior)
    text = str(fit)
    assert "fit by penalised REML" in text
    assert f"{fit.optimization.value:.4f}" in text
    assert fit.REMLcrit() > gv.lmer(SLEEP, sleepstudy).REMLcrit()
    assert np.isfinite(fit.predict(se_fit=True)).all(axis=None)
    with pytest.raises(ArgumentError):
        fit.confint(method="profile")

    def refused(match, **arguments):
        with pytest.raises(ArgumentError, match=match):
            gv.glmer(CBPP, cbpp, family="binomial", **arguments)

    refused("'perod2' is not a parameter.*did you mean 'period2'", priors={"perod2": Normal()})
    refused("'theta' is not a parameter", priors={"theta": HalfNormal()})
    refused("'sigma' is not a parameter", priors={"sigma": HalfNormal()})
    refused("not a prior for a standard deviation", priors={"herd": Normal()})
    refused("must be a mapping", priors=Normal())
    refused("nAGQ=0", priors={"b": Normal()}, nAGQ=0)
    refused("nAGQ=5", theta_posterior=True, nAGQ=5)
    refused("none of 'structured', 'advi' and 'nuts'", method="mcmc")
    refused("theta_posterior='yes'", theta_posterior="yes")
    refused("theta_posterior=True is for", theta_posterior=True, method="advi")
    refused("num_steps = 10.*method='advi'", num_steps=10)
    refused("chains=1 is not", method="nuts", chains=1)
    refused("start=", method="nuts", start=[1.0])
    with pytest.raises(ArgumentError, match="concentration of at least 1"):
        gv.lmer(SLEEP, sleepstudy, priors={"cor": LKJ(0.5)})


def test_priors_of_dispersion_parameters_know_their_scale(counts):
    fit = gv.glmer(
        "y ~ x + (1 | g)",
        counts,
        family="zero_inflated_poisson",
        priors={"zero_inflation": Normal(-9, 0.1)},
    )
    assert fit.dispersion_parameters()["zero_inflation"] < 0.001
    with pytest.raises(ArgumentError, match="not a prior for a dispersion parameter"):
        gv.glmer(
            "y ~ x + (1 | g)",
            counts,
            family="zero_inflated_poisson",
            priors={"zero_inflation": HalfNormal()},
        )
