"""Trainable surrogates: names, moments, densities and gradients."""

from __future__ import annotations

import numpy as np
import pytest
from dense_gaussian_reference import make_design, make_term

from glmmvi.errors import ArgumentError
from glmmvi.model.starting_values import least_squares_start

KINDS = ("mean_field", "full_rank", "structured")


def _design(scale: float = 1.0):
    rng = np.random.default_rng(8)
    X = np.column_stack([np.ones(40), rng.normal(size=40)]) * np.array([1.0, scale])
    subject = make_term("Subject", np.arange(40) % 4, X)
    item = make_term("item", np.arange(40) % 3, np.ones((40, 1)))
    return make_design(rng.normal(size=40) + X[:, 1] / scale, X, [subject, item])


def _jittered(kind: str):
    from glmmvi.model.advi_surrogate import build_advi_surrogate
    from glmmvi.model.bayesian_joint_distribution import build_bayesian_model

    design = _design()
    model = build_bayesian_model(design)
    surrogate = build_advi_surrogate(model, kind, least_squares_start(design))
    rng = np.random.default_rng(2)
    for variable in surrogate.distribution.trainable_variables:
        variable.assign(variable + 0.3 * rng.normal(size=variable.shape))
    return model, surrogate


@pytest.mark.parametrize("kind", [*KINDS, "structured, no term in the triangle"])
def test_draws_fit_the_model_and_moments_fit_the_draws(kind, monkeypatch):
    if "," in kind:
        monkeypatch.setattr("glmmvi.model.advi_surrogate.MAX_TRIANGLE", 0)
        kind = "structured"
    from glmmvi.results.advi_moments import posterior_moments

    model, surrogate = _jittered(kind)
    n_draws = 20_000
    draws = surrogate.distribution.sample(n_draws, seed=(1, 2))
    assert {v.name: (n_draws, *v.shape) for v in model.latents} == {
        name: tuple(value.shape) for name, value in draws.items()
    }
    few = {name: value[:5] for name, value in draws.items()}
    assert np.isfinite(model.pinned.log_prob(**few)).all()

    moments = posterior_moments(model, surrogate, seed=1)
    beta = draws["beta"].numpy()
    np.testing.assert_allclose(moments["beta"], beta.mean(0), atol=0.01)
    np.testing.assert_allclose(moments["beta_cov"], np.cov(beta.T), rtol=0.1, atol=2e-3)
    for r, name in enumerate(["Subject", "item"]):
        sds, b = draws[f"sds_{name}"].numpy(), draws[f"b_{name}"].numpy()
        np.testing.assert_allclose(moments["sds"][r], sds.mean(0), rtol=0.01)
        np.testing.assert_allclose(moments["sds_sd"][r], sds.std(0), rtol=0.04)
        np.testing.assert_allclose(moments["sds_median"][r], np.median(sds, 0), rtol=0.01)
        np.testing.assert_allclose(moments["b"][r], b.mean(0), atol=0.02)
        centred = b - b.mean(0)
        covariance = np.einsum("sld,sle->lde", centred, centred) / n_draws
        np.testing.assert_allclose(moments["b_cov"][r], covariance, rtol=0.06, atol=4e-3)
    np.testing.assert_allclose(moments["sigma"], draws["sigma"].numpy().mean(), rtol=0.01)


@pytest.mark.parametrize("kind", KINDS)
def test_stopped_copy_has_the_value_without_the_gradient(kind):
    import tensorflow as tf

    _, surrogate = _jittered(kind)
    variables = surrogate.distribution.trainable_variables
    fixed = {
        name: tf.constant(value.numpy())
        for name, value in surrogate.distribution.sample(3, seed=(3, 4)).items()
    }
    with tf.GradientTape(persistent=True) as tape:
        live = surrogate.distribution.log_prob(fixed)
        stopped = surrogate.stopped_distribution.log_prob(fixed)
    np.testing.assert_allclose(live, stopped, rtol=1e-10)
    assert all(g is None for g in tape.gradient(stopped, variables))
    assert all(g is not None for g in tape.gradient(live, variables))


def test_density_is_the_gaussians_with_the_jacobian():
    from scipy import stats

    _, surrogate = _jittered("mean_field")
    draw = surrogate.distribution.sample(seed=(5, 6))
    total = 0.0
    loc = surrogate.normal.loc.numpy()
    for c in surrogate.coordinates:
        x = c.constrain.inverse(draw[c.variable.name])
        total += float(c.constrain.inverse_log_det_jacobian(draw[c.variable.name]).numpy().sum())
        factor = surrogate.rows(c)
        sd = np.sqrt((factor**2).sum(-1)).reshape(np.shape(c.loc)) * c.scale
        own = loc[c.start : c.stop]
        own = own.reshape(c.variable.shape[::-1]).T if c.variable.kind == "effects" else own
        total += stats.norm(c.loc + c.scale * own.reshape(np.shape(c.loc)), sd).logpdf(x).sum()
    np.testing.assert_allclose(surrogate.distribution.log_prob(draw), total, rtol=1e-10)


def test_start_follows_the_units():
    a, b = least_squares_start(_design(1.0)), least_squares_start(_design(1e6))
    units = np.array([1.0, 1e6])
    np.testing.assert_allclose(a.beta, b.beta * units, rtol=1e-8)
    np.testing.assert_allclose(a.beta_sd, b.beta_sd * units, rtol=1e-8)
    np.testing.assert_allclose(a.sds[0], b.sds[0] * units, rtol=1e-8)
    np.testing.assert_allclose(a.b[0], b.b[0] * units, rtol=1e-8)
    np.testing.assert_allclose(a.sigma, b.sigma)


def test_unknown_kind_is_refused():
    from glmmvi.model.advi_surrogate import build_advi_surrogate
    from glmmvi.model.bayesian_joint_distribution import build_bayesian_model

    with pytest.raises(ArgumentError, match="'mean_field', 'full_rank', 'structured'"):
        build_advi_surrogate(build_bayesian_model(_design()), "meanfield")  # type: ignore[arg-type]
