"""Tail probabilities against scipy.stats, and at the ends."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from glmmvi.inference.tail_probabilities import (
    chi_squared_quantile,
    chi_squared_tail,
    f_tail,
    t_quantile,
    t_tail,
)

STATISTIC = np.array([0.0, 1e-8, 0.3, 4.0, 60.0, 600.0])
DF = np.array([1.0, 2.0, 3.7, 161.5, 1e7])[:, None]


def test_they_are_those_of_scipy_stats() -> None:
    np.testing.assert_allclose(chi_squared_tail(STATISTIC, DF), stats.chi2.sf(STATISTIC, DF), 1e-12)
    np.testing.assert_allclose(f_tail(STATISTIC, 3, DF), stats.f.sf(STATISTIC, 3, DF), 1e-12)
    np.testing.assert_allclose(t_tail(STATISTIC, DF), stats.t.sf(STATISTIC, DF), 1e-12)
    np.testing.assert_allclose(t_quantile(0.975, DF), stats.t.ppf(0.975, DF), 1e-12)
    np.testing.assert_allclose(chi_squared_quantile(0.99, DF), stats.chi2.ppf(0.99, DF), 1e-12)


@pytest.mark.parametrize("tail", [chi_squared_tail, lambda x, df: f_tail(x, df, 5.0), t_tail])
def test_nan_stays_and_infinity_leaves_nothing(tail) -> None:
    assert np.isnan(tail(np.nan, 2.0))
    assert tail(np.inf, 2.0) == 0.0


def test_below_zero_is_zero_and_many_degrees_of_freedom_are_a_limit() -> None:
    assert chi_squared_tail(-1e-12, 1.0) == 1.0
    assert f_tail(-1e-12, 1.0, 5.0) == 1.0
    assert f_tail(3.0, 2.0, np.inf) == pytest.approx(stats.f.sf(3.0, 2.0, 1e9), rel=1e-6)
