"""The Bayesian coroutine against a transcription of TFP's tutorial and against SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from dense_gaussian_reference import make_design, make_term
from scipy import stats

from glmmvi.errors import ArgumentError
from glmmvi.model.priors import LKJ, HalfNormal, Normal

TUTORIAL = {"(Intercept)": Normal(0, 1), "floor": Normal(0, 1), "county": HalfNormal(1)}


def _radon_like(n: int = 50, L: int = 6):
    rng = np.random.default_rng(3)
    county = np.concatenate([np.arange(L), rng.integers(L, size=n - L)])
    floor = rng.integers(2, size=n).astype(float)
    X = np.column_stack([np.ones(n), floor])
    y = rng.normal(size=n)
    terms = [make_term("county", county, np.ones((n, 1)))]
    return make_design(y, X, terms, column_names=("(Intercept)", "floor"))


def test_tutorial_priors_give_the_tutorials_density():
    import tensorflow as tf
    import tensorflow_probability as tfp

    from glmmvi.model.bayesian_joint_distribution import build_bayesian_model

    tfd = tfp.distributions
    design = _radon_like()
    county, floor = design.terms[0].codes, design.X[:, 1]
    one, zero = tf.ones([], tf.float64), tf.zeros([], tf.float64)

    @tfd.JointDistributionCoroutineAutoBatched
    def tutorial():
        county_scale = yield tfd.HalfNormal(scale=one, name="scale_prior")
        intercept = yield tfd.Normal(loc=zero, scale=one, name="intercept")
        floor_weight = yield tfd.Normal(loc=zero, scale=one, name="floor_weight")
        county_prior = yield tfd.Normal(
            loc=tf.zeros([6], tf.float64), scale=county_scale, name="county_prior"
        )
        random_effect = tf.gather(county_prior, county, axis=-1)
        linear_response = intercept + floor_weight * floor + random_effect
        yield tfd.Normal(loc=linear_response, scale=one, name="likelihood")

    pinned = build_bayesian_model(design, TUTORIAL, 1.0).pinned
    rng = np.random.default_rng(5)
    beta, effects = rng.normal(size=(4, 2)), rng.normal(size=(4, 6))
    scale = rng.uniform(0.1, 2.0, size=4)
    ours = pinned.log_prob(sds_county=scale[:, None], beta=beta, b_county=effects[..., None])
    for k in range(4):
        theirs = tutorial.log_prob(scale[k], beta[k, 0], beta[k, 1], effects[k], design.y)
        np.testing.assert_allclose(ours[k], theirs, rtol=1e-12)


def _two_columns(weights=None):
    rng = np.random.default_rng(11)
    X = np.column_stack([np.ones(30), rng.normal(size=30)])
    terms = [
        make_term("Subject", np.arange(30) % 5, X),
        make_term("item", np.arange(30) % 3, np.ones((30, 1))),
    ]
    return make_design(rng.normal(size=30), X, terms, weights=weights)


def _values():
    return {
        "sds_Subject": np.array([0.8, 1.4]),
        "cholesky_Subject": np.linalg.cholesky(np.array([[1.0, -0.4], [-0.4, 1.0]])),
        "sds_item": np.array([0.5]),
        "beta": np.array([0.1, -0.2]),
        "b_Subject": np.linspace(-1, 1, 10).reshape(5, 2),
        "b_item": np.array([[0.1], [0.5], [-0.7]]),
        "sigma": np.array(0.9),
    }


def test_density_of_a_vector_valued_term_is_scipys():
    from glmmvi.model.bayesian_joint_distribution import build_bayesian_model

    weights = np.linspace(0.5, 2.0, 30)
    weights[4] = 0.0
    design = _two_columns(weights)
    priors = {"b": Normal(0, 3), "sd": HalfNormal(2), "sigma": HalfNormal(1), "cor": LKJ(3)}
    pinned = build_bayesian_model(design, priors).pinned
    v = _values()
    covariance = np.outer(v["sds_Subject"], v["sds_Subject"]) * np.array([[1, -0.4], [-0.4, 1]])
    eta = design.X @ v["beta"]
    eta += (design.terms[0].Z * v["b_Subject"][design.terms[0].codes]).sum(1)
    eta += v["b_item"][design.terms[1].codes, 0]
    likelihood = stats.norm(eta, 0.9 / np.sqrt(np.where(weights > 0, weights, 1))).logpdf(design.y)
    # LKJ(3) in two dimensions: a correlation of density (1 - r^2)^2 * 15/16; Cholesky: times
    # the Jacobian of r -> (r, sqrt(1 - r^2)), which is 1
    expected = (
        stats.halfnorm(0, 2).logpdf([0.8, 1.4, 0.5]).sum()
        + stats.norm(0, 3).logpdf(v["beta"]).sum()
        + stats.halfnorm(0, 1).logpdf(0.9)
        + np.log(15 / 16 * (1 - 0.16) ** 2)
        + stats.multivariate_normal(np.zeros(2), covariance).logpdf(v["b_Subject"]).sum()
        + stats.norm(0, 0.5).logpdf(v["b_item"]).sum()
        + likelihood[weights > 0].sum()
    )
    np.testing.assert_allclose(pinned.log_prob(**v), expected, rtol=1e-12)


def test_the_two_parametrisations_are_one_model():
    from glmmvi.model.bayesian_joint_distribution import build_bayesian_model

    design = _two_columns()
    centred = build_bayesian_model(design).pinned
    spherical = build_bayesian_model(design, centred=False).pinned
    v = _values()
    scale = v["sds_Subject"][:, None] * v["cholesky_Subject"]
    other = {k: x for k, x in v.items() if not k.startswith("b_")}
    other["u_Subject"] = np.linalg.solve(scale, v["b_Subject"].T).T
    other["u_item"] = v["b_item"] / 0.5
    jacobian = 5 * np.log(np.linalg.det(scale)) + 3 * np.log(0.5)
    np.testing.assert_allclose(
        centred.log_prob(**v) + jacobian, spherical.log_prob(**other), rtol=1e-12
    )


@pytest.mark.parametrize("centred", [True, False])
def test_prior_draws_have_the_models_shapes(centred):
    from glmmvi.model.bayesian_joint_distribution import build_bayesian_model

    design = _two_columns()
    model = build_bayesian_model(design, {"b": Normal(0, 1)}, centred=centred)
    draws = model.joint_distribution.sample(7, seed=(1, 2))
    for variable in model.latents:
        assert getattr(draws, variable.name).shape == (7, *variable.shape)
    assert draws.y.shape == (7, 30)
    assert np.isfinite(model.joint_distribution.log_prob(draws)).all()


def test_a_fixed_sigma_must_be_positive():
    from glmmvi.model.bayesian_joint_distribution import build_bayesian_model

    with pytest.raises(ArgumentError, match="sigma must be"):
        build_bayesian_model(_radon_like(), sigma=0.0)
