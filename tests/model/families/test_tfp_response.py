"""The response as a TFP distribution says what the density and the simulation say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from family_cases import CASES, IDS, Case, N

from glmmvi.model.families import Family, binomial, nbinom2, poisson, resolve_family

tf: Any = pytest.importorskip("tensorflow")
tfp: Any = pytest.importorskip("tensorflow_probability")
from glmmvi.model.families.tfp_response import response_distribution  # noqa: E402


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_log_density_and_its_derivatives(case: Case) -> None:
    family = case.family.for_response(case.y)
    density = case.family.bind(case.y, case.weights)
    dispersion = density.starting_dispersion + 0.1
    eta = case.mean + case.sd * np.array([[-2.0], [0.0], [1.5]])

    def log_prob(eta: Any, dispersion: Any) -> Any:
        y = response_distribution(family, eta, dispersion, weights=case.weights)
        assert tuple(y.batch_shape) == tuple(eta.shape)
        assert tuple(y.event_shape) == ()
        return y.log_prob(case.y)

    predictor, phi = tf.constant(eta), tf.constant(dispersion)
    with tf.GradientTape() as tape:
        tape.watch((predictor, phi))
        value = log_prob(predictor, phi)
    by_eta, by_dispersion = tape.gradient(value, (predictor, phi))
    expected, first, _ = density.pointwise(eta, dispersion)
    np.testing.assert_allclose(value.numpy(), expected, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(by_eta.numpy(), first, rtol=1e-7, atol=1e-8)
    if len(dispersion):
        step = 1e-5

        def total(shift: np.ndarray) -> float:
            return float(density.pointwise(eta, dispersion + shift)[0].sum())

        steps = np.eye(len(dispersion)) * step
        slopes = [(total(shift) - total(-shift)) / (2 * step) for shift in steps]
        np.testing.assert_allclose(by_dispersion.numpy(), slopes, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("case", CASES[::3], ids=IDS[::3])
def test_draws_have_the_moments_of_the_simulation(case: Case) -> None:
    family = case.family.for_response(case.y)
    dispersion = case.family.bind(case.y, case.weights).starting_dispersion
    y = response_distribution(family, case.mean, dispersion, weights=case.weights)
    draws = y.sample(20_000, seed=(1, 2)).numpy()
    assert draws.shape == (20_000, N)
    rng = np.random.default_rng(2)
    eta = np.broadcast_to(case.mean, draws.shape)
    ours = family.simulate(eta, dispersion, rng, weights=case.weights)
    error = np.sqrt((ours.var(axis=0) + draws.var(axis=0)) / 20_000)
    assert (np.abs(draws.mean(axis=0) - ours.mean(axis=0)) < 5 * error).all()


def test_dispersion_may_have_sample_dimensions() -> None:
    y = np.array([0.0, 2.0, 5.0])
    eta, phi = np.zeros((4, 3)), np.linspace(-1.0, 1.0, 4)[:, None]
    got = response_distribution(nbinom2(), eta, phi).log_prob(y).numpy()
    density = nbinom2().bind(y)
    expected = [density.pointwise(np.zeros(3), row)[0] for row in phi]
    np.testing.assert_allclose(got, expected, rtol=1e-10)


def test_totals_and_weights() -> None:
    totals, weights = np.array([4.0, 0.0, 6.0]), np.array([1.0, 2.0, 0.5])
    y = np.array([0.25, 0.0, 0.5])
    eta = np.array([0.1, 0.2, 0.3])
    none = np.empty(0)
    got = response_distribution(binomial(), eta, none, weights=weights, totals=totals)
    expected = binomial().bind(y, weights, totals).pointwise(eta, none)[0]
    np.testing.assert_allclose(got.log_prob(y).numpy(), expected, atol=1e-12)
    draws = got.sample(100, seed=3).numpy()
    assert (draws[:, 1] == 0.0).all()
    assert set(np.unique(draws[:, 0] * 4)) <= {0.0, 1.0, 2.0, 3.0, 4.0}


def test_tfp_families() -> None:
    tfd = tfp.distributions
    family = Family.from_tfp(
        lambda eta, phi: tfd.Gumbel(eta, phi.scale), dispersion={"scale": "positive"}
    )
    y, eta, phi = np.array([0.5, 1.0]), np.array([0.1, 0.2]), np.array([0.3])
    got = response_distribution(family, eta, phi).log_prob(y).numpy()
    np.testing.assert_allclose(got, family.bind(y).pointwise(eta, phi)[0], rtol=1e-12)
    member = resolve_family(tfp.glm.Poisson())
    got = response_distribution(member, eta, np.empty(0)).log_prob(np.ones(2)).numpy()
    expected = poisson().bind(np.ones(2)).pointwise(eta, np.empty(0))[0]
    np.testing.assert_allclose(got, expected, rtol=1e-12)


def test_in_a_joint_distribution() -> None:
    """As the pair of a fit uses it: auto-batched, pinned, sampled with seeds."""
    tfd = tfp.distributions
    root = tfd.JointDistributionCoroutine.Root
    totals = np.array([3.0, 4.0, 5.0])

    def model() -> Any:
        u = yield root(tfd.Sample(tfd.Normal(tf.zeros([], tf.float64), 1.0), [3], name="u"))
        none = tf.zeros([0], tf.float64)
        yield response_distribution(binomial("cloglog"), u, none, totals=totals, name="y")

    joint = tfd.JointDistributionCoroutineAutoBatched(model, use_vectorized_map=False)
    y = np.array([1 / 3, 0.5, 1.0])
    pinned = joint.experimental_pin(y=y)
    u = np.array([[0.1, 0.2, 0.3], [0.0, -1.0, 1.0]])
    got = pinned.unnormalized_log_prob(u=u).numpy()
    density = binomial("cloglog").bind(y, None, totals)
    prior = -0.5 * (u**2).sum(axis=1) - 1.5 * np.log(2 * np.pi)
    expected = prior + density.pointwise(u, np.empty(0))[0].sum(axis=1)
    np.testing.assert_allclose(got, expected, rtol=1e-10)
    draws = joint.sample(5, seed=(1, 2))
    assert draws.y.shape == (5, 3)
