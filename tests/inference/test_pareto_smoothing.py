"""Pareto smoothing against ArviZ's answers (tests/reference/check/psis.py)."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from glmmvi.inference.pareto_smoothing import fit_generalized_pareto, reliable_shape, smooth
from tests.reference.check.log_ratios import CASES, log_ratios

REFERENCE = json.loads(
    (Path(__file__).parents[1] / "reference" / "check" / "psis.json").read_text()
)["cases"]


@pytest.mark.parametrize("name", CASES)
def test_as_arviz(name):
    expected, before = REFERENCE[name], log_ratios(name)
    smoothed = smooth(before)
    assert_allclose(smoothed.pareto_k, expected["pareto_k"], rtol=1e-9)
    top = smoothed.log_ratios.max()
    weights = np.exp(smoothed.log_ratios - top)
    log_weights = smoothed.log_ratios - top - np.log(weights.sum())
    assert_allclose(log_weights[expected["largest"]], expected["log_weights"], rtol=1e-9)
    size = weights.sum() ** 2 / (weights**2).sum()
    assert_allclose(size, expected["effective_sample_size"], rtol=1e-9)
    assert_allclose(smooth(before + 700.0).pareto_k, smoothed.pareto_k, rtol=1e-9)
    assert smoothed.log_ratios.max() <= before.max()


@pytest.mark.parametrize("shape", [-0.3, 0.0, 0.4, 1.2])
def test_shape_and_scale_are_recovered(shape):
    p = (np.arange(5_000) + 0.5) / 5_000
    x = -np.log1p(-p) if shape == 0.0 else ((1.0 - p) ** -shape - 1.0) / shape
    assert_allclose(fit_generalized_pareto(3.0 * x), (shape, 3.0), atol=0.05)


def test_ratios_without_a_tail():
    assert smooth(np.full(50, -812.25)).pareto_k == -np.inf
    assert smooth(np.full(50, -812.25) + 1e-9 * np.arange(50)).pareto_k == -np.inf
    one_large = np.zeros(100)
    one_large[7] = 5.0
    assert smooth(one_large).pareto_k == np.inf  # the mean hangs on one draw
    assert reliable_shape(20) < reliable_shape(1000) < reliable_shape(10**6) == 0.7
