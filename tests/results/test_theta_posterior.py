"""theta_posterior=True, method="nuts" and glmer(method="advi")."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import glmmvi as gv
from glmmvi.errors import ArgumentError, ConvergenceWarning
from glmmvi.inference.parameter_posterior import fit_parameter_posterior
from glmmvi.model.priors import LKJ, Exponential, HalfNormal, Normal, StudentT

CBPP = "cbind(incidence, size - incidence) ~ period + (1 | herd)"
PRIORS = {"b": Normal(0.0, 5.0), "herd": HalfNormal(2.0)}


@pytest.fixture(scope="module")
def cbpp_fit():
    return gv.glmer(
        CBPP, gv.load_dataset("cbpp"), family="binomial", priors=PRIORS, theta_posterior=True
    )


def test_it_is_the_posterior_of_a_balanced_design():
    """Sixteen groups of 5; the posterior of (mean, log sds) on a grid."""
    rng = np.random.default_rng(7)
    groups, size = 16, 5
    y = 3.0 + 1.2 * rng.normal(size=(groups, 1)) + rng.normal(size=(groups, size))
    data = pd.DataFrame({"y": y.reshape(-1), "g": np.repeat(np.arange(groups), size)})
    priors = {"b": Normal(2.0, 3.0), "g": HalfNormal(2.0), "sigma": Exponential(0.5)}
    fit = gv.lmer("y ~ 1 + (1 | g)", data, priors=priors, theta_posterior=True)
    assert fit.optimization.converged, fit.optimization.reason
    means, within = y.mean(axis=1), ((y - y.mean(axis=1, keepdims=True)) ** 2).sum()
    log_sd, log_sigma = np.meshgrid(np.linspace(-2.5, 1.5, 160), np.linspace(-0.6, 0.6, 100))
    beta = np.linspace(0.5, 5.5, 101)[:, None, None]
    sd, sigma = np.exp(log_sd), np.exp(log_sigma)
    left = groups * (size - 1)
    # the groups' means and the deviations from them; then priors with their Jacobians
    log_p = -left * (log_sigma + 0.5 * np.log(2 * np.pi)) - 0.5 * within / sigma**2
    log_p = log_p - 0.5 * groups * np.log(size)
    between = np.sqrt(sd**2 + sigma**2 / size)
    log_p = log_p + sum(stats.norm(beta, between).logpdf(m) for m in means)
    log_p = log_p + stats.norm(2.0, 3.0).logpdf(beta) + log_sd + log_sigma
    log_p = log_p + stats.halfnorm(0, 2.0).logpdf(sd) + stats.expon(0, 2.0).logpdf(sigma)
    p = np.exp(log_p - log_p.max())
    cell = 4.0 / 159 * 1.2 / 99 * 5.0 / 100
    evidence = log_p.max() + np.log(p.sum() * cell)

    def moments(value):
        mean = (p * value).sum() / p.sum()
        return mean, np.sqrt((p * (value - mean) ** 2).sum() / p.sum())

    found = fit.posterior
    for (mean, sd_of), ours, ours_sd in (
        (moments(beta), found.beta[0], found.beta_sd[0]),
        (moments(sd), found.sds[0][0], found.sds_sd[0][0]),
        (moments(sigma), found.sigma, found.sigma_sd),
    ):
        assert ours == pytest.approx(mean, abs=0.1 * sd_of)
        assert ours_sd == pytest.approx(sd_of, rel=0.1)
    assert fit.elbo < evidence
    assert fit.elbo == pytest.approx(evidence, abs=0.2)


def test_a_gaussian_target_is_found_exactly():
    from glmmvi.inference.parameter_posterior import Evaluation

    rng = np.random.default_rng(0)
    root = rng.normal(size=(4, 4))
    precision, mean = root @ root.T + np.eye(4), rng.normal(size=4)

    def target(x, _):
        d = x - mean
        return Evaluation(-0.5 * d @ precision @ d, -precision @ d, np.zeros(0), None)

    found = fit_parameter_posterior(target, np.zeros(4), np.ones(4))
    assert found.record.converged
    np.testing.assert_allclose(found.mean, mean, atol=1e-3)
    covariance = found.scale_tril @ found.scale_tril.T
    np.testing.assert_allclose(covariance, np.linalg.inv(precision), rtol=1e-3, atol=1e-4)
    evidence = 2.0 * np.log(2 * np.pi) - 0.5 * np.linalg.slogdet(precision)[1]
    assert found.elbo == pytest.approx(evidence, abs=1e-4)


@pytest.mark.parametrize("columns", ["1", "x"])
def test_gradients_of_the_targets(columns):
    from glmmvi.api.designs import linear_design, mixed_design
    from glmmvi.api.generalized_engines import generalized_problem
    from glmmvi.inference.linear_mixed import build_problem
    from glmmvi.inference.parameter_targets import GeneralizedTarget, LinearTarget, ParameterLayout
    from glmmvi.model.prior_mapping import resolve_priors
    from glmmvi.results.control import GlmerControl, LmerControl
    from glmmvi.results.engine_arrays import engine_arrays
    from glmmvi.results.prior_penalty import penalty_of

    rng = np.random.default_rng(4)
    data = pd.DataFrame({"x": rng.normal(size=80), "g": np.arange(80) % 8, "h": np.arange(80) // 9})
    data["y"] = rng.gamma(2.0, 1.0, size=80)
    formula = f"y ~ x + ({columns} | g) + (1 | h)"
    priors = {"b": StudentT(4, 0, 1), **({"cor": LKJ(2.0)} if columns == "x" else {})}
    family = gv.Gamma("log")
    general = mixed_design(formula, data, GlmerControl(), allow_n=False)
    linear = linear_design(formula, data, LmerControl())
    d = tuple(term.d for term in linear.terms)
    targets = (
        GeneralizedTarget(
            generalized_problem(general, family),
            penalty_of(resolve_priors(general, priors, family=family), point=False),
            ParameterLayout(d, 2, 1),
        ),
        LinearTarget(
            build_problem(engine_arrays(linear), reml=True),
            penalty_of(resolve_priors(linear, priors), point=False),
            ParameterLayout(d, 2, 1),
        ),
    )
    for target in targets:
        x = 0.3 * rng.normal(size=target.layout.last.stop) - 0.4
        at = target(x, None)
        for i in range(len(x)):
            move = 1e-4 * np.eye(len(x))[i]
            slope = (target(x + move, at.state).value - target(x - move, at.state).value) / 2e-4
            assert at.gradient[i] == pytest.approx(slope, rel=1e-4, abs=2e-4)


def test_the_pair_of_a_fit_of_every_parameter(cbpp_fit):
    fit, found = cbpp_fit, cbpp_fit.posterior
    q = fit.surrogate_posterior
    draws = q.sample(2000, seed=(1, 2))
    ratio = fit.joint_distribution.experimental_pin(y=fit.design.y).log_prob(
        **draws._asdict()
    ) - q.log_prob(draws)
    assert fit.elbo - 2.0 < ratio.numpy().mean() < fit.elbo
    np.testing.assert_allclose(draws.beta.numpy().mean(0), found.beta, atol=0.04)
    np.testing.assert_allclose(np.cov(draws.beta.numpy().T), found.beta_cov, atol=0.02)
    sds = draws.sds_herd.numpy()[:, 0]
    assert sds.mean() == pytest.approx(found.sds[0][0], abs=0.02)
    assert sds.std() == pytest.approx(found.sds_sd[0][0], rel=0.1)
    assert "structured variational inference" in str(fit)
    assert f"Evidence lower bound: {fit.elbo:.4f}" in str(fit)
    for name in ("logLik", "AIC", "BIC"):
        with pytest.raises(ArgumentError, match="needs a likelihood"):
            getattr(fit, name)()


def test_correlations_have_the_models_order():
    """Three columns: the Cholesky factors of the surrogate are those of the coordinates."""
    import tensorflow as tf
    from tensorflow_probability import distributions as tfd

    from glmmvi.inference.correlation_coordinates import cholesky, lkj_log_density
    from glmmvi.model.parameter_pieces import parameter_pieces

    pieces = parameter_pieces(["g"], [3], 0, 0, linear=False)
    y = np.array([0.4, -1.1, 0.7])
    constrain = pieces[1].constrain
    factor = constrain.forward(tf.constant(y))
    np.testing.assert_allclose(factor, cholesky(y, 3), rtol=1e-12)
    log_p = tfd.CholeskyLKJ(3, tf.constant(1.7, tf.float64)).log_prob(factor)
    log_p += constrain.forward_log_det_jacobian(tf.constant(y), event_ndims=1)
    expected = lkj_log_density(y, 3, 1.7)[0] - LKJ(1.7).log_normalizer(3)
    np.testing.assert_allclose(log_p, expected, rtol=1e-10)


def test_nuts_agrees_with_the_variational_fit_on_cbpp(cbpp_fit):
    fit = gv.glmer(
        CBPP,
        gv.load_dataset("cbpp"),
        family="binomial",
        method="nuts",
        priors=PRIORS,
        chains=40,
        num_warmup=40,
        num_samples=30,
        jit_compile=False,
        seed=3,
    )
    chains, vi = fit.posterior, cbpp_fit.posterior
    assert fit.optimization.divergences == 0
    assert fit.optimization.r_hat < 1.1
    assert chains.draws["beta"].shape == (40, 30, 4)
    assert chains.draws["u_herd"].shape == (40, 30, 15, 1)
    np.testing.assert_array_less(np.abs(vi.beta - chains.beta) / chains.beta_sd, 0.1)
    np.testing.assert_allclose(vi.beta_sd, chains.beta_sd, rtol=0.1)
    assert vi.sds[0][0] == pytest.approx(chains.sds[0][0], abs=0.1 * chains.sds_sd[0][0])
    np.testing.assert_allclose(vi.b[0], chains.b[0], atol=0.1)
    assert "fit by NUTS" in str(fit)


@pytest.fixture
def eagerly(monkeypatch):
    """TensorFlow without graphs: for a few steps, building them is what takes the time."""
    import tensorflow as tf

    monkeypatch.setattr("glmmvi.inference.advi.ELBO_BATCH", 1000)  # one batch
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.mark.usefixtures("eagerly")
def test_advi_of_a_family_with_a_dispersion_parameter():
    from glmmvi.model.bayesian_joint_distribution import build_bayesian_model

    rng = np.random.default_rng(5)
    data = pd.DataFrame({"x": rng.normal(size=60), "g": np.arange(60) % 6})
    data["y"] = np.exp(0.5 + 0.3 * data["x"]) * (1.0 + 0.1 * rng.normal(size=60))
    family = gv.gaussian("log")
    short = {"method": "advi", "num_steps": 1, "progress": False, "surrogate": "mean_field"}
    with pytest.warns(ConvergenceWarning, match="too few"):
        fit = gv.glmer("y ~ x + (1 | g)", data, family=family, **short)
    assert fit.dispersion.shape == (1,)
    assert fit.sigma() == pytest.approx(0.19, abs=0.1)
    with pytest.raises(ArgumentError, match="'variational', 'random'"):
        gv.glmer("y ~ x + (1 | g)", data, family=family, method="advi", start="ols")
    # the density of several draws at once, against SciPy
    model = build_bayesian_model(fit.design, {"sigma": HalfNormal(2.0)}, family=family)
    draws = fit.surrogate_posterior.sample(3, seed=(1, 2))
    together = model.pinned.log_prob(**draws).numpy()
    assert together.shape == (3,)
    one = {name: value[2] for name, value in draws.items()}
    sigma, b = np.exp(one["dispersion"].numpy()[0]), one["b_g"].numpy()[:, 0]
    eta = fit.design.X @ one["beta"].numpy() + b[fit.design.terms[0].codes]
    sd = one["sds_g"].numpy()[0]
    expected = stats.norm(np.exp(eta), sigma).logpdf(data["y"]).sum()
    expected += stats.norm(0, sd).logpdf(b).sum() + stats.halfcauchy(0, 2.5).logpdf(sd)
    expected += stats.halfnorm(0, 2.0).logpdf(sigma) + np.log(sigma)
    np.testing.assert_allclose(together[2], expected, rtol=1e-10)
