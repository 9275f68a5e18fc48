"""What a fit cannot answer for its engine is refused in words that say what to use."""

from __future__ import annotations

from functools import cache

import pytest

import glmmvi as gv

FORMULA = "cbind(incidence, size - incidence) ~ period + (1 | herd)"
PRIORS = {"herd": gv.HalfNormal(1.0)}
KINDS = {
    "joint": {"nAGQ": 0},
    "penalised": {"priors": PRIORS},
    "posterior": {"theta_posterior": True},
    "corrected": {"correction": "cumulant"},
}


@cache
def generalized(kind):
    return gv.glmer(FORMULA, gv.load_dataset("cbpp"), family="binomial", **KINDS[kind])


@cache
def linear(kind):
    arguments = {"priors": {"Batch": gv.HalfNormal(100.0)}}
    if kind == "posterior":
        arguments = {"theta_posterior": True}
    return gv.lmer("Yield ~ 1 + (1 | Batch)", gv.load_dataset("Dyestuff"), **arguments)


@pytest.mark.parametrize(
    ("make", "kind", "words"),
    [
        (generalized, "joint", "use nAGQ=1 or more"),
        (generalized, "penalised", "theta_posterior=True"),
        (generalized, "posterior", r"use confint\(method='vi'\)"),
        (generalized, "corrected", "use nAGQ=25"),
        (linear, "penalised", "theta_posterior=True"),
        (linear, "posterior", r"use confint\(method='vi'\)"),
    ],
)
def test_profiles(make, kind, words):
    for ask in (gv.profile, gv.confint):
        with pytest.raises(gv.ArgumentError, match=words):
            ask(make(kind))


def test_what_the_words_say_works():
    assert gv.confint(generalized("posterior"), method="vi").lower.shape == (5,)
    assert gv.confint(generalized("penalised"), method="Wald").lower.shape == (5,)
    both = gv.glmer(
        FORMULA,
        gv.load_dataset("cbpp"),
        family="binomial",
        priors=PRIORS,
        theta_posterior=True,
    )
    assert gv.confint(both, "theta_", method="vi").lower[0] > 0.0
    boot = gv.confint(generalized("joint"), "period2", method="boot", nsim=40, seed=1)
    assert boot.lower[0] < generalized("joint").fixef()["period2"] < boot.upper[0]


def test_a_loaded_fit_has_no_profile_and_says_why(tmp_path):
    fit = gv.lmer("Yield ~ 1 + (1 | Batch)", gv.load_dataset("Dyestuff"))
    fit.save(tmp_path / "fit.gv")
    with pytest.raises(gv.ArgumentError, match="a fit read from a file is without its data"):
        gv.profile(gv.load(tmp_path / "fit.gv"))


@pytest.mark.parametrize("make", [generalized, linear])
@pytest.mark.parametrize(("kind", "name"), [("penalised", "priors="), ("posterior", "posterior=")])
def test_bootstraps_of_fits_that_cannot_be_refitted_are_refused_at_once(make, kind, name):
    with pytest.raises(gv.ArgumentError, match=name):
        gv.confint(make(kind), method="boot", nsim=3)
    with pytest.raises(gv.ArgumentError, match=name):
        gv.refit(make(kind))


def test_tests_and_covariance_parameters_name_the_kind_of_fit():
    with pytest.raises(gv.ArgumentError, match="a fit with priors="):
        linear("penalised").covariance_parameters()
    with pytest.raises(gv.ArgumentError, match="a fit with theta_posterior=True"):
        gv.contest(linear("posterior"), [1.0])
    with pytest.raises(gv.ArgumentError, match="a fit with theta_posterior=True"):
        gv.hatvalues(linear("posterior"))


def test_penalised_printouts_say_what_aic_is():
    text = str(generalized("penalised"))
    assert "AIC and BIC are of that log likelihood" in text
    by_ml = gv.lmer(
        "Yield ~ 1 + (1 | Batch)",
        gv.load_dataset("Dyestuff"),
        REML=False,
        priors={"Batch": gv.HalfNormal(100.0)},
    )
    assert "AIC and BIC are of that log likelihood" in str(by_ml)
    assert "AIC" not in str(linear("penalised"))  # REML prints none
