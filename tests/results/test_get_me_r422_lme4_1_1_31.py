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
