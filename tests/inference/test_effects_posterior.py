"""The joint surrogate of all effects against dense linear algebra."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

import glmmvi as gv
from glmmvi.design.sparse_columns import sparse_columns
from glmmvi.inference.effects_posterior import combination_variance, draw_effects, sum_of_terms
from glmmvi.results.effects import effects_of


def olre():
    data = gv.load_dataset("cbpp").assign(obs=lambda d: range(len(d)))
    formula = "cbind(incidence, size - incidence) ~ period + (1 | herd) + (1 | obs)"
    return gv.glmer(formula, data, family="binomial")


def lmer(formula, data, **arguments):
    return lambda: gv.lmer(formula, gv.load_dataset(data), **arguments)


FITS = {
    "vector": lmer("Reaction ~ Days + (Days | Subject)", "sleepstudy"),
    "ml": lmer("Reaction ~ Days + (Days | Subject)", "sleepstudy", REML=False),
    "crossed": lmer("diameter ~ 1 + (1 | plate) + (1 | sample)", "Penicillin"),
    "nested": lmer("strength ~ 1 + (1 | batch / cask)", "Pastes"),
    "two terms": lmer("score ~ Machine + (Machine || Worker)", "Machines"),
    "generalized": olre,
}


def dense_covariance(fit):
    """Of (beta, u): the fixed effects' covariance and u's response to them, written out."""
    design, estimates = fit.design, fit.estimates
    solution = fit.posterior.solution
    linear = isinstance(fit, gv.LinearMixedFit)
    w = design.weights if linear else solution.state.curvature
    scale = estimates.sigma if linear else 1.0
    factors = [
        np.kron(np.eye(term.L), factor)
        for term, factor in zip(design.terms, estimates.Lambda, strict=True)
    ]
    A = sparse_columns(design.terms).toarray() @ sparse.block_diag(factors).toarray()
    precision = np.eye(A.shape[1]) + A.T @ (w[:, None] * A)
    gain = np.linalg.solve(precision, A.T @ (w[:, None] * design.X))
    V = estimates.beta_cov
    within = scale**2 * np.linalg.inv(precision) + gain @ V @ gain.T
    return np.block([[V, -V @ gain.T], [-gain @ V, within]]), np.hstack([design.X, A])


@pytest.mark.filterwarnings("ignore:boundary")
@pytest.mark.parametrize("name", FITS)
def test_variance_and_draws_are_those_of_the_dense_posterior(name):
    fit = FITS[name]()
    covariance, rows = dense_covariance(fit)
    expected = np.einsum("ij,jk,ik->i", rows, covariance, rows)
    effects = effects_of(fit.posterior)
    terms = fit.design.terms
    Z = {r: sparse_columns(term) for r, term in enumerate(terms)}
    np.testing.assert_allclose(combination_variance(effects, fit.design.X, Z), expected, rtol=1e-9)

    draws = draw_effects(effects, 2000, np.random.default_rng(3))
    eta = draws.beta @ fit.design.X.T
    eta += sum_of_terms([t.Z for t in terms], [t.codes for t in terms], draws.b)
    z = (eta.mean(axis=0) + fit.design.offset - fit.predict()) / np.sqrt(expected / 2000)
    assert np.abs(z).max() < 4.5
    ratio = eta.var(axis=0) / expected
    assert abs(ratio.mean() - 1.0) < 0.06
    assert np.abs(ratio - 1.0).max() < 0.2


def test_rows_that_the_fit_did_not_see_have_their_variance_too():
    # a level of cask under another batch than its own: two levels of one term meet in a row
    fit = FITS["nested"]()
    covariance, rows = dense_covariance(fit)
    terms = fit.design.terms
    n = fit.design.n
    shuffled = np.random.default_rng(1).permutation(n)
    Z = {0: sparse_columns(terms[0]), 1: sparse_columns(terms[1])[shuffled]}
    at = fit.design.p + Z[0].shape[1]
    mixed = np.hstack([rows[:, :at], rows[shuffled][:, at:]])
    expected = np.einsum("ij,jk,ik->i", mixed, covariance, mixed)
    actual = combination_variance(effects_of(fit.posterior), fit.design.X, Z)
    np.testing.assert_allclose(actual, expected, rtol=1e-9)
