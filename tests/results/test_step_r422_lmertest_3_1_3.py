"""``step`` and ``drop1(ddf=...)`` against lmerTest 3.1-3: tests/reference/step/step.R."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

import glmmvi as gv
from glmmvi.formula import update_formula
from glmmvi.results.testing.random_terms import expanded_text, reductions
from tests.results.inference_reference import column, reference_data

REFERENCE = json.loads(
    (Path(__file__).parents[1] / "reference" / "step" / "step.json").read_text("utf-8")
)
HAM = "Informed.liking ~ Product * Information * Gender + (1 | Product:Consumer) + (1 | Consumer)"
CAKE = "angle ~ recipe * temperature + (1 | recipe:replicate)"
KEEP = {"keep": "Information:Gender", "alpha_fixed": 0.01, "alpha_random": 0.05}
RUNS = [
    ("ham", "step", {}),
    ("ham", "keep", KEEP),
    ("orthodont", "step", {}),
    ("orthodont", "kr", {"ddf": "Kenward-Roger"}),
    ("orthodont", "whole", {"reduce_fixed": False, "reduce_random": False}),
    ("pastes", "step", {}),
    ("cake", "step", {}),
    ("gaps", "step", {}),
    ("sleepstudy", "step", {}),
]


@cache
def fit_of(model):
    if model == "ham":
        return gv.lmer(HAM, reference_data("ham"))
    if model == "orthodont":
        return gv.lmer("distance ~ age * Sex + (age | Subject)", gv.load_dataset("Orthodont"))
    if model == "pastes":
        return gv.lmer("strength ~ 1 + (1 | batch / cask)", gv.load_dataset("Pastes"))
    if model == "sleepstudy":
        return gv.lmer("Reaction ~ Days + (Days | Subject)", gv.load_dataset("sleepstudy"))
    cake = gv.load_dataset("cake")
    if model == "cake":
        formula = CAKE.replace("(1 |", "(1 | replicate) + (1 |")
        return gv.lmer(formula, cake, REML=False)
    return gv.lmer(CAKE, cake[~((cake.recipe == "A") & (cake.temp == 175))])


def assert_rows(table, theirs):
    frame = table.as_data_frame()
    assert list(frame.index) == theirs["rows"]
    assert list(frame.columns) == list(theirs["columns"])
    for name in frame:
        assert_allclose(frame[name], column(theirs, name), rtol=1e-3, atol=1e-12, err_msg=name)


def lines(text):
    return [line.rstrip() for line in text.split("\n")]


@pytest.mark.filterwarnings("ignore::glmmvi.GlmmviMessage")
@pytest.mark.parametrize(("model", "run", "arguments"), RUNS)
def test_the_same_terms_go_in_the_same_order(model, run, arguments):
    theirs = REFERENCE[model][run]
    found = gv.step(fit_of(model), **arguments)
    assert_rows(found.random, theirs["random"])
    assert_rows(found.fixed, theirs["fixed"])
    assert str(gv.get_model(found).formula) == theirs["formula"]
    if model != "gaps":  # 205.5925 degrees of freedom: R's optimum rounds to the other side
        assert lines(str(found)) == [line.rstrip() for line in theirs["text"]]


@pytest.mark.filterwarnings("ignore::glmmvi.GlmmviMessage")
@pytest.mark.parametrize("model", ["ham", "orthodont", "pastes", "cake", "gaps", "sleepstudy"])
def test_drop1_with_f_tests(model):
    table = gv.drop1(fit_of(model), ddf="Satterthwaite")
    assert_rows(table, REFERENCE[model]["drop1"])
    assert lines(str(table)) == [line.rstrip() for line in REFERENCE[model]["drop1_text"]]


@pytest.mark.filterwarnings("ignore::glmmvi.GlmmviMessage")
@pytest.mark.parametrize(
    ("formula", "number"),
    [
        ("Reaction ~ Days + (Days + half | Subject)", 0),
        ("Reaction ~ Days * half + (Days * half | Subject)", 1),
    ],
)
def test_formulae_of_smaller_models(formula, number):
    fit = gv.lmer(formula, reference_data("uneven"))
    whole = expanded_text(fit.design.formula)
    ours = {s.label: str(update_formula(whole, s.change)) for s in reductions(fit)}
    assert ours == REFERENCE["formulae"][number]


def test_ranova_is_in_the_order_of_the_formula():
    """lmerTest's, where the factor with fewer levels is written first."""
    table = gv.ranova(
        gv.lmer(
            "Informed.liking ~ Product + (1 | Consumer) + (1 | Product:Consumer)",
            reference_data("ham"),
        )
    )
    assert table.row_names[1:] == ("(1 | Consumer)", "(1 | Product:Consumer)")
    assert_allclose(table.columns[3][1:], [3.184, 162.084], atol=6e-4)


def test_the_next_table_starts_where_the_last_one_said():
    found = gv.step(fit_of("orthodont"))
    assert float(found.model.logLik()) == pytest.approx(found.random.columns[2][1], abs=1e-6)
    assert "Backward reduced" in found._repr_html_()


def test_a_model_without_random_effects_is_refused():
    rng = np.random.default_rng(3)
    data = gv.load_dataset("Dyestuff")
    data = data.assign(noise=rng.permutation(data.Yield.to_numpy()))
    fit = gv.lmer("noise ~ 1 + (1 | Batch)", data)
    with pytest.raises(gv.ArgumentError, match=r"no random-effects term is left: \(1 \| Batch\)"):
        gv.step(fit)
    kept = gv.step(fit, reduce_random=False)
    assert kept.fixed.as_data_frame().shape == (0, 7)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda fit: gv.step(fit, ddf="Satterthwait"), "Satterthwaite"),
        (lambda fit: gv.step(fit, keep="Product:Gendr"), "Product:Gender"),
        (lambda fit: gv.step(fit, alpha_fixed=5), "between 0 and 1"),
        (lambda fit: gv.step(fit, alpha_fix=0.1), "alpha_fixed"),
        (lambda fit: gv.get_model(fit), "not what step"),
        (lambda fit: gv.drop1(fit, "Gender", ddf="Satterthwaite"), "only marginal terms"),
        (lambda fit: gv.drop1(fit, ddf="Satterthwaite", test="Chisq"), "leave ddf= out"),
        (lambda fit: fit.drop1(ddf="KR"), "Kenward-Roger"),
    ],
)
def test_messages(call, message):
    with pytest.raises((gv.ArgumentError, TypeError), match=message):
        call(fit_of("ham"))


def test_generalized_fits_are_refused():
    fit = gv.glmer(
        "cbind(incidence, size - incidence) ~ period + (1 | herd)",
        gv.load_dataset("cbpp"),
        family="binomial",
    )
    with pytest.raises(gv.ArgumentError, match="step is for lmer fits"):
        gv.step(fit)
    with pytest.raises(gv.ArgumentError, match="drop1"):
        fit.drop1(ddf="Satterthwaite")
