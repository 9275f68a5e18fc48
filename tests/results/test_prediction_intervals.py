"""Standard errors and intervals of predictions; benchmarks/coverage.py has the full study."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm, poisson

import glmmvi as gv

Z = norm.ppf(0.975)


@pytest.fixture(scope="module")
def sleep():
    return gv.lmer("Reaction ~ Days + (Days | Subject)", gv.load_dataset("sleepstudy"))


@pytest.fixture(scope="module")
def counts():
    rng = np.random.default_rng(5)
    g = np.arange(240) % 24
    x = rng.standard_normal(240)
    eta = 1.0 + 0.4 * x + 0.6 * rng.standard_normal(24)[g]
    data = pd.DataFrame({"y": rng.poisson(np.exp(eta)), "x": x, "g": g})
    return gv.glmer("y ~ x + (1 | g)", data, family="poisson")


def sd_of(table):
    return (table["upr"] - table["fit"]) / Z


def test_fixed_effects_alone_have_the_sd_of_vcov(sleep):
    new = {"Days": [0.0, 10.0]}
    table = sleep.predict(new, re_form="~0", interval="confidence", se_fit=True)
    X = np.array([[1.0, 0.0], [1.0, 10.0]])
    expected = np.sqrt(np.einsum("ij,jk,ik->i", X, sleep.vcov().to_numpy(), X))
    np.testing.assert_allclose(table["se.fit"], expected, rtol=1e-10)
    np.testing.assert_allclose(sd_of(table), expected, rtol=1e-10)
    assert list(table) == ["fit", "se.fit", "lwr", "upr"]
    assert list(sleep.predict(new, re_form="~0", se_fit=True)) == ["fit", "se.fit"]


def test_random_effects_alone_have_the_sd_of_the_surrogate(sleep):
    new = {"Days": [0.0], "Subject": ["308"]}
    table = sleep.predict(new, random_only=True, se_fit=True)
    solution = sleep.posterior.solution
    assert table["se.fit"].iloc[0] ** 2 == pytest.approx(solution.b_cov_marginal[0][0, 0, 0])


def test_a_new_level_adds_its_group_s_variance(sleep):
    new = {"Days": [4.0], "Subject": ["new"]}
    X = np.array([1.0, 4.0])
    fixed = X @ sleep.vcov().to_numpy() @ X
    Sigma = sleep.sigma() ** 2 * sleep.estimates.Lambda[0] @ sleep.estimates.Lambda[0].T
    mean = sleep.predict(new, allow_new_levels=True, interval="confidence")
    assert sd_of(mean).iloc[0] ** 2 == pytest.approx(fixed + X @ Sigma @ X)
    response = sleep.predict(new, allow_new_levels=True, interval="prediction")
    total = fixed + X @ Sigma @ X + sleep.sigma() ** 2
    assert sd_of(response).iloc[0] ** 2 == pytest.approx(total)
    # a response of someone unknown: the same, without naming anyone
    unknown = sleep.predict({"Days": [4.0]}, re_form=float("nan"), interval="prediction")
    assert unknown["upr"].iloc[0] == pytest.approx(response["upr"].iloc[0])
    part = sleep.predict(
        {"Days": [4.0], "Subject": ["308"]}, re_form="~ (1 | Subject)", interval="prediction"
    )
    known = sleep.predict(
        {"Days": [4.0], "Subject": ["308"]}, re_form="~ (1 | Subject)", se_fit=True
    )
    slope = 16.0 * Sigma[1, 1]
    expected = known["se.fit"].iloc[0] ** 2 + slope + sleep.sigma() ** 2
    assert sd_of(part).iloc[0] ** 2 == pytest.approx(expected)


def test_weights_divide_the_residual_variance(sleep):
    new = {"Days": [4.0, 4.0], "Subject": ["308", "308"]}
    mean = sleep.predict(new, interval="confidence")
    table = sleep.predict(new, interval="prediction", weights=[1.0, 4.0])
    noise = sd_of(table) ** 2 - sd_of(mean) ** 2
    np.testing.assert_allclose(noise, sleep.sigma() ** 2 / np.array([1.0, 4.0]), rtol=1e-9)


def test_uncertain_covariance_parameters_widen_intervals(sleep, counts):
    for fit in (sleep, counts):
        plain = fit.predict(interval="confidence", level=0.9)
        wide = fit.predict(interval="confidence", level=0.9, covariance_uncertainty=True)
        ratio = (wide["upr"] - wide["lwr"]) / (plain["upr"] - plain["lwr"])
        assert 1.0 < ratio.mean() < 1.25


def test_a_singular_fit_has_intervals_too():
    with pytest.warns(gv.SingularFitMessage):
        fit = gv.lmer("Yield ~ 1 + (1 | Batch)", gv.load_dataset("Dyestuff2"))
    plain = fit.predict(interval="confidence")
    error = np.sqrt(fit.vcov().iloc[0, 0])
    np.testing.assert_allclose(sd_of(plain), error, rtol=1e-10)
    wide = fit.predict(interval="confidence", covariance_uncertainty=True)
    assert (wide["upr"] > plain["upr"]).all()


def test_generalized_intervals(counts):
    link = counts.predict(interval="confidence", se_fit=True)
    response = counts.predict(interval="confidence", se_fit=True, type="response")
    np.testing.assert_allclose(response["lwr"], np.exp(link["lwr"]), rtol=1e-12)
    np.testing.assert_allclose(response["se.fit"], link["se.fit"] * response["fit"], rtol=1e-12)
    table = counts.predict(interval="prediction", type="response", level=0.9)
    again = counts.predict(interval="prediction", type="response", level=0.9)
    pd.testing.assert_frame_equal(table, again, check_exact=True)
    # quantiles of the Poisson mixture, its distribution function by quadrature
    nodes, weights = np.polynomial.hermite_e.hermegauss(41)
    row = link.iloc[7]
    mu = np.exp(row["fit"] + row["se.fit"] * nodes)
    support = np.arange(60)
    cdf = (weights / weights.sum()) @ poisson.cdf(support[:, None], mu).T
    for tail, end in ((0.05, "lwr"), (0.95, "upr")):
        assert abs(support[np.searchsorted(cdf, tail)] - table[end].iloc[7]) <= 1


def test_binomial_prediction_is_of_a_proportion_of_the_trials_given():
    formula = "cbind(incidence, size - incidence) ~ period + (1 | herd)"
    fit = gv.glmer(formula, gv.load_dataset("cbpp"), family="binomial")
    new = pd.DataFrame({"period": ["1"], "herd": ["1"], "n": [10]})
    table = fit.predict(new, type="response", interval="prediction", weights="n")
    ends = table[["lwr", "upr"]].to_numpy() * 10
    np.testing.assert_allclose(ends, np.round(ends))
    many = fit.predict(new, type="response", interval="prediction", weights=10_000)
    mean = fit.predict(new, type="response", interval="confidence")
    np.testing.assert_allclose(many, mean, atol=0.03)


def test_missing_values_stay_missing(sleep):
    new = pd.DataFrame({"Days": [1.0, None], "Subject": ["308", "308"]})
    table = sleep.predict(new, interval="prediction")
    assert table.notna().all(axis=1).tolist() == [True, False]


def test_what_makes_no_sense_is_said(sleep, counts):
    with pytest.raises(gv.ArgumentError, match="interval='both'"):
        sleep.predict(interval="both")
    with pytest.raises(gv.ArgumentError, match="level=95"):
        sleep.predict(interval="confidence", level=95)
    with pytest.raises(gv.ArgumentError, match="goes with interval="):
        sleep.predict(covariance_uncertainty=True)
    with pytest.raises(gv.ArgumentError, match="type='response'"):
        counts.predict(interval="prediction")
    with pytest.raises(gv.ArgumentError, match="random_only"):
        sleep.predict(interval="prediction", random_only=True)
    with pytest.raises(gv.DataError, match="new levels detected"):
        sleep.predict({"Days": [1.0], "Subject": ["new"]}, interval="prediction")


def test_ninety_per_cent_intervals_cover_about_that():
    rng = np.random.default_rng(11)
    inside = {"mean": [], "response": [], "new": []}
    for _ in range(40):
        g, x = np.arange(120) % 15, rng.standard_normal(120)
        b, new_b = 0.9 * rng.standard_normal(15), 0.9 * rng.standard_normal(120)
        mean = 1.0 + 0.5 * x + b[g]
        data = pd.DataFrame({"y": mean + rng.standard_normal(120), "x": x, "g": g})
        fit = gv.lmer("y ~ x + (1 | g)", data)
        options = {"level": 0.9, "covariance_uncertainty": True, "allow_new_levels": True}
        truths = {
            "mean": (data, "confidence", mean),
            "response": (data, "prediction", mean + rng.standard_normal(120)),
            "new": (data.assign(g=-1), "confidence", 1.0 + 0.5 * x + new_b),
        }
        for kind, (rows, interval, truth) in truths.items():
            table = fit.predict(rows, interval=interval, **options)
            inside[kind].append(((table["lwr"] <= truth) & (truth <= table["upr"])).mean())
    for shares in inside.values():
        error = np.std(shares) / np.sqrt(len(shares))
        assert 0.87 - 2 * error < np.mean(shares) < 0.93 + 2 * error
