"""``glmer(correction="cumulant")``: gradient, known answers, guard, arguments."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import glmmvi as gv
from glmmvi.inference.cumulant_correction import CorrectedElbo
from glmmvi.inference.elbo_gradient import gradient_of
from glmmvi.inference.independent_parts import independent_parts
from glmmvi.inference.profiled_deviance import pack
from tests.results.test_generalized_pair import structured_fit

REFERENCE = Path(__file__).parents[1] / "reference"
FAST = gv.glmerControl(use_hessian=False)
CBPP = "cbind(incidence, size - incidence) ~ period + (1 | herd)"


def sds(fit):
    return np.array([factor[0, 0] for factor in fit.estimates.Lambda])


def test_the_gradient_is_that_of_the_corrected_elbo():
    """Differences of the whole of F2, with another step, along random directions."""
    fit = structured_fit("binary ~ x + (x | inner) + (1 | cross)", "binomial")
    system, state = fit.posterior.problem.system, fit.posterior.solution.state
    corrected = CorrectedElbo(system, independent_parts(system.arrays.terms), 40, 3)
    x = np.concatenate([pack(state.factorization.factors), state.beta])
    x[:4] += 0.3  # away from the ELBO's maximum

    def value(x):
        at = corrected.solve(x, state)
        return at.elbo + corrected.cumulants(x, at).half_variance

    at = corrected.solve(x, state)
    half = corrected.cumulants(x, at).half_variance
    by_variance = corrected.half_variance_gradient(x, at, np.full(x.size, 1e-3), half)
    gradient = np.concatenate(gradient_of(system, at)) + by_variance
    assert np.abs(by_variance).max() > 0.05 * np.abs(gradient).max()
    rng = np.random.default_rng(1)
    for _ in range(3):
        direction = rng.normal(size=x.size)
        direction /= np.linalg.norm(direction)
        slope = (value(x + 2e-3 * direction) - value(x - 2e-3 * direction)) / 4e-3
        assert_allclose(gradient @ direction, slope, rtol=5e-3, atol=5e-3)


def test_salamanders():
    """Crossed and binary: the sds come closer to maximum likelihood (README of the reference)."""
    data = pd.read_csv(REFERENCE / "check" / "salamander.csv")
    formula = "mate ~ female_type * male_type + (1 | female) + (1 | male)"
    plain = gv.glmer(formula, data, "binomial", control=FAST)
    fit = gv.glmer(formula, data, "binomial", correction="cumulant", control=FAST)
    assert_allclose(sds(plain), [1.158, 1.095], rtol=2e-3)
    assert_allclose(sds(fit), [1.173, 1.111], rtol=3e-3)
    exact = np.array([1.183, 1.118])
    assert (np.abs(sds(fit) - exact) < 0.7 * np.abs(sds(plain) - exact)).all()
    assert fit.log_likelihood > plain.elbo > fit.elbo
    check = fit.check(1000)
    assert abs(check.log_likelihood - fit.log_likelihood) < 0.05
    assert "the fit's own log likelihood" in check.verdict


def test_one_grouping_factor_comes_near_quadrature():
    bacteria = pd.read_csv(REFERENCE / "glmer" / "bacteria.csv")
    formula = "factor(y) ~ trt + I(week > 2) + (1 | ID)"
    exact = gv.glmer(formula, bacteria, "binomial", nAGQ=25)
    fit = gv.glmer(formula, bacteria, "binomial", correction="cumulant")
    assert_allclose(sds(fit), [1.310], rtol=5e-3)
    assert_allclose(sds(fit), sds(exact), rtol=5e-3)
    assert_allclose(fit.log_likelihood, exact.log_likelihood, atol=0.03)
    ses = np.sqrt(np.diag(fit.vcov())), np.sqrt(np.diag(exact.vcov()))
    assert_allclose(*ses, rtol=5e-3)
    printed = str(fit)
    assert "Cumulant Correction, Experimental" in printed
    assert "not a bound" in printed
    again = gv.glmer(formula, bacteria, "binomial", correction="cumulant", control=FAST)
    assert_allclose(again.log_likelihood, fit.log_likelihood, rtol=1e-12)


def test_extreme_clusters_are_refused():
    toenail = pd.read_csv(REFERENCE / "nagq" / "toenail_like.csv")
    formula = "y ~ treatment * time + (1 | id)"
    with pytest.warns(gv.errors.GlmmviWarning, match=r'"cumulant" is refused.*use nAGQ = 25'):
        fit = gv.glmer(formula, toenail, "binomial", correction="cumulant", control=FAST)
    plain = gv.glmer(formula, toenail, "binomial", control=FAST)
    assert_allclose(sds(fit), sds(plain), rtol=1e-5)
    assert_allclose(fit.vcov(), plain.vcov(), rtol=1e-3)
    assert fit.log_likelihood == fit.elbo
    assert "Correction" not in str(fit)


def test_a_singular_fit():
    """A variance of zero stays where it is: there is nothing to correct."""
    rng = np.random.default_rng(5)
    data = pd.DataFrame({"g": np.repeat(np.arange(12), 8), "y": np.tile([0, 1] * 4, 12)})
    data["h"] = rng.integers(0, 5, len(data))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = gv.glmer("y ~ 1 + (1 | g)", data, "binomial", correction="cumulant")
    assert fit.isSingular()
    assert_allclose(fit.log_likelihood, fit.elbo, atol=1e-9)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"correction": "cumulants"}, "correction='cumulants' is none of"),
        ({"correction": "cumulant", "nAGQ": 9}, "nAGQ = 9"),
        ({"correction": "cumulant", "nAGQ": 0}, "nAGQ = 0"),
        ({"correction": "cumulant", "method": "advi"}, "advi"),
        ({"correction": "cumulant", "priors": {"b": gv.Normal(0, 1)}}, "priors"),
        ({"correction": "cumulant", "family": "gaussian"}, "goes to lmer"),
    ],
)
def test_arguments_that_do_not_go_together(arguments, message):
    given = {"family": "binomial", **arguments}
    with pytest.raises(gv.errors.ArgumentError, match=message):
        gv.glmer(CBPP, gv.load_dataset("cbpp"), **given)
