"""Influence of rows and groups against lme4: tests/reference/influence/influence.R."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import glmmvi as gv

REFERENCE = json.loads(
    (Path(__file__).parents[1] / "reference" / "influence" / "influence.json").read_text()
)


@cache
def fit(name):
    if name == "sleepstudy":
        return gv.lmer("Reaction ~ Days + (Days | Subject)", gv.load_dataset("sleepstudy"))
    if name == "Penicillin":
        formula = "diameter ~ 1 + (1 | plate) + (1 | sample)"
        return gv.lmer(formula, gv.load_dataset("Penicillin"))
    formula = "cbind(incidence, size - incidence) ~ period + (1 | herd)"
    return gv.glmer(formula, gv.load_dataset("cbpp"), family="binomial", nAGQ=25)


@cache
def deleted(name, kind):
    group = {"sleepstudy": "Subject", "Penicillin": "sample", "cbpp": "herd"}[name]
    return gv.influence(fit(name), None if kind == "case" else group)


def close(ours, theirs, scale):
    # lme4's optimiser stops at a relative 1e-4 or so of a parameter: of its standard error
    np.testing.assert_allclose(np.asarray(ours) / scale, np.array(theirs) / scale, atol=2e-3)


@pytest.mark.parametrize("name", ["sleepstudy", "Penicillin"])
def test_residuals_of_rows_are_those_of_lme4(name):
    rows = REFERENCE[name]["rows"]
    np.testing.assert_allclose(gv.rstudent(fit(name)), rows["student"], atol=2e-4)
    np.testing.assert_allclose(fit(name).rstudent(), rows["student"], atol=2e-4)
    np.testing.assert_allclose(gv.rstandard(fit(name)), rows["standard"], atol=2e-4)
    np.testing.assert_allclose(gv.cooks_distance(fit(name)), rows["cook"], atol=1e-4)


def test_residuals_of_rows_of_a_poisson_fit():
    # ours are at means of the random effects, lme4's at modes
    data, rows = gv.load_dataset("cbpp"), REFERENCE["counts"]["rows"]
    counts = gv.glmer("incidence ~ period + (1 | herd)", data, family="poisson", nAGQ=25)
    ours, theirs = gv.rstudent(counts).to_numpy(), np.array(rows["student"])
    assert np.abs(ours - theirs).max() < 0.1
    assert np.corrcoef(ours, theirs)[0, 1] > 0.999


CASES = [
    ("sleepstudy", "case"),
    ("sleepstudy", "group"),
    ("Penicillin", "case"),
    ("Penicillin", "group"),
    ("cbpp", "group"),
]


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_deletions_are_those_of_lme4(name, kind):
    ours, theirs = deleted(name, kind), REFERENCE[name][kind]
    labels = [str(label) for label in ours.without.index]
    if kind == "case" and name != "cbpp":  # R counts rows from 1
        labels = [str(int(label) + 1) for label in labels]
    order = [labels.index(label) for label in theirs["deleted"]]
    assert sorted(labels) == sorted(theirs["deleted"])
    errors = np.sqrt(np.diag(ours.vcov))
    close(gv.dfbeta(ours).to_numpy()[order], theirs["fixed"], errors)
    if theirs["dfbetas"]:
        close(gv.dfbetas(ours).to_numpy()[order], theirs["dfbetas"], 1.0)
    close(gv.cooks_distance(ours).to_numpy()[order], theirs["cook"], 1.0)
    if name != "cbpp":
        changes = gv.dfbeta(ours, "var.cov")
        assert list(changes.columns) == theirs["names"]
        size = np.sqrt(np.outer(np.ones(len(order)), ours.var_cov.abs().max()))
        close(changes.to_numpy()[order], theirs["variances"], size**2)


def test_rows_without_refit_are_rows_at_fixed_covariance_parameters():
    import dataclasses

    from glmmvi.inference.linear_mixed import build_problem, solution_at
    from glmmvi.results.engine_arrays import engine_arrays
    from glmmvi.results.statistics.influence import without_rows

    whole = fit("sleepstudy")
    quick = gv.influence(whole, refit=False)
    for row in (0, 59, 179):
        design = without_rows(whole.design, np.arange(180) == row)
        problem = build_problem(engine_arrays(design), reml=True)
        exact = solution_at(problem, whole.estimates.Lambda).beta
        np.testing.assert_allclose(quick.without[["(Intercept)", "Days"]].iloc[row], exact)
    refitted = deleted("sleepstudy", "case")
    assert np.corrcoef(quick.cooks_distance, refitted.cooks_distance)[0, 1] > 0.98
    assert dataclasses.is_dataclass(quick)


def test_groups_may_be_variables_of_the_data_and_several():
    data = gv.load_dataset("sleepstudy")
    data["half"] = np.where(data["Days"] < 5, "early", "late")
    model = gv.lmer("Reaction ~ Days + (1 | Subject)", data)
    one = gv.influence(model, "half")
    early = gv.lmer("Reaction ~ Days + (1 | Subject)", data[data["half"] == "late"])
    np.testing.assert_allclose(one.without.loc["early", "Days"], early.fixef()["Days"], rtol=1e-6)
    np.testing.assert_allclose(
        one.errors_without.loc["early"], np.sqrt(np.diag(early.vcov())), rtol=1e-5
    )
    both = gv.influence(model, ["Subject", "half"])
    assert both.group == "Subject.half"
    assert len(both.without) == 36
    assert "308.early" in both.without.index


def test_a_coefficient_that_cannot_be_estimated_without_a_level_is_nan():
    data = gv.load_dataset("cbpp")
    data["share"] = data["incidence"] / data["size"]
    found = gv.influence(gv.lmer("share ~ period + (1 | herd)", data), "period")
    assert np.isnan(found.without.loc["2", "period2"])
    assert np.isfinite(found.without.loc["2", ["period3", "period4"]].to_numpy(float)).all()


def test_what_influence_refuses():
    with pytest.raises(gv.ArgumentError, match="neither a grouping factor"):
        gv.influence(fit("sleepstudy"), "subject")
    with pytest.raises(gv.ArgumentError, match="single rows"):
        gv.influence(fit("sleepstudy"), "Subject", obs=True)
    with pytest.raises(gv.ArgumentError, match="refit=False"):
        gv.influence(fit("cbpp"), refit=False)
    with pytest.raises(gv.ArgumentError, match=r"var\.cov"):
        gv.dfbeta(deleted("sleepstudy", "group"), "both")
