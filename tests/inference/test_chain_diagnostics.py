"""R-hat and effective sample size on chains whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from glmmvi.inference.chain_diagnostics import effective_sample_size, split_r_hat
from glmmvi.inference.nuts import judged


def autoregressive(rho, chains=8, samples=4000, seed=0):
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=(samples, chains)) * np.sqrt(1 - rho**2)
    x = np.empty((samples, chains))
    x[0] = rng.normal(size=chains)
    for i in range(1, samples):
        x[i] = rho * x[i - 1] + noise[i]
    return x.T


@pytest.mark.parametrize("rho", [-0.4, 0.0, 0.5, 0.9])
def test_effective_sample_size_of_an_autoregression(rho):
    draws = autoregressive(rho)
    expected = draws.size * (1 - rho) / (1 + rho)
    assert effective_sample_size(draws) == pytest.approx(expected, rel=0.12)
    assert split_r_hat(draws) == pytest.approx(1.0, abs=0.01)


def test_chains_that_drift_or_disagree_are_seen():
    steady = autoregressive(0.3, samples=400)
    drifting = steady + np.linspace(0.0, 3.0, 400)
    apart = steady + np.arange(8)[:, None]
    r_hat = split_r_hat(np.stack([steady, drifting, apart], axis=-1))
    assert r_hat.shape == (3,)
    assert r_hat[0] < 1.02
    assert (r_hat[1:] > 1.2).all()
    known = {"leapfrogs": 7.0, "step_size": 0.5, "num_warmup": 10, "seed": 1}
    good = judged(steady[..., None], divergences=0, **known)
    assert good.converged
    bad = judged(apart[..., None], divergences=500, **known)
    assert not bad.converged
    assert "not mixed" in bad.reason
    assert "500 divergent" in bad.reason
    assert "NOT converged" in str(bad)
