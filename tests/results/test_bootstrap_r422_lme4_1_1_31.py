"""bootMer, refit and simulate; R's numbers where R has an answer."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import glmmvi as gv
from glmmvi.results.bootstrap import Bootstrap

REFERENCE = json.loads(
    (Path(__file__).parents[1] / "reference" / "bootstrap" / "bootstrap.json").read_text()
)


@pytest.fixture(scope="module")
def sleep():
    return gv.lmer("Reaction ~ Days + (Days | Subject)", gv.load_dataset("sleepstudy"))


@pytest.fixture(scope="module")
def cbpp():
    formula = "cbind(incidence, size - incidence) ~ period + (1 | herd)"
    return gv.glmer(formula, gv.load_dataset("cbpp"), family="binomial")


def r_bootstrap(name):
    r = REFERENCE[name]
    t0 = pd.Series(r["t0"])
    t = pd.DataFrame(r["t"], columns=t0.index)
    return r, Bootstrap(t0, t, "parametric", 1, False, {}, tuple(r["call"]))


@pytest.mark.parametrize("name", ["parametric", "residual"])
def test_print_and_intervals_of_r_s_bootstrap_are_r_s(name):
    r, boot = r_bootstrap(name)
    assert str(boot) == r["print"]
    for type in ("perc", "norm", "basic"):
        found = boot.confint(0.8, type=type)
        expected = np.array(r[type])
        np.testing.assert_allclose(np.column_stack([found.lower, found.upper]), expected, rtol=1e-8)


def test_the_result_does_not_depend_on_the_number_of_processes(sleep):
    one = gv.bootMer(sleep, lambda fit: fit.fixef(), 12, seed=4, ncpus=1)
    two = sleep.bootMer(lambda fit: fit.fixef(), 12, seed=4, ncpus=2)
    pd.testing.assert_frame_equal(one.t, two.t, check_exact=True)
    assert one.t["Days"].nunique() == 12


def test_a_replicate_is_the_refit_of_a_simulation(sleep, cbpp):
    for fit in (sleep, cbpp):
        boot = fit.bootMer(lambda f: f.fixef(), 2, seed=7, ncpus=1)
        responses = fit.simulate(2, seed=7)
        for i in (1, 2):
            again = gv.refit(fit, responses[f"sim_{i}"])
            np.testing.assert_allclose(boot.t.iloc[i - 1], again.fixef(), rtol=1e-6)


def test_refit_equals_a_new_fit(sleep, cbpp):
    data = gv.load_dataset("sleepstudy")
    y = sleep.simulate(1, seed=2)["sim_1"]
    fresh = gv.lmer("Reaction ~ Days + (Days | Subject)", data.assign(Reaction=y))
    again = sleep.refit(y)
    np.testing.assert_allclose(again.estimates.theta, fresh.estimates.theta, atol=1e-5)
    assert again.REMLcrit() == pytest.approx(fresh.REMLcrit(), abs=1e-8)
    assert again.model_frame()["Reaction"].tolist() == y.tolist()

    responses = cbpp.simulate(1, seed=2)["sim_1"]
    data = gv.load_dataset("cbpp").assign(incidence=responses.iloc[:, 0])
    fresh = gv.glmer(cbpp.design.formula, data, family="binomial")
    again = cbpp.refit(responses)
    assert float(again.logLik()) == pytest.approx(float(fresh.logLik()), abs=1e-6)
    np.testing.assert_allclose(again.fixef(), fresh.fixef(), atol=1e-4)


def test_refit_ml_is_the_ml_fit(sleep):
    ml = gv.lmer("Reaction ~ Days + (Days | Subject)", gv.load_dataset("sleepstudy"), REML=False)
    again = gv.refitML(sleep)
    assert str(again).splitlines()[0] == str(ml).splitlines()[0]
    assert again.AIC() == pytest.approx(ml.AIC(), abs=1e-8)
    assert gv.extractAIC(sleep) == (6, pytest.approx(ml.AIC(), abs=1e-8))


@pytest.mark.parametrize("use_u", [False, True])
def test_moments_of_simulations_are_r_s(sleep, use_u):
    y = sleep.simulate(4000, seed=1, use_u=use_u).to_numpy()[:20]
    r = REFERENCE["simulate_use_u" if use_u else "simulate"]
    sd = np.array(r["sd"])
    z = (y.mean(axis=1) - np.array(r["mean"])) / (sd * np.sqrt(2 / 4000))
    assert np.abs(z).max() < 4.0
    assert np.abs(y.std(axis=1) / sd - 1.0).max() < 0.08


def test_simulations_come_in_the_form_of_the_response(cbpp):
    made = cbpp.simulate(2, seed=1)
    assert made.shape == (56, 4)
    size = gv.load_dataset("cbpp")["size"]
    assert (made["sim_2"].sum(axis=1) == size).all()
    data = gv.load_dataset("VerbAgg").iloc[:600]
    fit = gv.glmer("r2 ~ Anger + (1 | id)", data, family="binomial")
    column = fit.simulate(1, seed=1)["sim_1"]
    assert list(column.cat.categories) == ["N", "Y"]
    assert fit.refit(column).nobs() == 600


def test_rows_of_one_new_level_share_their_effect(sleep):
    new = {"Days": [0.0, 0.0, 0.0], "Subject": ["new", "new", "other"]}
    y = sleep.simulate(3000, seed=1, newdata=new, allow_new_levels=True).to_numpy()
    share = 24.74**2 / (24.74**2 + 25.59**2)
    correlation = np.corrcoef(y)
    assert correlation[0, 1] == pytest.approx(share, abs=0.06)
    assert abs(correlation[0, 2]) < 0.06


def test_predictive_draws_have_the_prediction_s_variance(sleep):
    new = {"Days": [3.0, 12.0], "Subject": ["308", "new"]}
    y = sleep.posterior_predictive(4000, newdata=new, allow_new_levels=True, seed=1).to_numpy()
    table = sleep.predict(new, allow_new_levels=True, interval="prediction", level=0.6827)
    half = (table["upr"] - table["lwr"]) / 2
    assert np.abs(y.std(axis=1) / half - 1.0).max() < 0.05
    assert np.abs((y.mean(axis=1) - table["fit"]) / half).max() < 0.08


def test_what_cannot_be_done_is_said(sleep):
    with pytest.raises(gv.ArgumentError, match="not yet implemented"):
        gv.bootMer(sleep, gv.fixef, 2, type="semiparametric")
    with pytest.raises(gv.ArgumentError, match="numbers were expected"):
        gv.bootMer(sleep, lambda fit: "text", 2)
    with pytest.raises(gv.ArgumentError, match="only one of"):
        gv.simulate(sleep, 1, use_u=True, re_form=None)
    with pytest.raises(gv.ArgumentError, match=r"shape \(3,\)"):
        gv.refit(sleep, [1.0, 2.0, 3.0])
    with pytest.warns(gv.GlmmviWarning, match="some bootstrap runs failed"):
        boot = gv.bootMer(sleep, lambda f: f.sigma() if f is sleep else [1, 2], 3, ncpus=1)
    assert boot.t.isna().all().all()
    assert "WARNING: All values of t1* are NA" in str(boot)


@pytest.mark.parametrize(
    ("response", "family"),
    [("distance", None), ("cbind(b, 1 - b)", "binomial"), ("f", "binomial")],
)
def test_simulations_have_the_excluded_rows_as_missing(response, family):
    rng = np.random.default_rng(3)
    data = pd.DataFrame({"g": np.repeat(list("abcdef"), 5), "distance": rng.normal(size=30)})
    data["b"] = (data["distance"] > 0.0).astype(float)
    data["f"] = pd.Categorical(np.where(data["b"] > 0.0, "yes", "no"))
    data.loc[[2, 11], ["distance", "b", "f"]] = np.nan
    formula = f"{response} ~ 1 + (1 | g)"
    options = {"na_action": "na.exclude"}
    fit = (
        gv.glmer(formula, data, family, **options) if family else gv.lmer(formula, data, **options)
    )
    made = gv.simulate(fit, 2, seed=1)
    assert list(made.index) == list(data.index)  # R: dim(simulate(fit, 2)) is 30 2
    assert [i for i in made.index if made.loc[i].isna().all()] == [2, 11]
    assert made.drop([2, 11]).notna().all(axis=None)
    assert gv.refit(fit, made["sim_1"]).nobs() == 28
