"""The TFP pair of a fit: the engine's ELBO is the Monte Carlo ELBO of the pair.

The surrogate is the exact posterior, so that ``log p - log q`` is the same for every draw: the
Monte Carlo error is rounding error, and the test is that sharp.
"""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import glmmvi as gv
from tests.results.golden_models import golden_fit

GOLDEN = (
    "sleepstudy_lmer",
    "sleepstudy_lmer_ML",
    "sleepstudy_lmer_bars2",
    "radon_lmer",
    "penicillin_lmer",
    "pastes_lmer_nested",
    "dyestuff2_lmer_singular",
    "machines_lmer_factor_slope",
)


def simulated():
    rng = np.random.default_rng(3)
    n = 150
    inner = rng.permutation(np.arange(n) % 20)
    data = pd.DataFrame(
        {
            "x": rng.normal(size=n),
            "inner": inner,
            "outer": inner // 4,
            "cross": rng.integers(0, 6, n),
            "w": rng.uniform(0.5, 3.0, n),
            "o": rng.normal(size=n),
        }
    )
    effects = rng.normal(size=(20, 2))
    data["y"] = (
        data["o"]
        + data["x"]
        + effects[inner, 0]
        + effects[inner, 1] * data["x"]
        + rng.normal(size=6)[data["cross"]]
        + rng.normal(size=n)
    )
    return data


FORMULAS = {
    "nested, crossed, slopes": "y ~ x + (x | inner) + (1 | outer) + (x | cross)",
    "same factor twice, crossed": "y ~ x + (1 | inner) + (0 + x | inner) + (1 | cross)",
    "no fixed effects": "y ~ 0 + (x | inner)",
}


def fit(name, reml=True):
    if name in GOLDEN:
        return golden_fit(name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", gv.GlmmviMessage)
        return gv.lmer(FORMULAS[name], simulated(), reml, weights="w", offset="o")


@pytest.mark.parametrize("name", [*GOLDEN, *FORMULAS])
def test_monte_carlo_elbo_of_the_pair_is_the_engines(name):
    model = fit(name)
    draws = model.surrogate_posterior.sample(5, seed=1)
    target = model.joint_distribution.experimental_pin(y=model.design.y)
    names = list(draws._fields)
    log_q = model.surrogate_posterior.log_prob(draws)
    log_p = target.log_prob(**{key: getattr(draws, key) for key in names})
    weights = (log_p - log_q).numpy()
    assert_allclose(weights, model.elbo, rtol=1e-9, atol=1e-7)


def test_maximum_likelihood_pair_with_every_structure():
    model = fit("nested, crossed, slopes", reml=False)
    draws = model.surrogate_posterior.sample(3, seed=2)
    target = model.joint_distribution.experimental_pin(y=model.design.y)
    log_p = target.log_prob(**{key: getattr(draws, key) for key in draws._fields})
    weights = (log_p - model.surrogate_posterior.log_prob(draws)).numpy()
    assert_allclose(weights, model.elbo, rtol=1e-9)


def test_moments_of_the_surrogate_are_those_that_are_printed():
    model = golden_fit("sleepstudy_lmer")
    draws = model.surrogate_posterior.sample(20_000, seed=3)
    beta = draws.beta.numpy()
    se = np.sqrt(np.diag(model.vcov()))
    assert_allclose(beta.mean(0), model.fixef(), atol=4 * se.max() / np.sqrt(20_000))
    assert_allclose(np.cov(beta.T), model.vcov(), rtol=0.05, atol=0.05 * se.min() ** 2)
    b = draws.u_Subject.numpy() @ model.estimates.Lambda[0].T
    assert_allclose(b.mean(0), model.estimates.b_mean[0], atol=0.5)
    expected = model.posterior.solution.b_cov_marginal[0]
    assert_allclose(
        b[:, 0].T @ b[:, 0] / 20_000 - np.outer(b[:, 0].mean(0), b[:, 0].mean(0)),
        expected[0],
        rtol=0.06,
        atol=1.0,
    )


def test_sampling_from_the_model_needs_fixed_effects():
    model = golden_fit("sleepstudy_lmer")
    with pytest.raises(gv.ArgumentError, match="beta"):
        model.joint_distribution.sample(seed=1)
    draw = model.joint_distribution.sample(beta=np.asarray(model.fixef()), seed=1)
    assert draw.y.shape == (180,)
