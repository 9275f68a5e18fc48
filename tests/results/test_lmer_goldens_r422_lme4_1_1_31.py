"""Our fits against lme4's numbers (R 4.2.2, lme4 1.1-31)."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tests.results.golden_models import MODELS, golden_fit
from tests.results.rendering.references import number, numbers

every = pytest.mark.parametrize("model", MODELS)

# (Machine || Worker) is (1 | Worker) + (0 + Machine | Worker): the intercept's variance can be
# moved into the second term without changing the model. Only their sum is determined.
UNIDENTIFIED = "machines_lmer_doublebar_factor"
identified = pytest.mark.parametrize("model", [m for m in MODELS if m != UNIDENTIFIED])


def reference(model):
    return numbers()[model]


def lme4_criterion(r):
    return r["REMLcrit"] if r["isREML"] else -2.0 * r["logLik"]


@every
def test_criterion(model):
    fit, r = golden_fit(model), reference(model)
    assert fit.optimization.converged
    assert_allclose(-2.0 * fit.elbo, lme4_criterion(r), rtol=1e-6)
    assert -2.0 * fit.elbo < lme4_criterion(r) + 1e-7
    assert_allclose(fit.elbo, r["logLik"], rtol=1e-6)
    assert_allclose([fit.AIC(), fit.BIC()], [r["AIC"], r["BIC"]], rtol=1e-6)
    assert fit.df_residual() == r["dfresid"]
    assert fit.nobs() == r["nobs"]
    assert fit.ngrps() == r["ngrps"]
    assert fit.isSingular() == r["singular"]


@every
def test_fixed_effects(model):
    fit, r = golden_fit(model), reference(model)
    assert list(fit.fixef().index) == list(r["fixef"])
    se = np.array(list(r["se"].values()))
    assert_allclose(fit.fixef(), r["beta"], rtol=1e-4, atol=1e-4 * se.min())
    assert_allclose(np.sqrt(np.diag(fit.vcov())), se, rtol=1e-4)
    assert_allclose(fit.vcov(), r["vcov"], rtol=2e-4, atol=2e-4 * np.max(np.square(se)))
    assert_allclose(fit.sigma(), r["sigma"], rtol=1e-4)


@identified
def test_covariance_parameters(model):
    fit, r = golden_fit(model), reference(model)
    table = fit.VarCorr().as_data_frame()
    assert list(table["grp"]) == [row["grp"] for row in r["VarCorr"]]
    sds = np.array([number(row["sdcor"]) for row in r["VarCorr"] if "var2" not in row])
    ours = table.loc[table["var2"].isna(), "sdcor"].to_numpy()
    assert_allclose(ours, sds, rtol=1e-4, atol=1e-4 * sds.max())
    theta = np.array(list(r["theta"].values()))
    assert_allclose(fit.estimates.theta, theta, rtol=1e-4, atol=1e-4 * theta.max())


@identified
def test_random_effects(model):
    fit, r = golden_fit(model), reference(model)
    table = fit.ranef().as_data_frame()
    for key in ("grpvar", "term", "grp"):
        assert list(table[key]) == [row[key] for row in r["ranef"]]
    modes = np.array([row["condval"] for row in r["ranef"]])
    sds = np.array([row["condsd"] for row in r["ranef"]])
    scale = max(sds.max(), 1e-8)
    assert_allclose(table["condval"], modes, rtol=1e-4, atol=1e-4 * scale)
    assert_allclose(table["condsd"], sds, rtol=1e-4, atol=1e-4 * scale)


def test_what_is_determined_of_an_unidentified_model():
    """The covariance matrix of the machines' effects, and the effects themselves."""
    fit, r = golden_fit(UNIDENTIFIED), reference(UNIDENTIFIED)
    intercept, machines = fit.VarCorr().terms
    rows = [number(row["vcov"]) for row in r["VarCorr"]]
    theirs = np.diag(rows[1:4])
    theirs[[0, 0, 1], [1, 2, 2]] = theirs[[1, 2, 2], [0, 0, 1]] = rows[4:7]
    assert_allclose(intercept.covariance + machines.covariance, rows[0] + theirs, rtol=1e-3)
    modes = np.array([row["condval"] for row in r["ranef"]]).reshape(4, 6)
    ours = fit.ranef().as_data_frame()["condval"].to_numpy().reshape(4, 6)
    assert_allclose(ours[0] + ours[1:], modes[0] + modes[1:], atol=1e-3 * np.sqrt(rows[2]))


@every
def test_rows(model):
    fit, r = golden_fit(model), reference(model)
    scale = 1e-4 * r["sigma"]
    assert_allclose(fit.fitted()[:6], r["fitted_head"], rtol=1e-4, atol=scale)
    assert_allclose(fit.residuals()[:6], r["resid_head"], rtol=1e-4, atol=scale)
    assert_allclose(fit.residuals("pearson")[:6], r["pearson_head"], rtol=1e-4, atol=scale)
