"""Wald intervals: a fixed effect plus or minus its standard error times a normal quantile."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import ndtri

from glmmvi.results.estimates import Estimates
from glmmvi.results.intervals.parameters import IntervalParameter, tails
from glmmvi.results.tables import ConfidenceIntervals


def wald_intervals(
    estimates: Estimates, parameters: Sequence[IntervalParameter], level: float
) -> ConfidenceIntervals:
    """Intervals of the fixed effects; nan for covariance parameters, as in lme4.

    Parameters
    ----------
    estimates : Estimates
    parameters : sequence of IntervalParameter
    level : float

    Returns
    -------
    ConfidenceIntervals
    """
    error = np.sqrt(np.diag(estimates.beta_cov))
    bounds = []
    for tail in tails(level):
        all_fixed = estimates.beta + error * ndtri(tail)
        bounds.append(
            np.array([np.nan if x.column is None else all_fixed[x.column] for x in parameters])
        )
    names = tuple(parameter.name for parameter in parameters)
    return ConfidenceIntervals(names, bounds[0], bounds[1], level)
