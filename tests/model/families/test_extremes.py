"""Log densities far out: linear predictors of hundreds, counts of trillions."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import glmmvi as gv
from glmmvi.errors import ArgumentError, DataError
from glmmvi.inference.likelihood import make_likelihood
from glmmvi.model.families import (
    Family,
    beta,
    betabinomial,
    binomial,
    nbinom2,
    negative_binomial,
    poisson,
    zero_inflated,
)

FAR = np.array([-3000.0, -800.0, -400.0, 400.0, 800.0, 3000.0])
NONE = np.empty(0)
UNIT = [
    *map(binomial, ("logit", "cloglog", "probit", "cauchit")),
    *map(betabinomial, ("logit", "cloglog")),
]


@pytest.mark.parametrize("family", UNIT, ids=lambda f: f"{f.name}-{f.link_name}")
@pytest.mark.parametrize("outcome", [0.0, 1.0])
def test_a_binary_log_density_is_never_positive_nor_cut_off(family: Family, outcome: float) -> None:
    density = family.bind(np.full(len(FAR), outcome))
    value, first, _ = density.pointwise(FAR, density.starting_dispersion)
    assert (value <= 0.0).all()
    wrong = (FAR > 0) == (outcome == 0.0)
    if family.link_name in ("logit", "cloglog") and (family.link_name == "logit" or outcome == 1):
        assert_allclose(value, np.where(wrong, -np.abs(FAR), 0.0), atol=1e-8)
        assert_allclose(first, np.where(wrong, -np.sign(FAR), 0.0), atol=1e-8)


def test_beta_log_density_keeps_falling() -> None:
    """``a log y - log Gamma(a)`` is log(a) and a constant for small a."""
    density = beta().bind(np.full(2, 0.3))
    value, first, _ = density.pointwise(np.array([-400.0, -800.0]), np.log([2.0]))
    assert_allclose(value[1] - value[0], -400.0)
    assert_allclose(first, 1.0)


def test_expected_logit_density_far_out() -> None:
    likelihood = make_likelihood(binomial().bind([1.0, 1.0, 0.0, 1.0]))
    mean, sd = np.array([800.0, -800.0, 800.0, 0.0]), np.array([1.0, 1.0, 1.0, 700.0])
    got = likelihood.expect(mean, sd**2, NONE)
    assert_allclose(got.value[:3], [0.0, -800.0, -800.0], atol=1e-9)
    assert_allclose(got.score[:3], [0.0, 1.0, -1.0], atol=1e-12)
    # E[min(eta, 0)] and P(eta < 0), but for the nodes that straddle the kink
    assert_allclose(got.value[3], -700.0 / np.sqrt(2.0 * np.pi), rtol=0.05)
    assert_allclose(got.score[3], 0.5, rtol=1e-6)


@pytest.mark.parametrize("scale", [1.0, 1e6, 1e12, 1e15])
def test_counts_of_any_size_keep_their_digits(scale: float) -> None:
    """At ``mu = y exp(d / sqrt(y))`` the log density is a standard normal one."""
    counts = scale * np.array([1.0, 2.0, 5.0])
    shift = 0.7 / np.sqrt(counts)
    for family in (poisson(), negative_binomial(1e40 * scale), zero_inflated(poisson())):
        density = family.bind(counts)
        dispersion = np.full(density.n_dispersion, -50.0)  # no zero inflation
        value, first, _ = density.pointwise(np.log(counts) + shift, dispersion)
        got = make_likelihood(density).expect(np.log(counts) + shift, np.zeros(3), dispersion)
        assert_allclose(got.value, value, rtol=1e-12)
        assert_allclose(got.score, first, rtol=1e-12)
        if scale > 1.0:
            normal = -0.5 * np.log(2.0 * np.pi * counts) - 0.245
            assert_allclose(value, normal, rtol=0, atol=0.3 / np.sqrt(scale) + 1e-6 * (scale > 1e9))


def test_negative_binomial_of_huge_counts_is_a_gamma() -> None:
    """``y / mu`` is Gamma(theta) distributed where Poisson noise is negligible."""
    counts, theta = np.array([1e11, 1e13]), 3.0
    ratio = np.array([0.4, 1.7])  # y / mu
    value, first, _ = nbinom2().bind(counts).pointwise(np.log(counts / ratio), np.log([theta]))
    gamma = theta * np.log(theta * ratio) - theta * ratio - np.log(2.0) - np.log(counts)
    assert_allclose(value, gamma, rtol=1e-9)
    assert_allclose(first, theta * (ratio - 1.0), rtol=1e-9)


def frame() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    data = pd.DataFrame({"g": np.repeat(np.arange(10), 8), "x": rng.normal(size=80)})
    rate = np.exp(1.0 + 0.3 * data["x"] + 0.4 * rng.normal(size=10)[data["g"]])
    data["y"] = rng.poisson(rate * rng.gamma(2.0, 0.5, 80))
    data["rest"] = 3
    data["share"] = rng.beta(2.0, 3.0, 80)
    return data


@pytest.mark.parametrize("family", ["poisson", gv.Gamma("log"), "nbinom2", "zero_inflated_poisson"])
def test_cbind_needs_a_family_of_proportions(family: str | Family) -> None:
    with pytest.raises(DataError, match="is one number a row, not cbind"):
        gv.glmer("cbind(y + 1, rest) ~ x + (1 | g)", frame(), family)


def test_default_residuals() -> None:
    """Deviance residuals where there are some (nbinom2: at its estimate), else of the response."""
    data = frame()
    fit = gv.glmer("y ~ x + (1 | g)", data, "nbinom2")
    known = gv.negative_binomial(float(fit.dispersion_parameters()["theta"]))
    squares = known.dev_resids(data["y"], fit.fitted(), np.ones(80))
    assert_allclose(fit.residuals() ** 2, squares, atol=1e-12)
    assert_allclose(fit.deviance(), squares.sum())
    proportions = gv.glmer("share ~ x + (1 | g)", data, "beta")
    assert_allclose(proportions.residuals(), data["share"] - proportions.fitted())
    with pytest.raises(ArgumentError, match='use type="pearson"'):
        proportions.residuals("deviance")
