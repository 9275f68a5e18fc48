"""The TFP pair of a generalized fit.

The engine's ELBO is the Monte Carlo ELBO of the pair, for every family, link and structure; and
the pair's density of every observation is the family's own.
"""

from __future__ import annotations

import warnings
import zlib

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import glmmvi as gv
from glmmvi.model.families import Family
from tests.model.families.family_cases import CASES

GROUPS, EACH = 12, 5
DRAWS = 12_000


def nats_apart(fit, batches=1):
    """Engine's ELBO minus the pair's, with the Monte Carlo error of the latter."""
    surrogate = fit.surrogate_posterior
    target = fit.joint_distribution.experimental_pin(y=fit.design.y)
    ratios = []
    for seed in range(1, batches + 1):
        latents = surrogate.sample(DRAWS, seed=seed)
        log_p = target.log_prob(**{name: getattr(latents, name) for name in latents._fields})
        ratios.append((log_p - surrogate.log_prob(latents)).numpy())
        assert ratios[-1].shape == (DRAWS,)
    every = np.concatenate(ratios)
    return fit.elbo - every.mean(), every.std() / np.sqrt(every.size)


def assert_same_elbo(fit, batches=1):
    apart, error = nats_apart(fit, batches)
    assert error < 0.012, "too few draws for an error of 0.05 nats to fail"
    assert abs(apart) < 3.5 * error + 1e-9


def response_for(family: Family, rng) -> tuple[pd.DataFrame, str]:
    """Data that a family can be fitted to, with a moderate random intercept."""
    g = np.repeat(np.arange(GROUPS), EACH)
    x = rng.normal(size=g.size)
    shared = rng.normal(size=GROUPS)[g]
    name, link = family.name, family.link_name
    eta = {
        "logit": -0.5 + 0.4 * x + 0.5 * shared,
        "probit": -0.5 + 0.3 * x + 0.3 * shared,
        "cauchit": -0.3 + 0.3 * x + 0.3 * shared,
        "cloglog": -0.8 + 0.3 * x + 0.3 * shared,
        "sqrt": 2.0 + 0.1 * x + 0.2 * shared,
        "identity": 8.0 + 0.3 * x + 0.6 * shared,
        "inverse": 1.0 + 0.03 * x + 0.05 * shared,
        "1/mu^2": 1.0 + 0.03 * x + 0.05 * shared,
    }.get(link, 0.8 + 0.2 * x + 0.3 * shared)
    if link == "log" and name == "binomial":
        eta = -1.2 + 0.05 * x + 0.1 * shared
    natural = {"sigma": 0.3, "theta": 2.0, "precision": 6.0, "phi": 0.8, "power": 1.5}
    natural |= {"df": 2.0, "zero_inflation": 0.2}
    dispersion = family.to_unconstrained([natural[key] for key in family.dispersion_names])
    totals = rng.integers(2, 9, g.size).astype(float)
    binomial = name in ("binomial", "betabinomial")
    y = family.simulate(eta, dispersion, rng, totals=totals if binomial else None)
    data = pd.DataFrame({"y": y, "x": x, "g": g, "w": rng.uniform(0.5, 1.5, g.size)})
    if binomial:
        data["s"], data["f"] = np.round(y * totals), totals - np.round(y * totals)
    return data, "cbind(s, f)" if binomial else "y"


FAMILIES = {case.name: case.family for case in CASES}


@pytest.mark.parametrize("name", FAMILIES)
def test_the_elbo_of_every_family_is_that_of_the_pair(name):
    family = FAMILIES[name]
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    data, response = response_for(family, rng)
    weights = None if response != "y" else "w"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = gv.glmer(
            f"{response} ~ x + (1 | g)",
            data,
            family,
            weights=weights,
            control=gv.glmerControl(use_hessian=False),
        )
    assert_same_elbo(fit)


def structured_data():
    rng = np.random.default_rng(11)
    n = 240
    inner = rng.permutation(np.arange(n) % 20)
    data = pd.DataFrame(
        {
            "x": rng.normal(size=n),
            "inner": inner,
            "outer": inner // 4,
            "cross": rng.integers(0, 6, n),
            "obs": np.arange(n),
            "size": rng.integers(1, 7, n),
            "w": rng.uniform(0.5, 2.0, n),
            "o": 0.3 * rng.normal(size=n),
        }
    )
    effects = rng.multivariate_normal([0, 0], [[0.5, 0.2], [0.2, 0.3]], 20)
    eta = (
        0.3
        + data["o"]
        + 0.4 * data["x"]
        + effects[inner, 0]
        + effects[inner, 1] * data["x"]
        + 0.5 * rng.normal(size=6)[data["cross"]]
    )
    data["count"] = rng.poisson(np.exp(eta + 0.4 * rng.normal(size=n)))
    data["s"] = rng.binomial(data["size"], 1.0 / (1.0 + np.exp(-eta)))
    data["f"] = data["size"] - data["s"]
    data["share"] = data["s"] / data["size"]
    data["binary"] = (data["s"] > 0).astype(float)
    return data


STRUCTURES = {
    "nested": ("count ~ x + (1 | outer / inner)", "poisson"),
    "nested slopes": ("count ~ x + (x | outer / inner)", "poisson"),
    "crossed": ("binary ~ x + (1 | inner) + (1 | cross)", "binomial"),
    "vector-valued": ("cbind(s, f) ~ x + (x | inner)", "binomial"),
    "double bar": ("count ~ x + (x || inner)", "poisson"),
    "same factor twice": ("count ~ (1 | inner) + (0 + x | inner) + (1 | cross)", "poisson"),
    "nested, crossed, slopes": ("count ~ x + (x | inner) + (1 | outer) + (x | cross)", "poisson"),
    "observation level": ("count ~ x + (1 | inner) + (1 | obs)", "poisson"),
    "no fixed effects": ("cbind(s, f) ~ 0 + (x | inner)", "binomial"),
}


def structured_fit(formula, family, data=None, **arguments):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return gv.glmer(
            formula,
            structured_data() if data is None else data,
            family,
            control=gv.glmerControl(use_hessian=False),
            **arguments,
        )


@pytest.mark.parametrize("name", STRUCTURES)
def test_the_elbo_of_every_structure_is_that_of_the_pair(name):
    batches = 4 if name == "observation level" else 1
    assert_same_elbo(structured_fit(*STRUCTURES[name]), batches)


@pytest.mark.parametrize(
    ("formula", "family", "weights"),
    [
        ("count ~ x + (1 | inner)", "poisson", "w"),
        ("cbind(s, f) ~ x + (1 | inner)", "binomial", "w"),
        ("share ~ x + (1 | inner)", "binomial", "size"),
        ("share ~ x + (1 | inner)", "betabinomial", "size"),
        ("log(count + 1) ~ x + (1 | inner)", gv.student_t(4), "w"),
        ("I(count + 1) ~ x + (1 | inner)", gv.Gamma("log"), "w"),
        ("I(count + 1) ~ x + (1 | inner)", gv.inverse_gaussian("log"), "w"),
    ],
)
def test_weights_offsets_and_silent_rows(formula, family, weights):
    data = structured_data()
    if weights == "w":
        data.loc[::17, "w"] = 0.0
    fit = structured_fit(formula, family, data, weights=weights, offset="o")
    assert_same_elbo(fit)
    if weights == "w":
        other = structured_fit(formula, family, data[data["w"] > 0], weights="w", offset="o")
        assert_allclose(fit.elbo, other.elbo, rtol=1e-9)


def test_weights_of_cbind_multiply_the_log_density():
    """A weight of 2 is a row that is there twice."""
    data = structured_data()
    data["two"] = np.where(data["x"] > 0, 2.0, 1.0)
    twice = pd.concat([data, data[data["two"] == 2.0]], ignore_index=True)
    weighted = structured_fit("cbind(s, f) ~ x + (1 | inner)", "binomial", data, weights="two")
    repeated = structured_fit("cbind(s, f) ~ x + (1 | inner)", "binomial", twice)
    assert_allclose(weighted.elbo, repeated.elbo, rtol=1e-8)
    assert_allclose(weighted.fixef(), repeated.fixef(), rtol=1e-4)


def test_rows_without_trials():
    data = structured_data()
    data.loc[::9, ["s", "f"]] = 0
    fit = structured_fit("cbind(s, f) ~ x + (1 | inner)", "binomial", data)
    assert_same_elbo(fit)
    draw = fit.joint_distribution.sample(seed=1)
    assert (draw.y.numpy()[::9] == 0.0).all()


def test_distributions_and_members_of_tfp():
    import tensorflow as tf
    import tensorflow_probability as tfp

    def counts(eta, phi):
        return tfp.distributions.NegativeBinomial(
            phi.theta, logits=eta - tf.math.log(phi.theta), require_integer_total_count=False
        )

    family = gv.Family.from_tfp(counts, link="log", dispersion={"theta": "positive"})
    own = structured_fit("count ~ x + (1 | inner)", family)
    assert_same_elbo(own)
    assert_allclose(own.elbo, structured_fit("count ~ x + (1 | inner)", "nbinom2").elbo, rtol=1e-6)
    for member, response in (
        (tfp.glm.PoissonSoftplus(), "count"),
        (tfp.glm.BernoulliNormalCDF(), "binary"),
        (tfp.glm.GammaExp(2.0), "I(count + 0.5)"),
        (tfp.glm.Binomial(6.0), "s"),
    ):
        assert_same_elbo(structured_fit(f"{response} ~ x + (1 | inner)", member))


def test_the_pair_simulates():
    """Means of many draws are those of the family at the linear predictor's own draws."""
    fit = structured_fit("cbind(s, f) ~ x + (x | inner)", "binomial")
    draws = fit.joint_distribution.sample(4000, seed=4)
    rng = np.random.default_rng(4)
    term = fit.design.terms[0]
    b = rng.normal(size=(4000, term.L, 2)) @ fit.estimates.Lambda[0].T
    eta = fit.design.X @ np.asarray(fit.fixef()) + (term.Z * b[:, term.codes]).sum(axis=-1)
    mu = fit.family.inverse_link(eta)
    y = draws.y.numpy()
    error = np.sqrt((y.var(axis=0) + mu.var(axis=0)) / 4000)
    assert (np.abs(y.mean(axis=0) - mu.mean(axis=0)) < 4.5 * error).all()
    counts = y * fit.design.totals
    assert_allclose(counts, np.round(counts), atol=1e-9)
