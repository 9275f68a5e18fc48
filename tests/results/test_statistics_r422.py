"""Statistics after a fit against R: tests/reference/statistics/statistics.R."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2

import glmmvi as gv
from glmmvi.results.statistics import (
    cooks_distance,
    emmeans,
    emtrends,
    hatvalues,
    icc,
    influence,
    overdispersion,
    r2,
    rePCA,
)
from tests.results.rendering.references import texts

REFERENCE = json.loads(
    (Path(__file__).parents[1] / "reference" / "statistics" / "statistics.json").read_text()
)


@cache
def sleepstudy(random="(Days | Subject)"):
    return gv.lmer(f"Reaction ~ Days + {random}", gv.load_dataset("sleepstudy"))


@cache
def cake(covariate="temperature"):
    data = gv.load_dataset("cake")
    data["celsius"] = (data["temp"] - 32) / 1.8
    data["temperature"] = pd.Categorical(data["temperature"])  # as R's script: not ordered
    return gv.lmer(f"angle ~ recipe * {covariate} + (1 | recipe:replicate)", data)


@cache
def cbpp():
    formula = "cbind(incidence, size - incidence) ~ period + (1 | herd)"
    return gv.glmer(formula, gv.load_dataset("cbpp"), family="binomial", nAGQ=25)


FITS = {"sleepstudy": sleepstudy, "cake": cake, "cbpp": cbpp}


@pytest.mark.parametrize("model", FITS)
def test_r2_and_icc_are_those_of_performance(model):
    fit, expected = FITS[model](), REFERENCE["r2"][model]
    both = {
        **dict(zip(r2(fit).names, r2(fit).estimate, strict=True)),
        **dict(zip(icc(fit).names, icc(fit).estimate, strict=True)),
    }
    for name, value in both.items():
        assert value == pytest.approx(expected[name], rel=2e-5), name
    table = r2(fit, level=0.9).as_data_frame()
    assert (table["lower"] < table["estimate"]).all()
    assert (table["upper"] > table["estimate"]).all()
    wider = r2(fit, level=0.99).as_data_frame()
    assert (wider["upper"] - wider["lower"] > table["upper"] - table["lower"]).all()


def test_overdispersion_is_that_of_the_faq():
    test, expected = overdispersion(cbpp()), REFERENCE["overdispersion"]["cbpp"]
    # ours are residuals at means, theirs at modes
    assert test.rdf == expected["rdf"]
    assert test.ratio == pytest.approx(expected["ratio"], rel=0.01)
    with pytest.raises(gv.ArgumentError, match="estimates its residual variance"):
        overdispersion(sleepstudy())


@pytest.mark.parametrize("extra", [0.0, 1.0])
def test_overdispersion_has_intervals_from_chi_square_and_from_the_surrogate(extra):
    rng = np.random.default_rng(2)
    g, x = np.repeat(np.arange(30), 6), rng.normal(size=180)
    eta = 0.5 + 0.5 * x + rng.normal(0.0, 0.5, 30)[g] + rng.normal(0.0, extra, 180)
    data = pd.DataFrame({"y": rng.poisson(np.exp(eta)), "x": x, "g": g.astype(str)})
    fit = gv.glmer("y ~ x + (1 | g)", data, family="poisson")
    exact = overdispersion(fit, level=0.9)
    # the bounds are the ratios whose chi-square tests just reject
    assert chi2.sf(exact.chisq / exact.lower, exact.rdf) == pytest.approx(0.05)
    assert chi2.sf(exact.chisq / exact.upper, exact.rdf) == pytest.approx(0.95)
    drawn = overdispersion(fit, level=0.9, method="surrogate", nsim=500)
    assert drawn.lower < drawn.ratio < drawn.upper
    assert (drawn.lower < 1.0 < drawn.upper) == (extra == 0.0)
    assert (drawn.p > 0.05) == (extra == 0.0)
    assert drawn == overdispersion(fit, level=0.9, method="surrogate", nsim=500)
    assert "surrogate" in str(drawn)
    with pytest.raises(gv.ArgumentError, match="neither 'chisq' nor 'surrogate'"):
        overdispersion(fit, method="chi")


@pytest.mark.parametrize("kind", ["penalised", "posterior"])
def test_shares_of_fits_with_priors_have_intervals(kind):
    sds = {"Subject": gv.HalfNormal(200)}  # says next to nothing
    arguments = {"priors": sds} if kind == "penalised" else {"theta_posterior": True}
    other = gv.lmer(
        "Reaction ~ Days + (Days | Subject)", gv.load_dataset("sleepstudy"), **arguments
    )
    ours, plain = r2(other).as_data_frame(), r2(sleepstudy()).as_data_frame()
    np.testing.assert_allclose(ours, plain, atol=0.05)
    assert (ours["lower"] < ours["estimate"]).all()
    assert (ours["estimate"] < ours["upper"]).all()


def test_shares_of_a_negative_binomial_fit_whose_theta_is_known():
    data = gv.load_dataset("grouseticks")
    free = gv.glmer("TICKS ~ YEAR + (1 | BROOD)", data, family="nbinom2")
    theta = free.getME("glmer.nb.theta")
    known = gv.glmer("TICKS ~ YEAR + (1 | BROOD)", data, family=gv.negative_binomial(theta))
    np.testing.assert_allclose(r2(known).estimate, r2(free).estimate, rtol=1e-3)


def tables():
    means, temperatures = emmeans(cake(), "recipe"), emmeans(cake(), "temperature")
    slopes = emtrends(cake("celsius"), "recipe", "celsius")
    periods = emmeans(cbpp(), "period")
    return {
        "cake": means,
        "cake_tukey": means.pairs(),
        "cake_holm": temperatures.contrast("pairwise", adjust="holm"),
        "cake_by": emmeans(cake(), "recipe", by="temperature").pairs(),
        "slopes": slopes,
        "slopes_pairs": slopes.pairs(),
        "cbpp": periods,
        "cbpp_response": emmeans(cbpp(), "period", type="response"),
        "cbpp_pairs": periods.pairs(),
        "cbpp_odds": periods.pairs(type="response"),
    }


def test_means_slopes_and_contrasts_are_those_of_emmeans():
    for name, ours in tables().items():
        table, expected = ours.as_data_frame(), REFERENCE["emmeans"][name]
        generalized = name.startswith("cbpp")
        for column, values in expected.items():
            if column == "null":
                continue
            theirs = [float("inf") if value == "Inf" else value for value in values]
            if isinstance(theirs[0], str):
                assert list(table[column].astype(str)) == theirs, (name, column)
                continue
            # standard errors of a glmer fit: lme4's Hessian is by finite differences
            tolerance = 2e-3 if generalized or column == "df" else 1e-5
            if column == "p.value":
                tolerance = 0.03 if generalized else 1e-4
            np.testing.assert_allclose(
                table[column], theirs, rtol=tolerance, atol=1e-7, err_msg=f"{name} {column}"
            )


def test_custom_contrasts_and_refusals():
    means = emmeans(cake(), "recipe")
    custom = means.contrast({"A against the rest": [1.0, -0.5, -0.5]}).as_data_frame()
    value = means.estimate
    assert custom["estimate"][0] == pytest.approx(value[0] - value[1:].mean())
    assert "misleading due to involvement in interactions" in str(means)
    with pytest.raises(gv.ArgumentError, match=r"no variable 'recip' \(did you mean"):
        emmeans(cake(), "recip")
    with pytest.raises(gv.ArgumentError, match="adjust='sidak' is none of"):
        means.pairs(adjust="sidak")
    with pytest.raises(gv.ArgumentError, match="3 coefficients"):
        means.contrast({"short": [1.0, -1.0]})
    with pytest.raises(gv.ArgumentError, match="an lmer fit has one scale"):
        emmeans(cake(), "recipe", type="response")


def test_means_that_the_data_do_not_determine_are_nan():
    data = gv.load_dataset("cake")
    kept = data[~((data["recipe"] == "A") & (data["temp"] == 175))]
    kept = kept.assign(warm=kept["temp"].astype(str))
    with pytest.warns(gv.RankDeficientMessage):
        fit = gv.lmer("angle ~ recipe * warm + (1 | recipe:replicate)", kept)
    means = emmeans(fit, "recipe")
    assert np.isnan(means.estimate).tolist() == [True, False, False]
    pairs = means.pairs().as_data_frame()
    assert pairs["p.value"].isna().tolist() == [True, True, False]


def test_leverage_and_cooks_distance_are_those_of_lme4():
    for model in ("sleepstudy", "cake"):
        np.testing.assert_allclose(hatvalues(FITS[model]()), REFERENCE["hat"][model], rtol=1e-4)
    np.testing.assert_allclose(
        cooks_distance(sleepstudy()), REFERENCE["cook"]["sleepstudy"], rtol=1e-3, atol=1e-9
    )


def test_influence_of_every_group_is_that_of_lme4():
    ours, theirs = influence(sleepstudy(), "Subject"), REFERENCE["influence"]
    assert list(ours.without.index) == theirs["levels"]
    assert ours.converged.all()
    np.testing.assert_allclose(ours.without[["(Intercept)", "Days"]], theirs["fixed"], rtol=1e-5)
    np.testing.assert_allclose(
        ours.without["sigma"] ** 2, np.array(theirs["variances"])[:, 0], rtol=1e-3
    )
    np.testing.assert_allclose(ours.dfbetas, theirs["dfbetas"], rtol=2e-3, atol=2e-4)
    np.testing.assert_allclose(ours.cooks_distance, theirs["cook"], rtol=2e-3, atol=1e-5)


def test_components_print_as_summary_of_repca_does():
    assert f"{rePCA(sleepstudy())}\n" == texts()["sleepstudy_lmer"]["rePCA"]


@pytest.mark.parametrize("random", ["(Days | Subject)", "(Days || Subject)"])
def test_components_are_those_of_repca(random):
    ours = rePCA(sleepstudy(random))["Subject"]
    theirs = REFERENCE["pca"]["bars" if "||" in random else "sleepstudy"]["Subject"]
    np.testing.assert_allclose(ours.sdev, theirs["sdev"], rtol=1e-4)
    np.testing.assert_allclose(np.abs(ours.rotation), np.abs(theirs["rotation"]), atol=1e-4)
    np.testing.assert_allclose(ours.importance(), theirs["importance"], rtol=1e-4, atol=1e-5)
