"""Our generalized fits against the goldens of lme4 (R 4.2.2, lme4 1.1-31).

By default the variational bound is held to lme4's Laplace approximation: fixed effects within
0.05 of a standard error, standard errors and sds within 3 %. Where Laplace, or lme4's optimiser,
is what is off, the yardstick is exact maximum likelihood (tests/reference/glmer).
"""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tests.results.glmer_models import (
    GOLDENS,
    generalized_fit,
    golden_fit,
    models,
    sds,
    standard_errors,
)
from tests.results.rendering.references import number, numbers

# golden: model of tests/reference/glmer whose exact numbers stand in, and why
LME4_IS_OFF = {
    # lme4's criterion of families with a scale is not their log likelihood: its sds are 20 to
    # 40 % low (glmmTMB agrees with exact maximum likelihood)
    "gammasim_glmer_log": "gammasim_gamma",
    "gammasim_glmer_inverse_gaussian": "gammasim_inverse_gaussian",
    "sleepstudy_glmer_gamma_log": "sleepstudy_gamma",
    # glmer.nb stops with an intercept 0.2 standard errors off
    "grouseticks_glmer_nb": "grouseticks_nb",
}
SAME_OBJECTIVE = ("cbpp_glmer_nAGQ0", "cbpp_glmer_nAGQ9", "verbagg_glmer_factor_response")
# Laplace and the bound differ by 6 % in LOCATION's sd: the sds are an independent prototype's
TICKS = "grouseticks_glmer"
# an effect an observation: Laplace's sd of the herds is 27 % low
OLRE = "cbpp_glmer_olre"
LIKE_LAPLACE = [m for m in GOLDENS if m not in (*LME4_IS_OFF, *SAME_OBJECTIVE, TICKS, OLRE)]


def lme4_sds(r):
    rows = [row for row in r["VarCorr"] if "var2" not in row and row["grp"] != "Residual"]
    return np.array([number(row["sdcor"]) for row in rows])


def lme4_errors(r):
    return np.array(list(r["se"].values()))


@pytest.mark.parametrize("model", GOLDENS)
def test_names_and_counts(model):
    fit, r = golden_fit(model), numbers()[model]
    assert fit.optimization.converged
    assert list(fit.fixef().index) == list(r["fixef"])
    assert fit.nobs() == r["nobs"]
    assert fit.ngrps() == r["ngrps"]
    assert fit.df_residual() == r["dfresid"]
    assert fit.isSingular() == r["singular"]
    assert fit.family.link_name == r["family"][1]
    rows = fit.VarCorr().as_data_frame()
    assert list(rows["grp"]) == [row["grp"] for row in r["VarCorr"]]


@pytest.mark.parametrize("model", LIKE_LAPLACE)
def test_close_to_laplace(model):
    fit, r = golden_fit(model), numbers()[model]
    assert (np.abs(fit.fixef() - r["beta"]) < 0.05 * lme4_errors(r)).all()
    assert_allclose(standard_errors(fit), lme4_errors(r), rtol=0.03)
    assert_allclose(sds(fit), lme4_sds(r), rtol=0.03)
    assert_allclose(fit.elbo, r["logLik"], atol=1.0)


@pytest.mark.parametrize("model", SAME_OBJECTIVE)
def test_same_objective_same_numbers(model):
    """nAGQ of 0 and 9; lme4's own optimiser is what the tolerance is for."""
    fit, r = golden_fit(model), numbers()[model]
    assert (np.abs(fit.fixef() - r["beta"]) < 1e-3 * lme4_errors(r)).all()
    assert_allclose(standard_errors(fit), lme4_errors(r), rtol=1e-3)
    assert_allclose(sds(fit), lme4_sds(r), rtol=1e-3)


def test_three_terms_of_counts():
    fit, r = golden_fit(TICKS), numbers()[TICKS]
    assert (np.abs(fit.fixef() - r["beta"]) < 0.05 * lme4_errors(r)).all()
    assert_allclose(standard_errors(fit), lme4_errors(r), rtol=0.03)
    assert list(fit.VarCorr().labels) == ["INDEX", "BROOD", "LOCATION"]
    assert_allclose(sds(fit), [0.5357, 0.7334, 0.5584], rtol=0.01)


def test_an_effect_an_observation():
    """Nearer to exact than lme4, though not within 1 %: the bound's sds are 3 and 4 % off."""
    fit, exact = golden_fit(OLRE), models()["cbpp_olre"]["exact"]
    theirs = np.abs(lme4_sds(numbers()[OLRE]) / exact["sd"] - 1.0).max()
    ours = np.abs(sds(fit) / exact["sd"] - 1.0).max()
    assert ours < 0.04 < 0.25 < theirs
    assert (np.abs(fit.fixef() - exact["beta"]) < 0.03 * np.array(exact["se"])).all()
    assert_allclose(standard_errors(fit), exact["se"], rtol=0.02)


@pytest.mark.parametrize("model", LME4_IS_OFF)
def test_exact_where_lme4_is_off(model):
    fit, exact = golden_fit(model), models()[LME4_IS_OFF[model]]["exact"]
    assert (np.abs(fit.fixef() - exact["beta"]) < 0.02 * np.array(exact["se"])).all()
    assert_allclose(standard_errors(fit), exact["se"], rtol=0.01)
    assert_allclose(sds(fit), exact["sd"], rtol=0.01)
    if exact["dispersion"]:
        (dispersion,) = fit.dispersion_parameters().values()
        assert_allclose(dispersion, exact["dispersion"], rtol=0.01)
    assert fit.elbo <= exact["logLik"] + 1e-6


@pytest.mark.parametrize("model", ["grouseticks_glmer_nb", "nbsim_glmer_nb"])
def test_glmer_nb_prints_its_theta_as_lme4(model):
    fit, (name, _) = golden_fit(model), numbers()[model]["family"]
    theta = fit.dispersion_parameters()["theta"]
    assert fit.family.name == f"Negative Binomial({theta:.5g})"
    assert_allclose(theta, float(name.removeprefix("Negative Binomial(")[:-1]), rtol=0.015)
    assert f" Family: Negative Binomial({theta:.5g})  ( log )" in str(fit)
    assert np.isfinite(fit.residuals()).all()  # deviance residuals, at the estimate
    nbinom2 = models()["grouseticks_nb" if "ticks" in model else "nbsim"]
    same = generalized_fit("grouseticks_nb" if "ticks" in model else "nbsim")
    assert nbinom2["family"] == "nbinom2"
    assert_allclose(same.fixef(), fit.fixef(), rtol=1e-9)
