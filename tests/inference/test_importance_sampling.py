"""What importance ratios say, where the answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from glmmvi.inference.importance_ratios import PairedRatios
from glmmvi.inference.importance_sampling import log_ratio_cumulants, summarize_ratios


def wave(z):
    return 0.6 * np.sin(2.0 * z) + 0.3 * np.cos(z)


def log_ratios(parts, pairs=4000, seed=1, w=wave):
    """``w`` of antithetic standard normals for every part, shape (2, pairs, parts)."""
    z = np.random.default_rng(seed).standard_normal((pairs, parts))
    return np.stack([w(z), w(-z)])


NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(80)
EXPECTED = WEIGHTS / np.sqrt(2.0 * np.pi)


@pytest.mark.parametrize("parts", [1, 40])
def test_the_log_likelihood_and_its_error(parts):
    errors, values = [], []
    for seed in range(12):
        summary = summarize_ratios([PairedRatios(log_ratios(parts, 500, seed), -3.0)])
        values.append(summary.log_likelihood + 3.0)
        errors.append(summary.log_likelihood_error)
    truth = parts * np.log(EXPECTED @ np.exp(wave(NODES)))
    assert abs(np.mean(values) - truth) < 3.5 * np.mean(errors) / np.sqrt(12)
    assert 0.5 < np.std(values) / np.mean(errors) < 1.7


def test_chunks_add_up():
    whole = log_ratios(7, 100) + np.linspace(-900.0, 900.0, 7)
    pieces = [whole[:, :3], whole[:, 3:60], whole[:, 60:]]
    one = summarize_ratios([PairedRatios(whole, 5.0)])
    many = summarize_ratios([PairedRatios(piece, 5.0) for piece in pieces])
    for name in one.__dataclass_fields__:
        assert_allclose(getattr(many, name), getattr(one, name), rtol=1e-9, atol=1e-11)


def test_cumulants():
    found = log_ratio_cumulants([PairedRatios(log_ratios(25), 0.0)])
    centred = wave(NODES) - EXPECTED @ wave(NODES)
    half, sixth = 12.5 * EXPECTED @ centred**2, 25.0 / 6.0 * EXPECTED @ centred**3
    assert abs(found.half_variance - half) < 4.0 * found.half_variance_error
    assert found.half_variance_error < 0.02 * half
    assert_allclose(found.sixth_third, sixth, atol=0.05 * half)
    z = np.random.default_rng(2).standard_normal((50_000, 1))
    square = np.stack([z**2, z**2])  # chi-squared: its cumulants are 1, 2, 8
    found = log_ratio_cumulants([PairedRatios(square, 0.0)])
    assert_allclose((found.half_variance, found.sixth_third), (1.0, 8.0 / 6.0), rtol=0.05)


def test_ratios_that_overflow_a_double():
    summary = summarize_ratios([PairedRatios(log_ratios(3, 50) - 5000.0, 0.0)])
    assert abs(summary.log_likelihood + 15_000.0) < 1.0
    impossible = log_ratios(1, 50)
    impossible[0, 3] = -np.inf
    assert np.isfinite(summarize_ratios([PairedRatios(impossible, 0.0)]).log_likelihood)
