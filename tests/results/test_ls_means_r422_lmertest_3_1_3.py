"""Least-squares means against lmerTest: tests/reference/ls_means."""

from __future__ import annotations

import json
from contextlib import nullcontext
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import glmmvi as gv

REFERENCE = json.loads(
    (Path(__file__).parents[1] / "reference" / "ls_means" / "ls_means.json").read_text()
)
MODELS = ["cake", "Machines", "covariate", "sums", "gap"]
GONE = [2, 3, 11, 20, 21, 40]  # R counts from 1


@cache
def fit(name):
    if name == "sleepstudy":
        return gv.lmer("Reaction ~ Days + (1 | Subject)", gv.load_dataset("sleepstudy"))
    if name in ("cake", "gap"):
        cake = gv.load_dataset("cake")
        if name == "gap":
            plain = cake["temperature"].astype(str)
            cake["temperature"] = pd.Categorical(plain)  # not ordered
            cake = cake[~((cake["recipe"] == "B") & (plain == "185"))]
        with pytest.warns(gv.RankDeficientMessage) if name == "gap" else nullcontext():
            return gv.lmer("angle ~ recipe * temperature + (1 | recipe:replicate)", cake)
    machines = gv.load_dataset("Machines")
    machines["x"] = (np.arange(1, len(machines) + 1) * 7) % 11
    if name == "Machines":
        return gv.lmer("score ~ Machine + (1 | Worker)", machines)
    uneven = machines.drop(index=machines.index[[i - 1 for i in GONE]])
    if name == "covariate":
        return gv.lmer("score ~ Machine * x + (1 | Worker)", uneven)
    return gv.lmer("score ~ 0 + Machine + (Machine | Worker)", uneven)


def compare(ours, theirs, rtol=1e-3):
    table = ours.as_data_frame()
    assert table.index.tolist() == theirs["rows"]
    assert table["term"].tolist() == theirs["term"]
    assert table["levels"].tolist() == theirs["levels"]
    expected = np.array(theirs["numbers"], dtype=float)
    np.testing.assert_allclose(table.iloc[:, 2:8].to_numpy(), expected[:, :6], rtol, 1e-5)
    np.testing.assert_allclose(table["Pr(>|t|)"], expected[:, 6], 2e-2, 1e-12)


@pytest.mark.parametrize("model", MODELS)
def test_means_and_differences_are_those_of_lmertest(model):
    theirs = REFERENCE[model]
    compare(gv.ls_means(fit(model)), theirs["means"])
    compare(gv.difflsmeans(fit(model)), theirs["differences"])
    compare(gv.ls_means(fit(model), ddf="Kenward-Roger", level=0.9), theirs["kr"])


@pytest.mark.parametrize(
    ("text", "model", "function", "arguments"),
    [
        ("cake", "cake", gv.ls_means, {}),
        ("cake_recipe", "cake", gv.difflsmeans, {"which": "recipe"}),
        ("Machines", "Machines", gv.lsmeansLT, {}),
        ("Machines_kr", "Machines", gv.ls_means, {"ddf": "Kenward-Roger", "level": 0.9}),
        ("Machines_differences", "Machines", gv.ls_means, {"pairwise": True, "level": 0.999}),
        ("gap", "gap", gv.ls_means, {}),
        ("sleepstudy", "sleepstudy", gv.ls_means, {}),
    ],
)
def test_the_print_is_that_of_lmertest(text, model, function, arguments):
    assert str(function(fit(model), **arguments)).split("\n") == REFERENCE["text"][text]


def test_the_table_shows_itself():
    shown = gv.ls_means(fit("Machines")).to_markdown()
    assert "| MachineA | 52.3556 | 2.2293 | 5.8 |" in shown
    assert "Degrees of freedom method: Satterthwaite" in shown
    assert "Estimate" in gv.ls_means(fit("sleepstudy")).to_html()


def test_logicals_offsets_and_expressions_are_taken_too():
    data = gv.load_dataset("Machines")
    data["late"] = np.arange(len(data)) % 3 == 0
    data["o"] = 1.0 + np.arange(len(data)) % 2
    model = gv.lmer("score ~ Machine + late + log(o) + offset(o) + (1 | Worker)", data)
    table = gv.ls_means(model, ["late"]).as_data_frame()
    assert table.index.tolist() == ["lateFALSE", "lateTRUE"]
    beta = model.fixef()
    expected = beta["(Intercept)"] + (beta["MachineB"] + beta["MachineC"]) / 3
    expected += beta["log(o)"] * np.log(1.5)
    np.testing.assert_allclose(table["Estimate"].iloc[0], expected)


def test_refusals_name_the_culprit():
    cake = fit("cake")
    with pytest.raises(gv.ArgumentError, match=r"which='recip'.*\"recipe\".*recipe:temperature"):
        gv.ls_means(cake, "recip")
    with pytest.raises(gv.ArgumentError, match=r"difflsmeans: which='Days'.*there are none"):
        gv.difflsmeans(fit("sleepstudy"), "Days")
    with pytest.raises(gv.ArgumentError, match="lsmeansLT: which=3 is no term of factors"):
        gv.lsmeansLT(cake, 3)
    with pytest.raises(gv.ArgumentError, match="ddf='lme4' is neither"):
        gv.ls_means(cake, ddf="lme4")
    with pytest.raises(gv.ArgumentError, match=r"level=95 is not a probability"):
        gv.ls_means(cake, level=95)
    made = gv.lmer("Reaction ~ factor(Days) + (1 | Subject)", gv.load_dataset("sleepstudy"))
    with pytest.raises(gv.ArgumentError, match=r"factor\(Days\) is made in the formula"):
        gv.ls_means(made)
    binary = gv.glmer(
        "cbind(incidence, size - incidence) ~ period + (1 | herd)",
        gv.load_dataset("cbpp"),
        family="binomial",
    )
    with pytest.raises(gv.ArgumentError, match="ls_means is for lmer fits"):
        gv.ls_means(binary)
