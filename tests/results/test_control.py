"""lme4's options that check a model, and what the summary says of them."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

import glmmvi as gv


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(1)
    g, x = np.arange(60) % 6, rng.normal(size=60)
    return pd.DataFrame(
        {
            "y": x + rng.normal(size=6)[g] + rng.normal(size=60),
            "x": x,
            "x2": 2.0 * x,
            "big": 1e6 * rng.normal(size=60),
            "g": g.astype(str),
            "few": (np.arange(60) % 3).astype(str),
            "one": "a",
            "each": np.arange(60).astype(str),
            "pair": (np.arange(60) % 30).astype(str),
            "count": rng.poisson(3.0, size=60),
            "same": 3,
        }
    )


# option, formula, lme4's words (1.1-31)
CHECKS = {
    "check_nlev_gtr_1": ("y ~ x + (1 | one)", "grouping factors must have > 1 sampled level"),
    "check_nobs_vs_nlev": (
        "y ~ x + (1 | each)",
        "number of levels of each grouping factor must be < number of observations",
    ),
    "check_nlev_gtreq_5": (
        "y ~ x + (1 | few)",
        "grouping factors with < 5 sampled levels may give unreliable estimates",
    ),
    "check_nobs_vs_nRE": (
        "y ~ x + (x | pair)",
        r"number of observations \(=60\) <= number of random effects \(=60\) for term "
        r"\(x \| pair\)",
    ),
    "check_nobs_vs_rankZ": (
        "y ~ x + (x | pair)",
        r"number of observations \(=60\) <= rank\(Z\) \(=60\)",
    ),
    "check_scaleX": (
        "y ~ big + (1 | g)",
        "Some predictor variables are on very different scales: consider rescaling",
    ),
}
OTHERS = {
    "check_nlev_gtr_1": "ignore",
    "check_nobs_vs_nlev": "ignore",
    "check_nobs_vs_nRE": "ignore",
    "check_conv_singular": "ignore",
    "check_conv_grad": "ignore",
}


def heard(data, formula, option, action):
    control = gv.lmerControl(**{**OTHERS, option: action})
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        gv.lmer(formula, data, control=control)
    return [(w.category, str(w.message)) for w in caught]


@pytest.mark.parametrize("option", CHECKS)
def test_every_check_takes_every_action(data, option):
    formula, words = CHECKS[option]
    assert heard(data, formula, option, "ignore") == []
    for action, category in (("warning", gv.GlmmviWarning), ("message", gv.GlmmviMessage)):
        ((found, text),) = heard(data, formula, option, action)
        assert found is category
        with pytest.raises(AssertionError, match=words):
            raise AssertionError(text)
    with pytest.raises(gv.DataError, match=words):
        heard(data, formula, option, "stop")


@pytest.mark.parametrize(
    ("action", "category"),
    [
        ("message+drop.cols", gv.RankDeficientMessage),
        ("warn+drop.cols", gv.GlmmviWarning),
        ("silent.drop.cols", None),
    ],
)
def test_dependent_columns(data, action, category):
    said = heard(data, "y ~ x + x2 + (1 | g)", "check_rankX", action)
    text = "fixed-effect model matrix is rank deficient so dropping 1 column / coefficient"
    assert said == ([] if category is None else [(category, text)])


def test_dependent_columns_can_be_refused(data):
    words = r"column rank deficient \(rank\(X\) = 2 < 3 = p\); .*dependent columns: x2"
    with pytest.raises(gv.DataError, match=words):
        heard(data, "y ~ x + x2 + (1 | g)", "check_rankX", "stop.deficient")
    with pytest.raises(gv.ArgumentError, match="cannot be kept"):
        gv.lmerControl(check_rankX="ignore")


@pytest.mark.parametrize("action", ["warning", "message", "stop", "ignore"])
def test_an_optimiser_that_is_stopped_early(data, action):
    control = gv.glmerControl(max_evaluations=1, check_conv_grad=action, use_hessian=False)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        if action == "stop":
            with pytest.raises(gv.FitError, match="Model failed to converge"):
                gv.glmer("count ~ x + (1 | g)", data, family="poisson", control=control)
            return
        gv.glmer("count ~ x + (1 | g)", data, family="poisson", control=control)
    said = [w.category for w in caught if "failed to converge" in str(w.message)]
    expected = {"warning": [gv.ConvergenceWarning], "message": [gv.GlmmviMessage], "ignore": []}
    assert said == expected[action]


def test_a_constant_response(data):
    with pytest.raises(gv.DataError, match="Response is constant"):
        gv.glmer("same ~ x + (1 | g)", data, family="poisson")
    control = gv.glmerControl(check_response_not_const="warning", check_conv_singular="ignore")
    with pytest.warns(gv.GlmmviWarning, match="Response is constant"):
        fit = gv.glmer("same ~ 1 + (1 | g)", data, family="poisson", control=control)
    assert fit.fixef().iloc[0] == pytest.approx(np.log(3.0), abs=1e-4)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"check_nlev_gtreq_5": "warn"}, "none of 'ignore', 'message', 'warning', 'stop'"),
        ({"check_scaleX": "silent.rescale"}, "scaled inside the fit"),
        ({"check_formula_LHS": "ignore"}, "needs a response"),
        ({"standardize_X": True}, "orthonormal"),
        ({"optimizer": "bobyqa"}, "one of its own"),
        ({"check_nlev_gtreq5": "stop"}, "did you mean .check_nlev_gtreq_5"),
        ({"check_response_not_const": "stop"}, "unused argument"),
    ],
)
def test_what_is_refused(options, match):
    with pytest.raises(gv.ArgumentError, match=match):
        gv.lmerControl(**options)


def test_the_summary_shows_the_control_as_lme4s(data):
    control = gv.lmerControl(check_nobs_vs_nRE="ignore", check_conv_singular="ignore")
    fit = gv.lmer("y ~ x + (1 | g)", data, control=control)
    line = 'Control: lmerControl(check.conv.singular = "ignore", check.nobs.vs.nRE = "ignore")'
    text = " ".join(str(fit.summary()).split())
    assert line in text
    assert "Control" not in str(fit)  # as lme4: print leaves it out
    assert "Control" not in str(gv.lmer("y ~ x + (1 | g)", data).summary())


def test_deviance_of_a_reml_fit_is_lme4s(data):
    fit = gv.lmer("y ~ x + (1 | g)", data)
    with pytest.warns(gv.GlmmviWarning, match=r"deviance\(\) is deprecated for REML fits"):
        assert fit.deviance() == fit.REMLcrit()
    assert fit.deviance(REML=False) > fit.refitML().deviance()


def test_models_without_a_variable_are_called_by_their_calls(data):
    big = gv.lmer("y ~ x + (1 | g)", data, REML=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        table = gv.anova(big, gv.lmer("y ~ 1 + (1 | g)", data, REML=False))
    assert list(table.as_data_frame().index) == [
        "lmer(y ~ 1 + (1 | g), data, REML = FALSE)",
        "big",
    ]
    with pytest.warns(gv.GlmmviWarning, match="failed to find model names"):
        table = gv.anova(big, big)
    assert list(table.as_data_frame().index) == ["MODEL1", "MODEL2"]


def test_warnings_point_to_the_users_line(data):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        gv.lmer("y ~ x + x2 + (1 | g)", data)
        gv.confint(gv.lmer("y ~ x + (1 | g)", data), "x")
    assert len(caught) >= 2
    assert {w.filename for w in caught} == {__file__}
