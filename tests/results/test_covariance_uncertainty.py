"""Standard errors and intervals of covariance parameters, against glmmTMB's sdreport.

glmmTMB 1.1.5, tests/reference/covariance: log sds, Fisher z, log residual sd. For linear mixed
models both are exact. glmmTMB's generalized models are Laplace, ours is the variational bound.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

import glmmvi as gv
from glmmvi.results.covariance_uncertainty import covariance_uncertainty
from tests.results.glmer_models import generalized_fit, reference_data

REFERENCE = json.loads(
    (Path(__file__).parents[1] / "reference" / "covariance" / "covariance.json").read_text()
)
SLOPE = "Reaction ~ Days + (Days | Subject)"
LINEAR = {
    "sleepstudy_reml": ("sleepstudy", SLOPE, True),
    "sleepstudy_ml": ("sleepstudy", SLOPE, False),
    "sleepstudy_intercept": ("sleepstudy", "Reaction ~ Days + (1 | Subject)", True),
    "pastes": ("Pastes", "strength ~ 1 + (1 | cask:batch) + (1 | batch)", True),
    "penicillin": ("Penicillin", "diameter ~ 1 + (1 | plate) + (1 | sample)", True),
}


def unconstrained(table):
    """Values and standard errors of a table on the scale of the reference."""
    frame = table.as_data_frame()
    correlation = frame["var2"].notna()
    estimate, error = frame["estimate"].to_numpy(), frame["std_error"].to_numpy()
    with np.errstate(invalid="ignore", divide="ignore"):
        values = np.where(correlation, np.arctanh(np.clip(estimate, -1, 1)), np.log(estimate))
    return values, error / np.where(correlation, 1 - estimate**2, estimate)


def assert_as_reference(table, name, value_atol, error_rtol):
    values, errors = unconstrained(table)
    assert_allclose(values, REFERENCE[name]["values"], rtol=0, atol=value_atol)
    assert_allclose(errors, REFERENCE[name]["se"], rtol=error_rtol)


@pytest.mark.parametrize("name", LINEAR)
def test_linear_models_are_exact(name):
    data, formula, reml = LINEAR[name]
    fit = gv.lmer(formula, gv.load_dataset(data), REML=reml)
    # glmmTMB's own optimiser stops within some 1e-4 of a standard error
    assert_as_reference(fit.covariance_parameters(), name, 3e-4, 1e-3)


def test_generalized_models():
    data = gv.load_dataset("sleepstudy")
    exact = gv.glmer(SLOPE, data, gv.Gamma("log"), nAGQ=9)  # Laplace is as good here
    assert_as_reference(exact.covariance_parameters(), "sleepstudy_gamma", 2e-4, 3e-4)
    bound = gv.glmer(SLOPE, data, gv.Gamma("log"))
    assert_as_reference(bound.covariance_parameters(), "sleepstudy_gamma", 2e-3, 0.01)
    binary = generalized_fit("contraception_slope")
    # a tenth of a standard error: both approximate, the bound is the nearer to exact
    assert_as_reference(binary.covariance_parameters(), "contraception_slope", 0.025, 0.03)


def test_intervals_are_symmetric_on_their_scale_and_widen_with_the_level():
    fit = gv.lmer(SLOPE, gv.load_dataset("sleepstudy"))
    table = fit.covariance_parameters(level=0.9)
    assert list(table.as_data_frame()["grp"]) == list(fit.VarCorr().as_data_frame()["grp"])
    sds = [row for row in table.rows if row.var2 is None]
    for row in sds:
        assert_allclose(np.sqrt(row.lower * row.upper), row.estimate)
        assert_allclose(np.log(row.upper / row.estimate), 1.6448536 * row.std_error / row.estimate)
    (correlation,) = (row for row in table.rows if row.var2 is not None)
    assert -1 < correlation.lower < correlation.estimate < correlation.upper < 1
    wider = fit.covariance_parameters(level=0.99)
    assert all(
        w.lower < r.lower < r.upper < w.upper for w, r in zip(wider.rows, table.rows, strict=True)
    )
    assert "Subject" in str(table)


def test_units_of_the_columns_do_not_matter():
    data = gv.load_dataset("sleepstudy")
    plain = gv.lmer(SLOPE, data).covariance_parameters()
    data["Days"] = 1e5 * (data["Days"] - 4.0)
    other = gv.lmer(SLOPE, data).covariance_parameters()
    slope, moved = plain.rows[1], other.rows[1]
    assert_allclose(
        [moved.estimate, moved.std_error, moved.lower, moved.upper],
        1e-5 * np.array([slope.estimate, slope.std_error, slope.lower, slope.upper]),
        rtol=1e-6,
    )


def test_the_boundary_has_no_interval():
    data = gv.load_dataset("Dyestuff2")
    with pytest.warns(gv.SingularFitMessage):
        fit = gv.lmer("Yield ~ 1 + (1 | Batch)", data)
    batch, residual = fit.covariance_parameters().rows
    assert batch.estimate == 0.0
    assert np.isnan([batch.std_error, batch.lower, batch.upper]).all()
    # the residual sd of a sample of 30: sigma / sqrt(2 (n - 1))
    assert_allclose(residual.std_error, residual.estimate / np.sqrt(58), rtol=1e-9)


def test_a_correlation_of_one_has_no_interval():
    rng = np.random.default_rng(3)
    data = reference_data("gammasim").copy()
    shared = rng.normal(size=20)[data["g"].astype(int) - 1]
    data["z"] = (1 + data["x"]) * shared + 0.5 * rng.normal(size=len(data))
    with pytest.warns(gv.SingularFitMessage):
        fit = gv.lmer("z ~ x + (x | g)", data)
    first, second, correlation, residual = fit.covariance_parameters().rows
    assert abs(correlation.estimate) == 1.0
    assert np.isnan([correlation.std_error, correlation.lower, correlation.upper]).all()
    assert np.isfinite([first.std_error, second.std_error, residual.std_error]).all()


def test_dispersion_parameters_stand_below():
    rows = generalized_fit("zinb").covariance_parameters().rows
    assert [row.group for row in rows] == ["g", "theta", "zero_inflation"]
    share = rows[-1]
    assert 0 < share.lower < share.estimate < share.upper < 1
    logit = np.log(np.array([share.lower, share.estimate, share.upper]))
    logit -= np.log1p(-np.array([share.lower, share.estimate, share.upper]))
    assert_allclose(logit[2] - logit[1], logit[1] - logit[0], rtol=1e-9)


def test_what_is_needed():
    data = gv.load_dataset("cbpp")
    formula = "cbind(incidence, size - incidence) ~ period + (1 | herd)"
    fit = gv.glmer(formula, data, "binomial", control=gv.glmerControl(use_hessian=False))
    with pytest.raises(gv.ArgumentError, match="use_hessian=True"):
        fit.covariance_parameters()
    with pytest.raises(gv.ArgumentError, match=r"level=95 is not between 0 and 1"):
        fit.covariance_parameters(level=95)
    penalised = gv.glmer(formula, data, "binomial", priors={"herd": gv.HalfNormal(1.0)})
    with pytest.raises(gv.ArgumentError, match="not a fit with priors="):
        covariance_uncertainty(fit.design.terms, penalised.posterior)
