"""getME against lme4's."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

import glmmvi as gv

REFERENCE = json.loads(
    (Path(__file__).parents[1] / "reference" / "getme" / "getme.json").read_text()
)
FORMULAS = {
    "sleepstudy": ("sleepstudy", "Reaction ~ Days + (Days | Subject)"),
    "pastes": ("Pastes", "strength ~ 1 + (1 | batch / cask)"),
    "machines": ("Machines", "score ~ Machine + (Machine | Worker)"),
}


@pytest.fixture(scope="module", params=FORMULAS)
def case(request):
    data, formula = FORMULAS[request.param]
    return gv.lmer(formula, gv.load_dataset(data)), REFERENCE[request.param]


def numbers(values):
    return np.array([-np.inf if v == "-Inf" else v for v in np.atleast_1d(values)], dtype=float)


@pytest.mark.filterwarnings("ignore:boundary")
def test_components_are_lme4_s(case):
    fit, r = case
    for name, expected in r.items():
        if name in ("cmp", "dims", "L", "cnms", "RZX"):
            continue
        value = gv.getME(fit, name)
        if sparse.issparse(value) or (isinstance(expected, dict) and "ss" in expected):
            dense = value.toarray() if sparse.issparse(value) else np.asarray(value)
            if dense.ndim == 1:
                dense = dense[:, None]
            assert list(dense.shape) == np.atleast_1d(expected["dim"]).tolist(), name
            if name in ("A", "Lambda", "Lambdat", "b", "RX"):
                assert (dense**2).sum() == pytest.approx(expected["ss"], rel=3e-3), name
            else:
                assert dense.sum() == pytest.approx(expected["sum"], rel=1e-9), name
        elif name == "u":
            assert (value**2).sum() == pytest.approx((numbers(expected["values"]) ** 2).sum(), 3e-3)
        else:
            tolerance = {"theta": 2e-3, "mu": 1e-4, "sigma": 1e-4}.get(name, 1e-7)
            values = np.asarray(value, dtype=float)
            np.testing.assert_allclose(
                np.atleast_1d(values), numbers(expected["values"]), rtol=tolerance, atol=2e-4
            )
            if expected["names"] is not None and isinstance(value, pd.Series):
                assert list(value.index) == np.atleast_1d(expected["names"]).tolist(), name
    cnms = [list(names) for names in gv.getME(fit, "cnms").values()]
    assert cnms == [np.atleast_1d(names).tolist() for names in r["cnms"].values()]
    assert np.log(fit.getME("L").diagonal()).sum() == pytest.approx(r["L"]["det"], abs=2e-2)
    assert (fit.getME("RZX") ** 2).sum() == pytest.approx(r["RZX"]["ss"], rel=3e-3)
    found = gv.getME(fit, "devcomp")
    for name, expected in r["cmp"].items():
        if name in found["cmp"] and expected != "NA":
            assert found["cmp"][name] == pytest.approx(expected, rel=1e-2), name
    assert {k: found["dims"][k] for k in ("N", "n", "p", "q", "nth", "reTrms", "REML")} == {
        k: r["dims"][k] for k in ("N", "n", "p", "q", "nth", "reTrms", "REML")
    }


LME4_NAMES = {  # names(getME(fit, "ALL")) of lme4 1.1-31
    *("X", "Z", "Zt", "Ztlist", "mmList", "y", "mu", "u", "b", "Gp", "Tp", "L", "Lambda"),
    *("Lambdat", "Lind", "Tlist", "A", "RX", "RZX", "sigma", "flist", "fixef", "beta", "theta"),
    *("ST", "REML", "is_REML", "n_rtrms", "n_rfacs", "N", "n", "p", "q", "p_i", "l_i", "q_i"),
    *("k", "m_i", "m", "cnms", "devcomp", "offset", "lower", "devfun", "glmer.nb.theta"),
}


def test_all_names_of_lme4_are_answered():
    fit = gv.lmer("Reaction ~ Days + (Days | Subject)", gv.load_dataset("sleepstudy"))
    found = gv.getME(fit, "ALL")
    assert sorted(found) == sorted(LME4_NAMES)
    assert [name for name, value in found.items() if value is None] == []
    # lme4 1.1-31 of the same fit
    np.testing.assert_allclose(
        found["ST"]["Subject"], [[0.96674177, 0.0], [0.01569091, 0.23091]], atol=1e-4
    )
    assert found["Tp"].to_dict() == {"beg__": 0, "Subject": 3}
    assert found["Gp"].tolist() == [0, 36]
    assert np.isnan(found["glmer.nb.theta"])
    other = gv.lmer(
        "Reaction ~ Days + (Days | Subject)",
        gv.load_dataset("sleepstudy"),
        priors={"Subject": gv.HalfNormal(50)},
    )
    nothing = [name for name, value in gv.getME(other, "ALL").items() if value is None]
    assert nothing == ["devfun"]
    with pytest.raises(gv.ArgumentError, match="a fit with priors="):
        other.getME("devfun")


@pytest.mark.parametrize("REML", [True, False])
def test_devfun_of_lmer(REML):
    fit = gv.lmer("Reaction ~ Days + (Days | Subject)", gv.load_dataset("sleepstudy"), REML)
    devfun = fit.getME("devfun")
    best = fit.REMLcrit() if REML else fit.deviance()
    assert devfun(fit.getME("theta")) == pytest.approx(best, abs=1e-8)
    if REML:  # lme4 1.1-31
        assert devfun([1.0, 0.0, 1.0]) == pytest.approx(1773.680331, abs=1e-5)
    with pytest.raises(gv.ArgumentError, match="3 finite numbers"):
        devfun([1.0, 1.0])


@pytest.mark.parametrize("nAGQ", [0, 1, 9])
def test_devfun_of_glmer_is_least_at_the_estimates(nAGQ):
    formula = "cbind(incidence, size - incidence) ~ period + (1 | herd)"
    fit = gv.glmer(formula, gv.load_dataset("cbpp"), family="binomial", nAGQ=nAGQ)
    devfun = fit.getME("devfun")
    best = np.r_[fit.getME("theta"), fit.fixef()] if nAGQ else fit.getME("theta").to_numpy()
    least = devfun(best)
    assert least == pytest.approx(-2.0 * fit.log_likelihood, abs=1e-7)
    for j in range(len(best)):
        step = np.where(np.arange(len(best)) == j, 0.02, 0.0)
        assert least < devfun(best + step) < least + 0.5
        assert least < devfun(best - step) < least + 0.5


def test_theta_of_a_negative_binomial_fit():
    data = gv.load_dataset("grouseticks")
    fit = gv.glmer_nb("TICKS ~ YEAR + (1 | BROOD)", data)
    assert fit.getME("glmer.nb.theta") == pytest.approx(3.303, rel=0.05)  # lme4's, by Laplace
    known = gv.glmer("TICKS ~ YEAR + (1 | BROOD)", data, family=gv.negative_binomial(2.0))
    assert known.getME("glmer.nb.theta") == 2.0


def test_generalized_components():
    formula = "cbind(incidence, size - incidence) ~ period + (1 | herd)"
    fit = gv.glmer(formula, gv.load_dataset("cbpp"), family="binomial")
    RX = fit.getME("RX")
    given = np.sqrt(np.diag(np.linalg.inv(RX.T @ RX)))  # lme4's use.hessian = FALSE
    error = np.sqrt(np.diag(fit.vcov()))
    assert (given < error).all()
    assert (given > 0.9 * error).all()
    np.testing.assert_allclose(fit.getME("mu"), fit.fitted(), rtol=1e-12)
    assert fit.weights("working").shape == fit.weights().shape == (56,)
    assert gv.isGLMM(fit)
    assert gv.family(fit).name == "binomial"


def test_model_parts():
    data = gv.load_dataset("sleepstudy")
    fit = gv.lmer("Reaction ~ Days + (Days | Subject)", data)
    assert gv.model_matrix(fit).columns.tolist() == ["(Intercept)", "Days"]
    assert list(gv.model_frame(fit)) == ["Reaction", "Days", "Subject"]
    assert list(gv.model_frame(fit, fixed_only=True)) == ["Reaction", "Days"]
    assert gv.terms(fit).term_labels == ("Days",)
    assert gv.isREML(fit)
    assert gv.isLMM(fit)
    assert gv.df_residual(fit) == 174
    with pytest.raises(gv.ArgumentError, match="theta"):
        gv.getME(fit, "thata")


def test_deviance_of_a_maximum_likelihood_fit_is_among_the_components():
    fit = gv.lmer("Reaction ~ Days + (Days | Subject)", gv.load_dataset("sleepstudy"), REML=False)
    cmp = gv.getME(fit, "devcomp")["cmp"]
    assert cmp["dev"] == pytest.approx(1751.9393, abs=1e-3)  # deviance(fm1ML) of lme4
    assert "REML" not in cmp
