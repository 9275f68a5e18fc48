"""What may not change a generalized fit: order, names, aggregation, units, repetition."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.special import gammaln

import glmmvi as gv

COUNTS = "count ~ x + (x | g) + (1 | h)"

seeds = given(st.integers(0, 10**6))
few = settings(max_examples=3, deadline=None)


def data(seed, n=150):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "x": np.round(rng.normal(size=n), 2),
            "c": rng.choice(["a", "b"], n),
            "g": rng.integers(0, 10, n),
            "h": rng.integers(0, 6, n),
            "size": rng.integers(1, 6, n),
        }
    )
    effects = 0.6 * rng.normal(size=(10, 2))
    g = frame["g"].to_numpy()
    eta = 0.5 + effects[g, 0] + (0.4 + effects[g, 1]) * frame["x"]
    frame["count"] = rng.poisson(np.exp(eta))
    frame["hits"] = rng.binomial(frame["size"], 1.0 / (1.0 + np.exp(-eta)))
    frame["misses"] = frame["size"] - frame["hits"]
    return frame


def fit(formula, frame, family="poisson", **arguments):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", gv.GlmmviMessage)
        return gv.glmer(formula, frame, family, **arguments)


def assert_same(a, b, *, constant=0.0):
    assert_allclose(b.elbo, a.elbo + constant, rtol=0, atol=1e-6)
    errors = np.sqrt(np.diag(a.vcov()))
    assert (np.abs(a.fixef() - b.fixef()) < 1e-3 * errors).all()
    assert_allclose(np.sqrt(np.diag(b.vcov())), errors, rtol=2e-3)
    first, second = (f.VarCorr().as_data_frame()["vcov"] for f in (a, b))
    assert_allclose(first, second, rtol=5e-3, atol=1e-4)


@few
@seeds
def test_order_of_rows_and_names_of_levels(seed):
    frame = data(seed)
    plain = fit(COUNTS, frame)
    shuffled = frame.sample(frac=1.0, random_state=seed)
    shuffled["g"] = [f"level {(3 * g) % 10}" for g in shuffled["g"]]
    moved = fit(COUNTS, shuffled)
    assert_same(plain, moved)
    assert_allclose(moved.fitted().sort_index(), plain.fitted(), rtol=1e-3)


@few
@seeds
def test_bernoulli_rows_are_binomials(seed):
    """Aggregated, up to the binomial coefficients; split by covariate or not at all."""
    frame = data(seed)
    hits = frame.loc[frame.index.repeat(frame["hits"])].assign(y=1)
    misses = frame.loc[frame.index.repeat(frame["misses"])].assign(y=0)
    rows = pd.concat([hits, misses])
    single = fit("y ~ c + (1 | g)", rows, "binomial")
    some = fit("cbind(hits, misses) ~ c + (1 | g)", frame, "binomial")
    assert_same(single, some, constant=coefficients(frame["hits"], frame["misses"]))
    pooled = rows.groupby(["c", "g"], as_index=False)["y"].agg(["sum", "count"])
    pooled["f"] = pooled["count"] - pooled["sum"]
    pooled = pooled.rename(columns={"sum": "s"})
    most = fit("cbind(s, f) ~ c + (1 | g)", pooled, "binomial")
    assert_same(single, most, constant=coefficients(pooled["s"], pooled["f"]))


def coefficients(s, f):
    return float((gammaln(s + f + 1.0) - gammaln(s + 1.0) - gammaln(f + 1.0)).sum())


@settings(max_examples=4, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([1e6, 1e-6]), st.sampled_from([0.0, 100.0]))
def test_units_and_origin_of_a_covariate(seed, unit, origin):
    """No warning either: lme4 asks to rescale."""
    frame = data(seed)
    formula = "count ~ x + (0 + x | g) + (1 | h)" if origin == 0.0 else "count ~ x + (1 | g)"
    plain = fit(formula, frame)
    moved = frame.assign(x=unit * (frame["x"] + origin))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", gv.SingularFitMessage)
        other = gv.glmer(formula, moved, "poisson")
    assert_allclose(other.elbo, plain.elbo, rtol=0, atol=1e-6)
    error = np.sqrt(plain.vcov().loc["x", "x"])
    assert abs(other.fixef()["x"] * unit - plain.fixef()["x"]) < 1e-3 * error
    assert_allclose(np.sqrt(other.vcov().loc["x", "x"]) * unit, error, rtol=2e-3)
    assert_allclose(other.fitted(), plain.fitted(), rtol=2e-3)


@few
@seeds
def test_a_weight_is_so_many_rows(seed):
    frame = data(seed)
    weighted = fit("count ~ x + (1 | g)", frame, weights="size")
    repeated = fit("count ~ x + (1 | g)", frame.loc[frame.index.repeat(frame["size"])])
    assert_same(repeated, weighted)


UNITS = {"Gamma": gv.Gamma("identity"), "student_t": gv.student_t(), "inverse": gv.Gamma("inverse")}


@pytest.mark.parametrize("family", UNITS)
def test_the_unit_of_the_response(family):
    """Milliseconds and seconds: the same fit, and no false alarm of a singular one."""
    rng = np.random.default_rng(5)
    group = np.repeat(np.arange(12), 10)
    frame = pd.DataFrame({"g": group, "x": rng.normal(size=120)})
    frame["y"] = 8.0 + frame.x + rng.normal(size=12)[group] + 0.5 * rng.standard_t(5, 120)
    chosen, power = UNITS[family], -1.0 if family == "inverse" else 1.0
    plain = gv.glmer("y ~ x + (1 | g)", frame, chosen)
    for unit in (1e3, 1e-5):
        other = gv.glmer("y ~ x + (1 | g)", frame.assign(y=unit * frame.y), chosen)
        assert other.isSingular() == plain.isSingular()
        assert other.optimization.converged
        scale = unit**power
        assert_allclose(other.estimates.theta, scale * plain.estimates.theta, rtol=1e-4)
        assert_allclose(other.fixef(), scale * plain.fixef(), rtol=1e-5)
        assert_allclose(np.diag(other.vcov()), scale**2 * np.diag(plain.vcov()), rtol=1e-3)
