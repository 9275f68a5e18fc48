"""``lmList`` against lme4: tests/reference/lm_list/lm_list.R."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import glmmvi as gv

REFERENCE = json.loads(
    (Path(__file__).parents[1] / "reference" / "lm_list" / "lm_list.json").read_text()
)


def numbers(values):
    return np.array([np.nan if x in ("NA", "NaN") else x for x in values], dtype=float)


@cache
def fits(name):
    sleepstudy = gv.load_dataset("sleepstudy")
    if name == "part":
        part = sleepstudy[~((sleepstudy["Subject"] == "308") & (sleepstudy["Days"] > 0))]
        return gv.lmList("Reaction ~ Days | Subject", part)
    if name == "weighted":
        sleepstudy["w"] = 1.0 + np.arange(1, 181) % 3
        return gv.lmList(
            "log(Reaction) ~ poly(Days, 2) | Subject", sleepstudy, weights="w", data_name="weighted"
        )
    return gv.lmList("Reaction ~ Days | Subject", sleepstudy)


@pytest.mark.parametrize("name", ["sleepstudy", "part", "weighted"])
def test_numbers_are_those_of_lme4(name):
    ours, theirs = fits(name), REFERENCE[name]
    assert list(ours.groups) == theirs["groups"]
    for column, values in theirs["coef"].items():
        np.testing.assert_allclose(gv.coef(ours)[column], numbers(values), rtol=1e-8)
        np.testing.assert_allclose(
            gv.ranef(ours)[column], numbers(theirs["ranef"][column]), rtol=1e-6, atol=1e-8
        )
        assert gv.fixef(ours)[column] == pytest.approx(theirs["fixef"][column])
    assert gv.sigma(ours) == pytest.approx(theirs["sigma"])
    np.testing.assert_allclose(gv.fitted(ours).sort_index(), theirs["fitted"])
    np.testing.assert_allclose(
        gv.residuals(ours).sort_index(), theirs["residuals"], rtol=1e-6, atol=1e-8
    )


@pytest.mark.parametrize("name", ["sleepstudy", "part", "weighted"])
@pytest.mark.parametrize("kind", ["own", "pooled"])
def test_intervals_are_those_of_lme4(name, kind):
    # the pooled ones of weighted fits, too: lme4 pools unweighted residuals
    found = gv.confint(fits(name), pool=kind == "pooled")
    for side, ours in (("low", found.lower), ("high", found.upper)):
        theirs = np.array([numbers(row) for row in REFERENCE[name][kind][side]])
        np.testing.assert_allclose(ours, theirs, rtol=1e-6)


@pytest.mark.parametrize("name", ["sleepstudy", "part"])
def test_print_is_that_of_lme4(name):
    theirs = [line.rstrip() for line in REFERENCE[name]["text"]]
    assert [line.rstrip() for line in str(fits(name)).split("\n")] == theirs


def test_print_of_intervals_is_that_of_lme4():
    ours = str(gv.confint(fits("sleepstudy"))).rstrip("\n").split("\n")
    theirs = "\n".join(REFERENCE["confint_text"]).rstrip("\n").split("\n")
    assert ours == theirs
    assert fits("sleepstudy").confint()["Days"].shape == (18, 2)
    assert fits("sleepstudy").confint(0.9).as_data_frame().shape == (18, 4)


def test_a_group_that_cannot_be_fitted_is_said_and_nan():
    data = gv.load_dataset("cbpp")
    data = data[(data["herd"] != "8") & ~((data["herd"] == "1") & (data["period"] != "1"))]
    with pytest.warns(gv.GlmmviWarning, match=r"1 group\(s\) \(1\)"):
        fits = gv.lmList("incidence ~ period | herd", data)
    assert fits.coef().loc["1"].isna().all()
    assert fits["1"] is None
    assert fits.coef().loc["3"].notna().all()


def test_pearson_residuals_are_over_the_sd_of_the_group_or_the_pooled_one():
    ours = fits("sleepstudy")
    np.testing.assert_allclose(
        ours.residuals("pooled.pearson"), ours.residuals() / ours.sigma(), rtol=1e-12
    )
    own = ours["308"].residuals / ours["308"].sigma
    np.testing.assert_allclose(ours.residuals("pearson")[:10], own, rtol=1e-12)
    assert (own**2).sum() == pytest.approx(8.0)


def test_each_group_is_as_by_itself():
    data = gv.load_dataset("sleepstudy").set_index(pd.Index([f"r{i}" for i in range(180)]))
    fits = gv.lmList("Reaction ~ scale(Days) | Subject", data, subset="Days > 1", offset="Days")
    one = fits["309"]
    rows = data[(data["Subject"] == "309") & (data["Days"] > 1)]
    assert list(one.residuals.index) == list(rows.index)
    slope, level = np.polyfit(rows["Days"], rows["Reaction"] - rows["Days"], 1)
    mean, sd = rows["Days"].mean(), rows["Days"].std()
    np.testing.assert_allclose(one.coefficients, [level + slope * mean, slope * sd])


@pytest.mark.parametrize(
    ("formula", "arguments", "error", "match"),
    [
        ("Reaction ~ Days + (1 | Subject)", {}, gv.FormulaError, "response ~ terms"),
        ("Reaction ~ Days", {}, gv.FormulaError, "response ~ terms"),
        ("Reaction ~ Days | Subject", {"family": "poisson"}, gv.ArgumentError, "glmer"),
        ("Reaction ~ Days | Subject", {"wieghts": 1}, gv.ArgumentError, "weights"),
    ],
)
def test_what_is_refused(formula, arguments, error, match):
    with pytest.raises(error, match=match):
        gv.lmList(formula, gv.load_dataset("sleepstudy"), **arguments)


def test_long_calls_are_broken_as_r_breaks_them():
    data = gv.load_dataset("sleepstudy").assign(weight=1.0)
    fits = gv.lmList(
        "Reaction ~ Days + I(Days^2) | Subject", data, weights="weight", pool=False, data_name="d"
    )
    # R: lmList(Reaction ~ Days + I(Days^2) | Subject, d, weights = weight, pool = FALSE)
    call = "lmList(formula = Reaction ~ Days + I(Days^2) | Subject, data = d,      weights = weight"
    assert str(fits).split("\n")[0] == f"Call: {call}, pool = FALSE) "
