"""``fit.check()``: the pair's densities at the same draws, and what the verdict says."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import glmmvi as gv
from glmmvi.inference.importance_ratios import (
    generalized_ratios,
    linear_ratios,
    paired_normals,
    pairs_per_chunk,
)
from glmmvi.inference.independent_parts import independent_parts
from glmmvi.inference.linear_mixed import posterior_of
from glmmvi.inference.surrogate_draws import deviations, surrogate_roots
from glmmvi.model.latent_names import latent_names
from glmmvi.results.engine_arrays import generalized_arrays
from tests.results.test_generalized_pair import STRUCTURES, structured_data, structured_fit

REFERENCE = Path(__file__).parents[1] / "reference"


def quiet(fitter, *arguments, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return fitter(*arguments, **options)


def pair_ratios(fit, **latents):
    """``log p - log q`` by TFP, at given latent variables."""
    target = fit.joint_distribution.experimental_pin(y=fit.design.y)
    return (target.log_prob(**latents) - fit.surrogate_posterior.log_prob(**latents)).numpy()


def test_log_ratios_are_those_of_the_pair():
    fit = structured_fit(*STRUCTURES["nested, crossed, slopes"])
    problem, solution = fit.posterior.problem, fit.posterior.solution
    state, system = solution.state, problem.system
    [normals] = list(paired_normals(state.factorization, 6, 6, 5))
    parts = independent_parts(system.arrays.terms)
    [found] = list(generalized_ratios(system, state, fit.dispersion, parts, iter([normals])))
    drawn = deviations(surrogate_roots(state.factorization), normals)
    names = latent_names((term.label for term in fit.design.terms), "u")
    for ours, sign in zip(found.joint, (1.0, -1.0), strict=True):
        of_terms = zip(names, solution.u_mean, drawn, solution.rotations, strict=True)
        latents = {name: mean + sign * e @ turn.T for name, mean, e, turn in of_terms}
        assert_allclose(ours, pair_ratios(fit, **latents), rtol=1e-11)


@pytest.mark.parametrize("reml", [True, False])
def test_a_linear_model_is_exact(reml):
    data = structured_data()
    fit = quiet(
        gv.lmer,
        "log(count + 1) ~ x + (x | inner) + (1 | cross)",
        data,
        REML=reml,
        weights="w",
        offset="o",
    )
    check = fit.check()
    assert check.exact
    assert check.verdict.startswith("exact")
    assert check.draws == 100
    assert_allclose(check.log_likelihood, fit.elbo, rtol=1e-12)
    assert "all ratios are equal" in str(check)
    # and a surrogate that is not the posterior is not said to be
    solution = fit.posterior.solution
    gaussian = posterior_of(fit.posterior.problem, solution)
    f = gaussian.factorization
    p = f.structure.p if reml else 0
    off = tuple(u + 0.1 for u in solution.u_mean)
    ratios = linear_ratios(
        generalized_arrays(fit.design),
        gaussian,
        solution.Lambda,
        off,
        solution.beta,
        paired_normals(f, 20, 20, 1, p=p),
    )
    assert np.ptp(next(iter(ratios)).joint) > 0.1


def test_one_grouping_factor():
    cbpp = gv.load_dataset("cbpp")
    formula = "cbind(incidence, size - incidence) ~ period + (1 | herd)"
    fit = gv.glmer(formula, cbpp, family="binomial")
    check = fit.check()
    assert check.verdict == "the Gaussian surrogate is within 0.05 nats of the log likelihood"
    assert check.quadrature == pytest.approx(fit.gap(41).log_likelihood, abs=1e-9)
    error = check.importance_log_likelihood - check.quadrature
    assert abs(error) < 4.0 * check.importance_error < 0.02
    assert str(check) == str(fit.check())
    assert str(check) != str(fit.check(seed=2))
    assert check.importance.parts == 15
    for line in ("Pareto k-hat", "Effective sample size", "ELBO", "Verdict", "2000 draws, seed 1"):
        assert line in str(check)


def test_small_binary_clusters_are_said_to_be_low():
    toenail = pd.read_csv(REFERENCE / "nagq" / "toenail_like.csv")
    control = gv.glmerControl(use_hessian=False)
    fit = quiet(gv.glmer, "y ~ treatment * time + (1 | id)", toenail, "binomial", control=control)
    check = fit.check(400)
    assert check.gap == pytest.approx(fit.gap(41).total, abs=1e-9)
    assert 8.8 < check.gap < 9.1
    assert check.verdict == f"the Gaussian surrogate is {check.gap:.1f} nats low: use nAGQ = 25"
    assert check.pareto_k > check.reliable_k
    again = quiet(
        gv.glmer, "y ~ treatment * time + (1 | id)", toenail, "binomial", nAGQ=25, control=control
    ).check(100)
    assert again.verdict.startswith("the Gaussian surrogate is ")
    assert "the fit's own log likelihood is" in again.verdict
    assert again.fit_log_likelihood == pytest.approx(again.quadrature, abs=1e-2)


def test_nested_and_crossed_designs():
    nested = structured_fit(*STRUCTURES["nested"]).check(200)
    assert nested.importance.parts == 5
    assert nested.quadrature is None
    crossed = structured_fit(*STRUCTURES["crossed"]).check(1000)
    assert crossed.importance.parts == 1
    assert abs(crossed.gap - crossed.importance.half_variance) < 0.1
    immun = pd.read_csv(REFERENCE / "glmer" / "guImmun.csv")
    fit = quiet(
        gv.glmer,
        "factor(immun) ~ kid2p + rural + pcInd81 + (1 | mom) + (1 | comm)",
        immun,
        "binomial",
        control=gv.glmerControl(use_hessian=False),
    )
    check = fit.check(500)
    assert check.importance.parts == 161
    assert 'nats low: use correction="cumulant"' in check.verdict
    other = fit.check(500, seed=2)
    assert abs(check.gap - other.gap) < 5.0 * check.importance_error < 1.0


def test_memory_is_bounded_by_chunks():
    fit = structured_fit(*STRUCTURES["crossed"])
    arrays = fit.posterior.problem.system.arrays
    assert pairs_per_chunk(arrays) * 2 * (arrays.n + sum(t.q for t in arrays.terms)) <= 131_072
    assert 50 < pairs_per_chunk(arrays) < 500  # so that a check takes several


def test_fits_with_priors():
    data, prior = structured_data(), {"b": gv.Normal(0.0, 1.0)}
    formula = "cbind(s, f) ~ x + (1 | inner)"
    check = quiet(gv.glmer, formula, data, "binomial", priors=prior).check(200)
    assert check.verdict.startswith("the Gaussian surrogate is within")
    assert abs(check.importance_log_likelihood - check.quadrature) < 5 * check.importance_error
    formula = "log(count + 1) ~ x + (1 | inner)"
    assert quiet(gv.lmer, formula, data, priors=prior, REML=False).check().exact
    with pytest.raises(gv.errors.ArgumentError, match="check a fit with REML=False"):
        quiet(gv.lmer, formula, data, priors=prior).check()
    with pytest.raises(gv.errors.ArgumentError, match="covers the covariance parameters too"):
        quiet(gv.lmer, formula, data, theta_posterior=True).check()


@pytest.mark.parametrize(
    ("arguments", "culprit"),
    [({"draws": 3}, "draws=3"), ({"draws": True}, "draws=True"), ({"seed": -1}, "seed=-1")],
)
def test_arguments(arguments, culprit):
    fit = quiet(gv.lmer, "Reaction ~ Days + (1 | Subject)", gv.load_dataset("sleepstudy"))
    with pytest.raises(gv.errors.ArgumentError, match=culprit):
        fit.check(**arguments)
