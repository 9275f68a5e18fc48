"""nAGQ as an argument, and what the printouts say about it."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import glmmvi as gv
from glmmvi.errors import ArgumentError
from glmmvi.results import surrogate_gap

CBPP = "cbind(incidence, size - incidence) ~ period + (1 | herd)"


def cbpp_fit(**arguments):
    return gv.glmer(CBPP, gv.load_dataset("cbpp"), "binomial", **arguments)


@pytest.mark.parametrize("wrong", [2.5, "9", True, None, float("nan"), [9]])
def test_what_is_not_a_whole_number(wrong):
    with pytest.raises(ArgumentError, match=r"nAGQ=.* is not a whole number: use 0 \(fast\)"):
        cbpp_fit(nAGQ=wrong)


@pytest.mark.parametrize("wrong", [-1, 101])
def test_what_is_not_in_lme4s_range(wrong):
    with pytest.raises(ArgumentError, match="is not between 0 and 100"):
        cbpp_fit(nAGQ=wrong)


def small_data(n_levels=20, rows=6, seed=8):
    rng = np.random.default_rng(seed)
    n = n_levels * rows
    g = np.repeat(np.arange(n_levels), rows)
    data = pd.DataFrame({"g": g, "h": np.tile(np.arange(rows), n_levels)})
    data["x"], data["z"], data["v"] = rng.normal(size=(3, n))
    b = rng.normal(size=(n_levels, 2)) * [0.7, 0.4]
    data["count"] = rng.poisson(np.exp(0.5 + b[g, 0] + (0.3 + b[g, 1]) * data["x"]))
    return data


def test_what_quadrature_cannot_integrate():
    data = small_data(rows=8)
    with pytest.raises(ArgumentError, match=r"single grouping factor .* 2 grouping factors: g, h"):
        gv.glmer("count ~ x + (1 | g) + (1 | h)", data, "poisson", nAGQ=5)
    with pytest.raises(ArgumentError, match=r"4 columns of random effects for g.*nAGQ = 1"):
        gv.glmer("count ~ x + (x + z + v | g)", data, "poisson", nAGQ=5)
    with pytest.raises(ArgumentError, match="goes to lmer"):
        gv.glmer("count ~ x + (1 | g)", data, nAGQ=5)


def test_titles_and_notes():
    texts = {k: str(cbpp_fit(nAGQ=k)) for k in (0, 1, 25)}
    for k in (0, 25):
        title = f"(Adaptive\n  Gauss-Hermite Quadrature, nAGQ = {k}) [glmerMod]\n"
        assert title in texts[k]
    assert "(Variational\n  Approximation) [glmerMod]\n" in texts[1]
    assert texts[1].endswith("The log likelihood is a lower bound (variational approximation).")
    assert "Laplace's approximation" in texts[0]
    assert "bound" not in texts[0] + texts[25]
    assert "nats" not in "".join(texts.values())


def test_vector_valued_terms_and_the_bound():
    data = small_data()
    for formula in ("count ~ x + (x | g)", "count ~ x + (x || g)"):
        bound, exact = (gv.glmer(formula, data, "poisson", nAGQ=k) for k in (1, 11))
        assert exact.optimization.converged
        gap = exact.gap(11)
        assert_allclose(gap.log_likelihood, float(exact.logLik()), rtol=1e-10)
        assert_allclose(gap.elbo, exact.elbo, rtol=1e-10)
        assert gap.levels.index.name == "g"
        assert (gap.levels["gap"] > 0.0).all()
        assert exact.elbo <= bound.elbo <= float(exact.logLik())
        assert float(bound.gap(11).log_likelihood) <= float(exact.logLik()) + 1e-9


def test_without_the_hessian():
    with_it, without = (
        cbpp_fit(nAGQ=9, control=gv.glmerControl(use_hessian=use)) for use in (True, False)
    )
    assert_allclose(without.fixef(), with_it.fixef(), rtol=1e-6)
    se, given_theta = (np.sqrt(np.diag(fit.vcov())) for fit in (with_it, without))
    assert (given_theta < se).all()
    assert_allclose(given_theta, se, rtol=0.1)
    assert without.dispersion_cov is None


@pytest.mark.parametrize("nAGQ", [0, 1, 7])
def test_singular_fits(nAGQ):
    """No variance between the levels: the others are the glm's estimates."""
    rng = np.random.default_rng(2)
    data = pd.DataFrame({"g": np.repeat(np.arange(12), 10), "x": rng.normal(size=120)})
    data["y"] = rng.permutation(np.tile([0.0, 1.0], 60))
    data = data.sort_values(["g", "y"]).assign(y=np.tile([0.0, 1.0], 60))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", gv.errors.SingularFitMessage)
        fit = gv.glmer("y ~ x + (1 | g)", data, "binomial", nAGQ=nAGQ)
    assert fit.isSingular()
    assert fit.optimization.converged
    assert_allclose(fit.estimates.theta, 0.0, atol=1e-6)
    eta = np.asarray(fit.fitted())
    assert_allclose(np.sum(data["y"] - eta), 0.0, atol=1e-5)
    assert_allclose(float(fit.logLik()), np.log(np.where(data["y"] == 1, eta, 1 - eta)).sum())


def test_standard_errors_on_the_boundary_are_the_glms():
    rng = np.random.default_rng(1)
    data = pd.DataFrame({"g": np.repeat(np.arange(30), 8), "x": rng.normal(size=240)})
    mean = 1.0 / (1.5 + 0.2 * data["x"].clip(-2, 2))
    data["y"] = rng.gamma(3.0, mean / 3.0)
    for _, part in data.groupby("g"):  # less alike within the levels than by chance
        data.loc[part.index, "y"] *= (mean[part.index].sum() / part["y"].sum()) ** 0.5
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", gv.errors.SingularFitMessage)
        fits = [gv.glmer("y ~ x + (1 | g)", data, gv.Gamma("inverse"), nAGQ=k) for k in (1, 9)]
    for fit in fits:
        assert fit.estimates.theta[0] == 0.0
    eta = fits[1].fixef().iloc[0] + fits[1].fixef().iloc[1] * data["x"]
    X = np.column_stack([np.ones(240), data["x"]])
    information = (X / np.asarray(eta**2)[:, None]).T @ X / fits[1].sigma() ** 2
    for fit in fits:
        assert_allclose(fit.vcov(), np.linalg.inv(information), rtol=0.02, atol=1e-5)


def test_large_data_are_not_integrated_unasked(monkeypatch):
    data = small_data()
    fit = gv.glmer("I(count > 2) ~ x + (1 | g)", data, "binomial")
    monkeypatch.setattr(surrogate_gap, "LARGE_GAP", 0.0)
    assert len(surrogate_gap.gap_notes(fit)) == 1
    monkeypatch.setattr(surrogate_gap, "_MOST_CELLS", len(data) * 15 - 1)
    assert surrogate_gap.gap_notes(fit) == ()


def test_start_is_where_it_starts():
    again = cbpp_fit(nAGQ=9, start=[2.0])
    assert_allclose(again.estimates.theta, cbpp_fit(nAGQ=9).estimates.theta, rtol=1e-5)


def test_gap_refuses_what_it_cannot_integrate():
    data = small_data()
    crossed = gv.glmer("count ~ x + (1 | g) + (1 | h)", data, "poisson")
    with pytest.raises(ArgumentError, match=r"one grouping factor .* this fit has 2 over g, h"):
        crossed.gap()
    assert "nats" not in str(crossed)
    with pytest.raises(ArgumentError, match="nodes=0 is not a positive whole number"):
        cbpp_fit().gap(0)
