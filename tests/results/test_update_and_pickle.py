"""Fits again, and fits in other processes."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import glmmvi as gv


@pytest.fixture(scope="module")
def fit():
    return gv.lmer("Reaction ~ Days + (Days | Subject)", gv.load_dataset("sleepstudy"))


def test_update_is_the_call_with_changes(fit):
    new = gv.update(fit, ". ~ . - (Days | Subject) + (1 | Subject)", REML=False)
    sleepstudy = gv.load_dataset("sleepstudy")
    other = gv.lmer("Reaction ~ Days + (1 | Subject)", sleepstudy, REML=False)
    assert str(new) == str(other)
    assert str(fit.update()) == str(fit)
    assert fit.update(data=sleepstudy[sleepstudy.Days > 1]).nobs() == 144


def test_update_of_a_generalized_fit_keeps_its_arguments():
    data = gv.load_dataset("cbpp").assign(ratio=lambda d: d.incidence / d["size"])
    whole = gv.glmer("ratio ~ period + (1 | herd)", data, "binomial", weights="size")
    part = whole.update(". ~ . - period")
    direct = gv.glmer("ratio ~ 1 + (1 | herd)", data, "binomial", weights="size")
    assert part.elbo == pytest.approx(direct.elbo, rel=1e-10)
    assert part.call.data == "data"


def test_a_fit_pickles_without_its_data(fit):
    _ = fit.summary()
    text = pickle.dumps(fit)
    again = pickle.loads(text)
    assert again.REMLcrit() == fit.REMLcrit()
    np.testing.assert_array_equal(again.fitted(), fit.fitted())
    with pytest.raises(gv.ArgumentError, match="does not hold its data"):
        again.update(". ~ .")


def test_the_other_criterion_at_the_estimates(fit):
    """lme4 1.1-31: ``REMLcrit(ml)``, ``logLik(reml, REML = FALSE)``, ``deviance(.., REML = F)``."""
    ml = fit.update(REML=False)
    assert ml.REMLcrit() == pytest.approx(1743.67379, abs=2e-4)
    assert float(fit.logLik(REML=False)) == pytest.approx(-875.9929332, abs=1e-5)
    assert fit.deviance(REML=False) == pytest.approx(1751.9858664, abs=2e-5)
    with pytest.warns(gv.GlmmviWarning, match="use REMLcrit for the REML criterion"):
        assert fit.deviance() == fit.REMLcrit()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"REML": "F"}, "REML='F' has to be True or False"),
        ({"start": [float("nan"), 0.0, 1.0]}, "have to be finite"),
    ],
)
def test_arguments_that_cannot_be_meant(fit, arguments, message):
    with pytest.raises(gv.ArgumentError, match=message):
        fit.update(**arguments)


def test_summary_takes_rs_arguments(fit):
    text = str(fit.summary(correlation=False, show_resids=False, digits=3))
    assert "Correlation of Fixed" not in text
    assert "Scaled residuals" not in text
    assert "(Intercept) 612.1    24.74" in text
    with pytest.raises(gv.ArgumentError, match='did you mean "digits"'):
        fit.summary(digit=3)


def test_criteria_of_several_fits(fit):
    table = gv.AIC(fit, fit.update(". ~ . - Days"))
    assert table["df"].tolist() == [6, 5]
    assert table["AIC"].tolist()[0] == fit.AIC()


def test_re_form_na_as_text(fit):
    new = gv.load_dataset("sleepstudy").head(3)
    assert fit.predict(new, re_form="NA").equals(fit.predict(new, re_form="~0"))


@pytest.mark.parametrize(
    ("call", "near"),
    [
        (lambda fit: gv.simulate(fit, sed=1), "seed"),
        (lambda fit: fit.predict(intervall="confidence"), "interval"),
        (lambda fit: gv.predict(fit, intervall="confidence"), "interval"),
        (lambda fit: fit.emmeans("Days", bye="Days"), "by"),
        (lambda fit: gv.anova(fit, typ=2), "type"),
        (lambda fit: gv.bootMer(fit, gv.fixef, nsm=2), "nsim"),
        (lambda fit: gv.drop1(fit, tests="Chisq"), "test"),
        (lambda fit: gv.influence(fit, group="Subject"), "groups"),
    ],
)
def test_unknown_arguments_after_a_fit_name_the_nearest_known_one(call, near):
    fit = gv.lmer("Reaction ~ Days + (1 | Subject)", gv.load_dataset("sleepstudy"))
    with pytest.raises(gv.ArgumentError, match=rf'unused argument .*did you mean "{near}"'):
        call(fit)
