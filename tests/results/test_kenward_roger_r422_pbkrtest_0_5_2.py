"""Kenward and Roger's tests against pbkrtest and lmerTest: tests/reference/kenward_roger."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import glmmvi as gv
from glmmvi.design import sparse_columns
from glmmvi.results.testing import kenward_roger_of_fit
from glmmvi.results.testing.kenward_roger_of_fit import kenward_roger_of

REFERENCE = json.loads(
    (Path(__file__).parents[1] / "reference" / "kenward_roger" / "kenward_roger.json").read_text()
)
GONE = [3, 4, 17, 18, 19, 40, 61, 62, 63, 64, 65, 99, 120, 150, 151, 152]  # R counts from 1
# not "weighted": pbkrtest 0.5.2 leaves prior weights out of the residual variance
MODELS = ["sleepstudy", "cake", "uneven", "pastes", "crossed"]


@cache
def fit(name):
    sleepstudy = gv.load_dataset("sleepstudy")
    if name == "cake":
        cake = gv.load_dataset("cake")
        cake["temperature"] = pd.Categorical(cake["temperature"].astype(str))  # not ordered
        return gv.lmer(
            "angle ~ recipe * temperature + (1 | recipe:replicate)", cake, data_name="cake"
        )
    if name == "pastes":
        return gv.lmer("strength ~ 1 + (1 | batch / cask)", gv.load_dataset("Pastes"))
    if name == "crossed":
        data = gv.load_dataset("Penicillin")
        return gv.lmer("diameter ~ 1 + (1 | plate) + (1 | sample)", data)
    if name == "sleepstudy":
        return gv.lmer("Reaction ~ Days + (Days | Subject)", sleepstudy)
    uneven = sleepstudy.drop(index=[i - 1 for i in GONE])
    uneven["w"] = 1.0 + np.arange(1, len(uneven) + 1) % 3
    if name == "uneven":
        return gv.lmer("Reaction ~ Days + I(Days^2) + (Days | Subject)", uneven)
    return gv.lmer("Reaction ~ Days + (1 | Subject)", uneven, weights="w")


@pytest.mark.parametrize("model", MODELS)
def test_summary_is_that_of_lmertest(model):
    ours = fit(model).summary(ddf="Kenward-Roger").coefficients
    theirs = np.array(REFERENCE[model]["coefficients"])
    np.testing.assert_allclose(ours.estimates, theirs[:, 0], rtol=1e-5)
    np.testing.assert_allclose(ours.standard_errors, theirs[:, 1], rtol=1e-5)
    np.testing.assert_allclose(ours.df, theirs[:, 2], rtol=1e-5)
    np.testing.assert_allclose(ours.statistics, theirs[:, 3], rtol=1e-5)
    np.testing.assert_allclose(ours.p_values, theirs[:, 4], rtol=2e-3)


@pytest.mark.parametrize("model", MODELS)
def test_corrected_covariance_matrix_is_that_of_pbkrtest(model):
    theirs = np.array(REFERENCE[model]["adjusted"])
    ours = kenward_roger_of(fit(model)).adjusted
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6 * np.abs(theirs).max())


@pytest.mark.parametrize("model", MODELS)
def test_joint_tests_and_tables_are_those_of_lmertest(model):
    L = np.eye(fit(model).design.p)
    found = gv.contest(fit(model), L[1:] if len(L) > 1 else L, ddf="Kenward-Roger")
    ours = found.as_data_frame()
    for name, value in REFERENCE[model]["joint"].items():
        assert ours[name].iloc[0] == pytest.approx(value, rel=1e-4, abs=1e-12), name
    if not REFERENCE[model]["table"]:
        return
    table = gv.anova(fit(model), ddf="Kenward-Roger").as_data_frame()
    for name, values in REFERENCE[model]["table"].items():
        if name != "Pr(>F)":
            np.testing.assert_allclose(table[name], np.atleast_1d(values), rtol=1e-4)


def test_t_tests_of_contrasts():
    one = gv.contest(fit("uneven"), np.eye(3), joint=False, ddf="Kenward-Roger").as_data_frame()
    theirs = np.array(REFERENCE["uneven"]["coefficients"])
    np.testing.assert_allclose(one["df"], theirs[:, 2], rtol=1e-5)
    np.testing.assert_allclose(one["Std. Error"], theirs[:, 1], rtol=1e-5)


def test_printouts_are_those_of_lmertest():
    def lines(text):
        return [line.rstrip() for line in text.split("\n") if not line.startswith("Control")]

    theirs = [line.rstrip() for line in REFERENCE["text"]["summary"]]
    assert lines(str(fit("sleepstudy").summary(ddf="Kenward-Roger"))) == [
        line for line in theirs if not line.startswith("Control")
    ]
    for kind, name in (("III", "anova"), ("I", "anova1")):
        ours = lines(str(gv.anova(fit("cake"), type=kind, ddf="Kenward-Roger")))
        assert ours == [line.rstrip() for line in REFERENCE["text"][name]]


def dense(fit):
    """The definition, with matrices of all rows (Halekoh and Hojsgaard 2014)."""
    design, estimates = fit.design, fit.estimates
    G = []
    gammas = []
    for term, factor in zip(design.terms, estimates.Lambda, strict=True):
        D = estimates.sigma**2 * factor @ factor.T
        Z = sparse_columns(term).toarray().reshape(design.n, term.L, term.d)
        for i in range(term.d):
            for j in range(i + 1):
                one = Z[:, :, i] @ Z[:, :, j].T
                G.append(one if i == j else one + one.T)
                gammas.append(D[i, j])
    G.append(np.diag(1.0 / design.weights))
    gammas.append(estimates.sigma**2)
    inverse = np.linalg.inv(sum(g * M for g, M in zip(gammas, G, strict=True)))
    X, k = design.X, len(G)
    Phi = np.linalg.inv(X.T @ inverse @ X)
    H = [inverse @ M for M in G]
    P = [-X.T @ h @ inverse @ X for h in H]
    Q = [[X.T @ H[r] @ H[s] @ inverse @ X for s in range(k)] for r in range(k)]
    information = [
        [
            np.trace(H[r] @ H[s])
            - 2.0 * np.trace(Phi @ Q[r][s])
            + np.trace(Phi @ P[r] @ Phi @ P[s])
            for s in range(k)
        ]
        for r in range(k)
    ]
    W = 2.0 * np.linalg.inv(np.array(information))
    U = sum(W[r, s] * (Q[r][s] - P[r] @ Phi @ P[s]) for r in range(k) for s in range(k))
    return Phi + 2.0 * Phi @ U @ Phi, W


@pytest.mark.parametrize("model", ["weighted", "uneven"])
def test_no_matrix_of_all_rows_is_needed(model):
    found = kenward_roger_of(fit(model))
    adjusted, W = dense(fit(model))
    np.testing.assert_allclose(found.adjusted, adjusted, rtol=1e-7, atol=1e-8)
    np.testing.assert_allclose(found.W, W, rtol=1e-5, atol=1e-8 * np.abs(W).max())


def test_a_singular_fit_has_tests():
    with pytest.warns(gv.SingularFitMessage):
        singular = gv.lmer("Yield ~ 1 + (1 | Batch)", gv.load_dataset("Dyestuff2"))
    table = singular.summary(ddf="Kenward-Roger").coefficients
    assert np.isfinite(table.df).all()
    assert (table.standard_errors > 0.0).all()


def test_what_is_refused(monkeypatch):
    by_ml = gv.lmer("Yield ~ 1 + (1 | Batch)", gv.load_dataset("Dyestuff"), REML=False)
    with pytest.raises(gv.ArgumentError, match="only available for REML"):
        gv.contest(by_ml, [1.0], ddf="Kenward-Roger")
    monkeypatch.setattr(kenward_roger_of_fit, "_LARGEST", 30)
    with pytest.raises(gv.ArgumentError, match=r"36 x 36 .*use ddf='Satterthwaite'"):
        fit("sleepstudy").summary(ddf="Kenward-Roger")
    with pytest.raises(gv.ArgumentError, match=r"did you mean .Kenward-Roger"):
        fit("sleepstudy").summary(ddf="Kenward-Rogers")
