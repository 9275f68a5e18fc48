"""fortify and devfun2 against lme4's, and allFit: tests/reference/fortify_devfun2."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import glmmvi as gv

REFERENCE = json.loads(
    (
        Path(__file__).parents[1] / "reference" / "fortify_devfun2" / "fortify_devfun2.json"
    ).read_text()
)
ADDED = [".fitted", ".resid", ".scresid"]
SLEEP = "Reaction ~ Days + (Days | Subject)"
CBPP = "cbind(incidence, size - incidence) ~ period + (1 | herd)"


def sleepstudy():
    return gv.load_dataset("sleepstudy")


@cache
def fits(name):
    data = sleepstudy()
    if name == "weighted":
        return gv.lmer(SLEEP, data, weights=1.0 + data["Days"] % 3)
    if name == "two":
        return gv.lmer("Reaction ~ Days + (1 | Subject) + (0 + Days | Subject)", data, REML=False)
    return gv.lmer(SLEEP, data)


@cache
def cbpp():
    return gv.glmer(CBPP, gv.load_dataset("cbpp"), family="binomial", nAGQ=1)


def test_fortify_is_lme4_s():
    found = gv.fortify(fits("sleepstudy"))
    assert list(found) == REFERENCE["fortify"]["names"]
    for name in ADDED:
        np.testing.assert_allclose(
            found[name], REFERENCE["fortify"]["sleepstudy"][name], rtol=1e-4, atol=1e-4
        )


def test_fortify_of_a_generalized_model_is_on_the_link_scale():
    found = gv.fortify(cbpp())
    for name in ADDED:
        # Laplace's approximation there, the ELBO here
        np.testing.assert_allclose(found[name], REFERENCE["fortify"]["cbpp"][name], atol=0.1)


def test_fortify_by_row_labels_of_the_data():
    data = sleepstudy().set_axis([f"r{i}" for i in range(180)], axis=0)
    data["other"] = np.arange(180)
    data.loc["r3", "Reaction"] = np.nan
    fit = gv.lmer(SLEEP, data)
    whole = gv.fortify(fit, fit.getData().iloc[::-1])
    assert list(whole) == [*data, *ADDED]
    assert whole[".fitted"].isna().to_numpy().nonzero()[0].tolist() == [176]
    used = gv.fortify(fit)
    pd.testing.assert_frame_equal(whole.loc[used.index, ADDED], used[ADDED])
    assert len(used) == 179
    assert ".fitted" not in data
    with pytest.raises(gv.ArgumentError, match="data= has no row 'r0'"):
        gv.fortify(fit, sleepstudy())
    with pytest.raises(gv.ArgumentError, match="repeat"):
        gv.fortify(fit, pd.concat([data, data]))


def test_fortify_keeps_the_rows_that_na_exclude_keeps():
    data = sleepstudy()
    data.loc[3, "Reaction"] = np.nan
    found = gv.fortify(gv.lmer(SLEEP, data, na_action="na.exclude"))
    assert len(found) == 180
    assert found[ADDED].isna().all(axis=1).to_numpy().nonzero()[0].tolist() == [3]


@pytest.mark.parametrize("name", REFERENCE["devfun2"])
def test_devfun2_is_lme4_s(name):
    r = REFERENCE["devfun2"][name]
    found = gv.devfun2(fits(name), signames=False)
    assert list(found.optimum.index) == r["names"]
    assert list(gv.devfun2(fits(name)).optimum.index) == r["signames"]
    for pars, value in zip(r["at"], r["value"], strict=True):
        assert found(pars) == pytest.approx(value, abs=1e-6)
    np.testing.assert_allclose(found.optimum, r["optimum"], rtol=2e-4)
    np.testing.assert_allclose(found.thopt, r["thopt"], rtol=2e-4, atol=1e-5)
    np.testing.assert_allclose(found.stderr, r["stderr"], rtol=1e-4)
    assert found.basedev == pytest.approx(r["basedev"], abs=1e-5)
    best = found.optimum.to_numpy()[: len(r["thopt"]) + 1]
    assert found(best) == pytest.approx(found.basedev, abs=1e-7)
    for i in range(len(best)):
        for by in (0.98, 1.02):
            assert found(np.where(np.arange(len(best)) == i, by * best, best)) > found.basedev


def test_devfun2_at_the_bounds():
    found = gv.devfun2(fits("sleepstudy"))
    assert found([20, 0.3, 0, 30]) == found([20, -0.9, 0, 30])
    assert found([20, 1, 6, 30]) == pytest.approx(found([20, 1 - 1e-7, 6, 30]), abs=1e-4)
    assert "at its optimum" in repr(found)


@pytest.mark.parametrize(
    ("pars", "words"),
    [
        ([20, 0.3, 6], "4 finite numbers were expected: .sig01, .sig02, .sig03, .sigma"),
        ([20, 0.3, 6, np.nan], "4 finite numbers"),
        ([20, 1.2, 6, 30], "no covariance matrix has the correlations 1.2"),
        ([20, 0.3, -6, 30], "the sd -6 is below 0"),
        ([20, 0.3, 6, 0], "the residual sd is 0, not above 0"),
    ],
)
def test_devfun2_refuses_what_no_model_has(pars, words):
    with pytest.raises(gv.ArgumentError, match=words):
        gv.devfun2(fits("sleepstudy"))(pars)


def test_devfun2_of_three_columns_at_correlations_of_1():
    data = sleepstudy()
    data["z"] = np.cos(np.arange(180.0))
    with pytest.warns(gv.SingularFitMessage):
        fit = gv.lmer("Reaction ~ Days + (Days + z | Subject)", data, REML=False)
    found = gv.devfun2(fit)
    # sds and correlations by columns: 1; 21, 31; 2; 32; 3
    assert np.isfinite(found([20, 1, 0.5, 6, 0.5, 2, 25]))
    with pytest.raises(gv.ArgumentError, match="no covariance matrix has the correlations"):
        found([20, 1, 0.5, 6, 0.2, 2, 25])


def test_devfun2_names_what_there_is_of_other_fits(tmp_path):
    with pytest.raises(gv.ArgumentError, match=r"getME\(fit, 'devfun'\)"):
        gv.devfun2(cbpp())
    fits("sleepstudy").save(tmp_path / "fit")
    with pytest.raises(gv.ArgumentError, match="devfun2: there is none of"):
        gv.devfun2(gv.load(tmp_path / "fit"))


def test_all_fit_says_why_not_and_what_to_look_at():
    with pytest.raises(gv.ArgumentError, match=r"no optimisers to compare.*fit\.optimization"):
        gv.allFit(fits("sleepstudy"))
