"""TFP distributions and members of tfp.glm as families."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

from glmmvi.errors import ArgumentError, DataError
from glmmvi.inference.likelihood import make_likelihood
from glmmvi.model.families import (
    Family,
    Gamma,
    binomial,
    gaussian,
    nbinom2,
    negative_binomial,
    poisson,
    resolve_family,
)

N = 9
RNG = np.random.default_rng(3)
COUNTS = RNG.poisson(3.0, N).astype(float)
BINARY = RNG.integers(0, 2, N).astype(float)
POSITIVE = RNG.gamma(2.0, 1.0, N)
REAL = RNG.normal(size=N)
WEIGHTS = RNG.uniform(0.5, 2.0, N)
MEAN, VARIANCE = RNG.normal(0.7, 0.3, N), RNG.uniform(0.01, 0.3, N)
NONE = np.empty(0)


@pytest.fixture(scope="module")
def tfp() -> Any:
    return pytest.importorskip("tensorflow_probability")


def same(a: Family, b: Family, y: np.ndarray, weights: np.ndarray | None, shift: Any = 0.0) -> None:
    """Both families say the same about `y`, up to a constant `shift` of the predictor."""
    first, second = (
        make_likelihood(a.bind(y, weights), nodes=31),
        make_likelihood(b.bind(y, weights), nodes=31),
    )
    dispersion = second.start()[1]
    got = first.expect(MEAN + shift, VARIANCE, dispersion)
    expected = second.expect(MEAN, VARIANCE, dispersion)
    np.testing.assert_allclose(got.value, expected.value, rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(got.score, expected.score, rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(got.curvature, expected.curvature, rtol=1e-7, atol=1e-8)
    np.testing.assert_allclose(
        got.dispersion_score, expected.dispersion_score, rtol=1e-8, atol=1e-8
    )
    for mine, theirs in zip(
        first.pointwise(MEAN + shift, dispersion), second.pointwise(MEAN, dispersion), strict=True
    ):
        np.testing.assert_allclose(mine, theirs, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_negative_binomial_is_the_built_in_one(tfp: Any, jit_compile: bool) -> None:
    tfd = tfp.distributions
    family = Family.from_tfp(
        lambda eta, phi: tfd.NegativeBinomial(phi.theta, logits=eta - _log(phi.theta)),
        link="log",
        dispersion={"theta": "positive"},
        jit_compile=jit_compile,
    )
    assert (family.name, family.link_name) == ("NegativeBinomial", "log")
    assert family.dispersion_names == ("theta",)
    same(family, nbinom2(), COUNTS, WEIGHTS)


def _log(x: Any) -> Any:
    import tensorflow as tf

    return tf.math.log(x)


def test_a_distribution_that_is_not_built_in(tfp: Any) -> None:
    """Gumbel with a bijector for its scale."""
    tfd, tfb = tfp.distributions, tfp.bijectors
    family = Family.from_tfp(
        lambda eta, phi: tfd.Gumbel(eta, phi["scale"]),
        dispersion={"scale": tfb.Softplus()},
        start=2.0,
        name="gumbel",
    )
    likelihood = make_likelihood(family.bind(REAL, WEIGHTS))
    _, dispersion = likelihood.start()
    np.testing.assert_allclose(family.to_natural(dispersion), [2.0])
    z = (REAL - MEAN) / 2.0
    value, first, second = likelihood.pointwise(MEAN, dispersion)
    np.testing.assert_allclose(value, WEIGHTS * (-z - np.exp(-z) - np.log(2.0)))
    np.testing.assert_allclose(first, WEIGHTS * (1.0 - np.exp(-z)) / 2.0)
    np.testing.assert_allclose(second, -WEIGHTS * np.exp(-z) / 4.0)
    closed = -(REAL - MEAN) / 2.0 - np.exp(-z + VARIANCE / 8.0) - np.log(2.0)
    got = likelihood.expect(MEAN, VARIANCE, dispersion)
    np.testing.assert_allclose(got.value, WEIGHTS * closed, rtol=1e-9)
    step = 1e-5
    sides = [likelihood.expect(MEAN, VARIANCE, dispersion + s).value.sum() for s in (step, -step)]
    np.testing.assert_allclose(got.dispersion_score, (sides[0] - sides[1]) / (2 * step), rtol=1e-6)
    mean = family.response_mean(MEAN, dispersion)
    np.testing.assert_allclose(mean, MEAN + 2.0 * np.euler_gamma)
    draws = family.simulate(np.tile(MEAN, (40_000, 1)), dispersion, np.random.default_rng(0))
    np.testing.assert_allclose(draws.mean(axis=0), mean, atol=0.1)
    again = family.simulate(np.tile(MEAN, (40_000, 1)), dispersion, np.random.default_rng(0))
    assert (draws == again).all()


def test_totals_reach_the_distribution(tfp: Any) -> None:
    tfd = tfp.distributions
    family = Family.from_tfp(
        lambda eta, phi, totals: tfd.Binomial(totals, logits=eta), link="logit"
    )
    totals = np.arange(1.0, N + 1.0)
    shares = np.round(totals * 0.4) / totals
    a, b = family.bind(shares, None, totals), binomial().bind(shares, None, totals)
    np.testing.assert_allclose(a.pointwise(MEAN, NONE)[0], b.pointwise(MEAN, NONE)[0], atol=1e-12)
    np.testing.assert_allclose(
        family.bind(shares, totals).pointwise(MEAN, NONE)[0], b.pointwise(MEAN, NONE)[0], atol=1e-12
    )


def test_one_argument_and_errors(tfp: Any) -> None:
    tfd = tfp.distributions
    family = Family.from_tfp(lambda eta: tfd.Poisson(log_rate=eta), link="log")
    same(family, poisson(), COUNTS, WEIGHTS)
    with pytest.raises(ArgumentError, match=r'link "logg" is not known.*"log"'):
        Family.from_tfp(lambda eta: tfd.Poisson(log_rate=eta), link="logg")
    with pytest.raises(ArgumentError, match=r'unknown support "positiv".*"positive"'):
        Family.from_tfp(lambda eta, phi: tfd.Normal(eta, phi.s), dispersion={"s": "positiv"})
    with pytest.raises(ArgumentError, match="must take eta, phi"):
        Family.from_tfp(lambda eta: tfd.Normal(eta, 1.0), dispersion={"s": "positive"})
    with pytest.raises(ArgumentError, match="start has 2 values for 1"):
        Family.from_tfp(
            lambda eta, phi: tfd.Normal(eta, phi.s), dispersion={"s": "positive"}, start=[1, 2]
        )
    with pytest.raises(DataError, match="has no density at the response of row 0"):
        Family.from_tfp(lambda eta: tfd.Gamma(2.0, log_rate=-eta), link="log").bind([-1.0, 1.0])


def members(tfp: Any) -> dict[str, tuple[Any, Family | None, np.ndarray, float]]:
    """The thirteen: member, built-in family that it equals (if any), response, shift of eta."""
    glm = tfp.glm
    return {
        "Bernoulli": (glm.Bernoulli(), binomial(), BINARY, 0.0),
        "BernoulliNormalCDF": (glm.BernoulliNormalCDF(), binomial("probit"), BINARY, 0.0),
        "Binomial": (glm.Binomial(5.0), None, np.minimum(COUNTS, 5.0), 0.0),
        "GammaExp": (glm.GammaExp(2.0), Gamma("log"), POSITIVE, -np.log(2.0)),
        "GammaSoftplus": (glm.GammaSoftplus(2.0), None, POSITIVE, 0.0),
        "LogNormal": (glm.LogNormal(), None, POSITIVE, 0.0),
        "LogNormalSoftplus": (glm.LogNormalSoftplus(), None, POSITIVE, 0.0),
        "NegativeBinomial": (glm.NegativeBinomial(2.0), negative_binomial(2.0), COUNTS, 0.0),
        "NegativeBinomialSoftplus": (glm.NegativeBinomialSoftplus(2.0), None, COUNTS, 0.0),
        "Normal": (glm.Normal(1.5), gaussian(), REAL, 0.0),
        "NormalReciprocal": (glm.NormalReciprocal(1.5), gaussian("inverse"), POSITIVE, 0.0),
        "Poisson": (glm.Poisson(), poisson(), COUNTS, 0.0),
        "PoissonSoftplus": (glm.PoissonSoftplus(), None, COUNTS, 0.0),
    }


NAMES = [
    "Bernoulli",
    "BernoulliNormalCDF",
    "Binomial",
    "GammaExp",
    "GammaSoftplus",
    "LogNormal",
    "LogNormalSoftplus",
    "NegativeBinomial",
    "NegativeBinomialSoftplus",
    "Normal",
    "NormalReciprocal",
    "Poisson",
    "PoissonSoftplus",
]


@pytest.mark.parametrize("name", NAMES)
def test_member_of_tfp_glm(tfp: Any, name: str) -> None:
    import tensorflow as tf

    member, _, y, _ = members(tfp)[name]
    family = resolve_family(member)
    assert family.name == name
    density = family.bind(y, WEIGHTS)
    likelihood = make_likelihood(density)
    eta, dispersion = likelihood.start()
    assert dispersion.shape == (0,)
    assert np.isfinite(eta).all()
    value, first, second = likelihood.pointwise(MEAN, dispersion)
    expected = member.log_prob(tf.constant(y), tf.constant(MEAN)).numpy()
    np.testing.assert_allclose(value, WEIGHTS * expected, rtol=1e-12)
    step = 1e-5
    right, left = (likelihood.pointwise(MEAN + s, dispersion) for s in (step, -step))
    np.testing.assert_allclose(first, (right[0] - left[0]) / (2 * step), rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(second, (right[1] - left[1]) / (2 * step), rtol=1e-5, atol=1e-7)
    narrow = likelihood.expect(MEAN, np.full(N, 1e-6), dispersion)
    np.testing.assert_allclose(narrow.value, value + 0.5e-6 * second, rtol=1e-7, atol=1e-8)
    mean, variance, _ = (part.numpy() for part in member(tf.constant(MEAN)))
    mu = family.inverse_link(MEAN)
    if not name.startswith("LogNormal"):
        np.testing.assert_allclose(family.response_mean(mu), mean, rtol=1e-9)
        np.testing.assert_allclose(family.response_variance(mu), variance, rtol=1e-9)
    sample = family.simulate(np.tile(MEAN, (40_000, 1)), dispersion, np.random.default_rng(0))
    sd = np.sqrt(family.response_variance(mu) / 40_000)
    assert (np.abs(sample.mean(axis=0) - family.response_mean(mu)) < 6 * sd).all()
    assert (np.abs(family.inverse_link(family.link(mu)) - mu) < 1e-9).all()


@pytest.mark.parametrize(
    "name",
    [
        "Bernoulli",
        "BernoulliNormalCDF",
        "GammaExp",
        "NegativeBinomial",
        "Normal",
        "NormalReciprocal",
        "Poisson",
    ],
)
def test_member_that_is_a_built_in_family(tfp: Any, name: str) -> None:
    member, family, y, shift = members(tfp)[name]
    assert family is not None
    density = resolve_family(member).bind(y)
    expected = family.bind(y)
    dispersion = np.log([{"GammaExp": np.sqrt(0.5)}.get(name, 1.5)] * expected.n_dispersion)
    a, b = make_likelihood(density, nodes=31), make_likelihood(expected, nodes=31)
    # GammaExp(c) has mean c exp(eta): its predictor is ours less log(c).
    got = a.expect(MEAN + shift, VARIANCE, NONE)
    ours = b.expect(MEAN, VARIANCE, dispersion)
    np.testing.assert_allclose(got.value, ours.value, rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(got.score, ours.score, rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(got.curvature, ours.curvature, rtol=1e-7, atol=1e-8)


def test_custom_member_and_class(tfp: Any) -> None:
    tfd, tfb = tfp.distributions, tfp.bijectors
    custom = tfp.glm.CustomExponentialFamily(tfd.Poisson, tfb.Exp())
    same(resolve_family(custom), poisson(), COUNTS, WEIGHTS)
    assert resolve_family(tfp.glm.Poisson).name == "Poisson"
    with pytest.raises(DataError, match=r"tfp.glm.Binomial has 3 trials a row"):
        resolve_family(tfp.glm.Binomial(3.0)).bind(BINARY, None, np.full(N, 2.0))


@pytest.mark.parametrize("name", ["Bernoulli", "BernoulliNormalCDF", "Poisson", "NegativeBinomial"])
def test_moderate_tails(tfp: Any, name: str) -> None:
    member, _, y, _ = members(tfp)[name]
    likelihood = make_likelihood(resolve_family(member).bind(y))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for eta in (-25.0, 25.0):
            got = likelihood.expect(np.full(N, eta), np.full(N, 1.0), NONE)
            assert np.isfinite(got.value).all()
            assert np.isfinite(got.score).all()
