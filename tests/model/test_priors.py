"""Priors: who gets which, and their densities."""

from __future__ import annotations

import numpy as np
import pytest
from dense_gaussian_reference import make_design, make_term
from scipy import stats

from glmmvi.errors import ArgumentError
from glmmvi.model.prior_mapping import resolve_priors
from glmmvi.model.priors import (
    LKJ,
    Exponential,
    Flat,
    HalfCauchy,
    HalfNormal,
    Normal,
    StudentT,
)


@pytest.fixture
def design():
    rng = np.random.default_rng(1)
    x = rng.normal(size=20)
    X = np.column_stack([np.ones(20), x])
    codes = np.arange(20) % 4
    terms = [make_term("county", codes, X), make_term("floor", codes, np.ones((20, 1)))]
    y = rng.normal(size=20)
    return make_design(y, X, terms, column_names=("(Intercept)", "floor"))


def test_the_more_particular_key_wins(design):
    priors = resolve_priors(
        design,
        {
            "b": Normal(0, 5),
            ("b", "floor"): StudentT(4, 0, 1),
            "sd": Exponential(2),
            "county": HalfNormal(1),
            "county.z1": HalfCauchy(3),
            "cor": LKJ(2),
            "sigma": HalfNormal(9),
        },
    )
    assert priors.beta == (Normal(0, 5), StudentT(4, 0, 1))
    assert priors.sds == ((HalfNormal(1), HalfCauchy(3)), (Exponential(2),))
    assert priors.correlations == (LKJ(2), None)
    assert priors.sigma == HalfNormal(9)


def test_defaults_follow_the_units_of_the_data(design):
    priors = resolve_priors(design, sigma=None)
    assert priors.beta == (Flat(), Flat())
    scale = 2.5 * design.y.std()
    assert priors.sigma == HalfCauchy(scale)
    slope_rms = np.sqrt(np.mean(design.X[:, 1] ** 2))
    assert priors.sds[0] == (HalfCauchy(scale), HalfCauchy(scale / slope_rms))
    assert resolve_priors(design, sigma=1.0).sigma is None


@pytest.mark.parametrize(
    ("priors", "match"),
    [
        ({"flor": Normal()}, "did you mean 'floor'"),
        ({"County": HalfNormal()}, "did you mean 'county'"),
        ({("sd", "conty"): HalfNormal()}, "not a parameter"),
        ({"floor": Normal()}, "names two parameters.*'b', 'floor'.*'sd', 'floor'"),
        ({"county": Normal()}, "not a prior for a standard deviation; use one of HalfNormal"),
        ({"(Intercept)": HalfNormal()}, "not a prior for a coefficient"),
        ({"cor": HalfNormal()}, "use one of LKJ"),
        ({"b": 1.0}, "1.0 is not a prior"),
    ],
)
def test_what_is_not_understood_is_an_error(design, priors, match):
    with pytest.raises(ArgumentError, match=match):
        resolve_priors(design, priors)


def test_sigma_is_fixed_or_has_a_prior(design):
    with pytest.raises(ArgumentError, match="only one"):
        resolve_priors(design, {"sigma": HalfNormal()}, sigma=1.0)


def test_scales_must_be_positive():
    with pytest.raises(ArgumentError, match="scale must be a positive number"):
        HalfNormal(0.0)
    with pytest.raises(ArgumentError, match="df"):
        StudentT(-1.0)


def test_columnwise_density_and_draws():
    from glmmvi.model.columnwise_prior import ColumnwisePrior

    priors = [Normal(1, 2), Flat(), StudentT(3, 0.5, 2), Normal(-1, 0.5)]
    prior = ColumnwisePrior(priors, name="beta")
    x = np.array([[0.3, 7.0, -1.0, 0.2], [1.0, 2.0, 3.0, 4.0]])
    expected = (
        stats.norm(1, 2).logpdf(x[:, 0])
        + stats.t(3, 0.5, 2).logpdf(x[:, 2])
        + stats.norm(-1, 0.5).logpdf(x[:, 3])
    )
    np.testing.assert_allclose(prior.log_prob(x), expected, rtol=1e-12)
    with pytest.raises(ArgumentError, match="flat prior"):
        prior.sample(seed=(1, 2))

    scales = [HalfCauchy(2), HalfNormal(3), Exponential(4), HalfCauchy(0.1)]
    prior = ColumnwisePrior(scales, name="sds", positive=True)
    s = np.array([0.5, 1.5, 0.2, 0.3])
    expected_sum = (
        stats.halfcauchy(0, 2).logpdf(0.5)
        + stats.halfnorm(0, 3).logpdf(1.5)
        + stats.expon(0, 1 / 4).logpdf(0.2)
        + stats.halfcauchy(0, 0.1).logpdf(0.3)
    )
    np.testing.assert_allclose(prior.log_prob(s), expected_sum, rtol=1e-12)
    draws = prior.sample(20_000, seed=(1, 2)).numpy()
    # in the order of the priors, though families are drawn together
    medians = [2.0, 3 * stats.halfnorm.median(), np.log(2) / 4, 0.1]
    np.testing.assert_allclose(np.median(draws, axis=0), medians, rtol=0.05)
