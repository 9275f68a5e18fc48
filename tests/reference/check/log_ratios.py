"""Log importance ratios without a random number generator: quantiles in a scrambled order."""

import numpy as np
from scipy import stats

CASES = {
    "normal 0.3, 200": (200, lambda p: 0.3 * stats.norm.ppf(p)),
    "normal 1, 1000": (1000, lambda p: stats.norm.ppf(p)),
    "normal 3, 2000": (2000, lambda p: 3.0 * stats.norm.ppf(p)),
    "Pareto 0.8, 1000": (1000, lambda p: -0.8 * np.log1p(-p) - 400.0),
    "bounded, 500": (500, lambda p: np.log(p)),
    "few, 40": (40, lambda p: 2.0 * stats.norm.ppf(p)),
}


def log_ratios(name: str) -> np.ndarray:
    count, quantile = CASES[name]
    p = (np.arange(count) * 0.6180339887498949 + 0.5) % 1.0
    return np.asarray(quantile(np.clip(p, 1e-9, 1.0 - 1e-9)))
