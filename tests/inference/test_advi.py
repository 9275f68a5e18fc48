"""The stochastic engine on a conjugate model, where everything is known."""

from __future__ import annotations

import numpy as np
import pytest

from glmmvi.inference.advi import monte_carlo_elbo, optimize_advi
from glmmvi.inference.loss_trace import judge_losses

Y = np.array([0.3, 1.8, -0.4, 2.2, 1.1])
# mu ~ N(0, 2^2), y_i ~ N(mu, 1)
POSTERIOR_SD = 1 / np.sqrt(1 / 4 + Y.size)
POSTERIOR_MEAN = Y.sum() * POSTERIOR_SD**2
COVARIANCE = np.eye(Y.size) + 4.0
LOG_EVIDENCE = -0.5 * (
    Y.size * np.log(2 * np.pi)
    + np.linalg.slogdet(COVARIANCE)[1]
    + Y @ np.linalg.solve(COVARIANCE, Y)
)


def _log_prob(mu):
    import tensorflow as tf
    import tensorflow_probability as tfp

    tfd = tfp.distributions
    prior = tfd.Normal(np.float64(0.0), np.float64(2.0)).log_prob(mu)
    likelihood = tfd.Normal(mu[..., None], np.float64(1.0)).log_prob(Y)
    return prior + tf.reduce_sum(likelihood, axis=-1)


def _surrogate():
    import tensorflow as tf
    import tensorflow_probability as tfp

    loc = tf.Variable(-1.0, dtype=tf.float64, name="loc")
    scale = tfp.util.TransformedVariable(
        tf.constant(2.0, tf.float64), tfp.bijectors.Softplus(), name="scale", dtype=tf.float64
    )

    def build(wrap):
        normal = tfp.distributions.Normal(wrap(loc), wrap(scale))
        return tfp.distributions.JointDistributionNamed({"mu": normal})

    stopped = build(lambda v: tfp.util.DeferredTensor(v, tf.stop_gradient))
    return build(lambda v: v), stopped, loc, scale


@pytest.mark.parametrize("jit_compile", [False, True], ids=["graph", "XLA"])
def test_exact_surrogate_finds_the_posterior_and_the_evidence(jit_compile):
    q, stopped, loc, scale = _surrogate()
    calls: list[int] = []
    result = optimize_advi(
        _log_prob,
        q,
        stopped_surrogate=stopped,
        num_steps=1050,
        learning_rate=0.05,
        jit_compile=jit_compile,
        progress=lambda done, loss: calls.append(done),
    )
    np.testing.assert_allclose(loc.numpy(), POSTERIOR_MEAN, atol=1e-3)
    np.testing.assert_allclose(float(scale + 0.0), POSTERIOR_SD, atol=1e-3)
    np.testing.assert_allclose(result.elbo, LOG_EVIDENCE, atol=1e-4)
    assert result.elbo_error < 1e-4
    assert result.converged, result.message
    assert result.losses.shape == (1050,)
    assert calls == [*range(100, 1001, 100), 1050]


def test_without_the_stopped_copy_it_is_noisier_but_right():
    q, _, loc, _ = _surrogate()
    result = optimize_advi(_log_prob, q, num_steps=1000, learning_rate=0.05)
    np.testing.assert_allclose(loc.numpy(), POSTERIOR_MEAN, atol=0.05)
    np.testing.assert_allclose(result.elbo, LOG_EVIDENCE, atol=0.02)


def test_same_seed_same_numbers():
    traces = []
    for seed in (1, 1, 2):
        q, stopped, _, _ = _surrogate()
        traces.append(
            optimize_advi(_log_prob, q, stopped_surrogate=stopped, num_steps=200, seed=seed)
        )
    np.testing.assert_array_equal(traces[0].losses, traces[1].losses)
    assert traces[0].elbo == traces[1].elbo
    assert not np.array_equal(traces[0].losses, traces[2].losses)


def test_elbo_has_an_honest_error():
    q, _, _, _ = _surrogate()  # mean -1, sd 2: far from the posterior
    elbo, error = monte_carlo_elbo(_log_prob, q, 4000, seed=3)
    entropy = 0.5 * np.log(2 * np.pi * np.e * 4)
    expected = (
        entropy
        - 0.5 * np.log(2 * np.pi * 4)
        - (1 + 4) / 8
        - 0.5 * Y.size * np.log(2 * np.pi)
        - 0.5 * (((Y + 1) ** 2).sum() + Y.size * 4)
    )
    assert 0.05 < error < 1.0
    assert abs(elbo - expected) < 4 * error


def test_a_fit_that_was_cut_short_has_not_settled():
    q, stopped, loc, _ = _surrogate()
    loc.assign(-30.0)
    result = optimize_advi(
        _log_prob, q, stopped_surrogate=stopped, num_steps=150, learning_rate=0.01, decay=False
    )
    assert not result.converged
    assert "too noisy" in result.message


@pytest.mark.parametrize(
    ("trace", "settled", "says"),
    [
        (np.zeros(1000), True, "settled"),
        (np.linspace(100, 0, 1000), False, "fell by"),
        (np.concatenate([np.zeros(900), np.full(100, 5.0)]), False, "above its lowest"),
        (np.concatenate([np.zeros(900), [np.nan], np.zeros(99)]), False, "not finite at step 900"),
        (np.zeros(30), False, "too few"),
    ],
)
def test_verdict(trace, settled, says):
    verdict = judge_losses(trace)
    assert verdict.settled is settled
    assert says in verdict.message


def test_verdict_allows_for_noise_and_for_wild_draws():
    rng = np.random.default_rng(4)
    noise = rng.normal(scale=5.0, size=3000)
    noise[[50, 1500, 2990]] = 1e6
    assert judge_losses(300 + noise).settled
    assert not judge_losses(300 + noise + np.linspace(200, 0, 3000)).settled
