"""glmer(nAGQ = 0, 9, 25) against lme4 1.1-31, and the log likelihood against R's integrate().

Scripts and numbers: tests/reference/nagq. lme4 drops constants from the log likelihood of
``nAGQ > 1``; ``exact_logLik`` has them, by one-dimensional integrals at lme4's estimates.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import glmmvi as gv

FOLDER = Path(__file__).parents[1] / "reference" / "nagq"
CBPP = "cbind(incidence, size - incidence) ~ period + (1 | herd)"
MODELS = {
    "cbpp": (CBPP, "binomial"),
    "cbpp_probit": (CBPP, gv.binomial("probit")),
    "bacteria": ("y ~ trt + I(week > 2) + (1 | ID)", "binomial"),
    "Contraception": (
        "use ~ age10 + I(age10^2) + urban + livch + (1 | district)",
        "binomial",
    ),
    "epil": ("y ~ lbase * trt + lage + V4 + (1 | subject)", "poisson"),
    "toenail_like": ("y ~ treatment * time + (1 | id)", "binomial"),
    "small_clusters": ("y ~ x + (1 | g)", "binomial"),
}
LEVELS = {"trt": ["placebo", "drug", "drug+"], "y": ["n", "y"], "use": ["N", "Y"]}


def data_of(name: str) -> pd.DataFrame:
    if name.startswith("cbpp"):
        return gv.load_dataset("cbpp")
    data = pd.read_csv(FOLDER / f"{name}.csv")
    if name == "Contraception":
        data["age10"] = data["age"] / 10
    for column, levels in LEVELS.items():
        if column in data and set(data[column]) <= set(levels):
            data[column] = pd.Categorical(data[column], levels)
    return data


@cache
def reference(file: str = "nagq") -> dict:
    return json.loads((FOLDER / f"{file}.json").read_text())


@cache
def fitted(name: str, nAGQ: int) -> gv.GeneralizedMixedFit:
    formula, family = MODELS[name]
    return gv.glmer(formula, data_of(name), family, nAGQ=nAGQ)


def assert_equals_lme4(fit, lme4, rtol=1e-3, condsd=True) -> None:
    """Estimates, standard errors and random effects, within `rtol` of a standard error or sd."""
    se = np.array(lme4["se"])
    names = [name.replace("TRUE", "True") for name in lme4["fixef"]]
    assert_allclose(fit.estimates.theta, lme4["theta"], rtol=rtol)
    assert [name.replace("TRUE", "True") for name in fit.fixef().index] == names
    assert (np.abs(fit.fixef() - list(lme4["fixef"].values())) < rtol * se).all()
    assert_allclose(np.sqrt(np.diag(fit.vcov())), se, rtol=rtol)
    effects = fit.ranef().as_data_frame()
    sds = np.array(lme4["condsd"])
    assert (np.abs(effects["condval"] - lme4["condval"]) < rtol * sds).all()
    if condsd:
        assert_allclose(effects["condsd"], sds, rtol=rtol)


ALL = [(name, int(k[4:])) for name, of in reference().items() for k in of]


@pytest.mark.parametrize(("name", "nAGQ"), [pair for pair in ALL if pair[0] != "toenail_like"])
def test_equal_to_lme4(name, nAGQ):
    """Conditional sds for canonical links: for a probit lme4 has the expected information."""
    fit, lme4 = fitted(name, nAGQ), reference()[name][f"nAGQ{nAGQ}"]
    assert fit.optimization.converged
    assert_equals_lme4(fit, lme4, condsd=name != "cbpp_probit")
    if nAGQ == 0:
        assert_allclose(float(fit.logLik()), lme4["logLik"], atol=1e-5)
    else:
        # 9 nodes around a mean and around a mode differ by their own error
        assert_allclose(float(fit.logLik()), lme4["exact_logLik"], atol=1e-5)
    assert fit.elbo < lme4["exact_logLik"]


def test_large_sd_in_small_clusters():
    """The bound is 9 nats low and says so; quadrature is lme4's with 50 nodes."""
    low, right = fitted("toenail_like", 1), fitted("toenail_like", 25)
    lme4 = reference()["toenail_like"]["nAGQ50"]
    assert right.optimization.converged
    # 25 nodes around the mean are nearer to 50 than lme4's 25 around the mode, not there yet
    assert_equals_lme4(right, lme4, rtol=5e-3)
    assert_allclose(float(right.logLik()), lme4["exact_logLik"], atol=5e-3)
    assert_equals_lme4(fitted("toenail_like", 50), lme4, rtol=1e-3, condsd=False)
    assert_allclose(float(fitted("toenail_like", 50).logLik()), lme4["exact_logLik"], atol=1e-4)
    assert low.estimates.theta[0] < 0.92 * lme4["theta"]
    gap = low.gap()
    assert_allclose(gap.elbo, low.elbo, rtol=1e-12)
    assert 8.0 < gap.total < lme4["exact_logLik"] - low.elbo
    assert f"It is {gap.total:.1f} nats low, by quadrature level by level: use nAGQ = 25." in str(
        low.summary()
    )
    assert "nats low" not in str(right.summary())


@pytest.mark.parametrize(("response", "sd"), [("sd2", "few_sd2"), ("sd4", "few_sd4")])
def test_four_observations_a_cluster(response, sd):
    folder = FOLDER.parent / "glmer"
    models = json.loads((folder / "glmer_reference.json").read_text())["models"]
    data, exact = pd.read_csv(folder / "few.csv"), models[sd]["exact"]
    low, right = (gv.glmer(f"{response} ~ x + (1 | g)", data, "binomial", nAGQ=k) for k in (1, 25))
    assert_allclose(right.estimates.theta[0], exact["sd"], rtol=1e-3)
    assert_allclose(right.fixef(), exact["beta"], rtol=1e-3)
    assert_allclose(np.sqrt(np.diag(right.vcov())), exact["se"], rtol=1e-3)
    assert_allclose(float(right.logLik()), exact["logLik"], atol=1e-3)
    assert low.estimates.theta[0] < 0.97 * exact["sd"]
    assert low.elbo < exact["logLik"]
    assert "use nAGQ = 25" in str(low)


@pytest.mark.parametrize(
    ("name", "formula", "family"),
    [
        ("nbsim", "y ~ factor(f1) * f2 + (1 | g)", "nbinom2"),
        ("gammasim_gamma", "y ~ x + (1 | g)", "Gamma"),
    ],
)
def test_families_with_a_dispersion(name, formula, family):
    folder = FOLDER.parent / "glmer"
    exact = json.loads((folder / "glmer_reference.json").read_text())["models"][name]["exact"]
    data = pd.read_csv(folder / f"{name.split('_')[0]}.csv")
    family = gv.Gamma("log") if family == "Gamma" else family
    fit = gv.glmer(formula, data, family, nAGQ=15)
    assert fit.optimization.converged
    assert_allclose(float(fit.logLik()), exact["logLik"], atol=1e-3)
    assert (np.abs(fit.fixef() - exact["beta"]) < 2e-3 * np.array(exact["se"])).all()
    assert_allclose(np.sqrt(np.diag(fit.vcov())), exact["se"], rtol=2e-3)


CROSSED = {
    "grouseticks": (
        "TICKS ~ YEAR + (1 | BROOD) + (1 | INDEX) + (1 | LOCATION)",
        "poisson",
    ),
    "verbagg": (
        "r2 ~ Anger + Gender + btype + situ + (1 | id) + (1 | item)",
        "binomial",
    ),
    "slopes": ("I(Reaction > 300) ~ I(Days / 9) + (I(Days / 9) | Subject)", "binomial"),
}


@pytest.mark.parametrize("name", CROSSED)
def test_nagq_0_of_several_factors_and_columns(name):
    formula, family = CROSSED[name]
    if name == "verbagg":
        data = gv.load_dataset("VerbAgg")
        data = data[data["id"].cat.codes < 60]
    else:
        data = gv.load_dataset("sleepstudy" if name == "slopes" else name)
    fit, lme4 = gv.glmer(formula, data, family, nAGQ=0), reference("crossed")[name]
    assert fit.optimization.converged
    assert_equals_lme4(fit, lme4)
    assert_allclose(float(fit.logLik()), lme4["logLik"], atol=1e-5)


@pytest.mark.parametrize("what", ["print", "summary"])
def test_printouts_are_lme4s(what):
    """To the character, but for the row of criteria: lme4's lacks the constants."""
    texts = json.loads((FOLDER.parent / "printouts" / "texts.json").read_text())
    expected = texts["cbpp_glmer_nAGQ9"][what].rstrip("\n").splitlines()
    fit = fitted("cbpp", 9)
    found = str(fit if what == "print" else fit.summary()).rstrip("\n").splitlines()
    row = next(i for i, line in enumerate(expected) if "logLik" in line) + 1
    assert expected[row].split()[2] in ("-50.0", "-50.0050")
    assert found[row].split()[2] in ("-92.0", "-91.9834")
    assert found[:row] + found[row + 1 :] == expected[:row] + expected[row + 1 :]
