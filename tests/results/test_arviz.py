"""Export of draws to ArviZ."""

from __future__ import annotations

import sys

import numpy as np
import pytest

import glmmvi as gv


@pytest.fixture(scope="module")
def fit():
    return gv.lmer("diameter ~ 1 + (1 | plate) + (1 | sample)", gv.load_dataset("Penicillin"))


def test_draws_are_in_arviz_s_container(fit):
    pytest.importorskip("arviz")
    made = fit.to_arviz(50, chains=2, seed=1)
    posterior = made["posterior"]
    assert dict(posterior.sizes)["chain"] == 2
    assert posterior["plate"].shape == (2, 50, 24, 1)
    draws = fit.posterior_samples(100, seed=1)
    there = posterior["sample"].sel(sample_level="F").values.reshape(-1)
    np.testing.assert_array_equal(there, draws.random["sample"][:, 5, 0])
    assert made["posterior_predictive"]["y"].shape == (2, 50, 144)
    np.testing.assert_array_equal(made["observed_data"]["y"].values, fit.design.y)


def test_without_arviz_it_says_what_to_install(fit, monkeypatch):
    monkeypatch.setitem(sys.modules, "arviz", None)
    monkeypatch.setitem(sys.modules, "arviz_base", None)
    with pytest.raises(gv.ArgumentError, match="pip install arviz"):
        fit.to_arviz()
