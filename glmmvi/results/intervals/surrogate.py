"""Intervals from a Gaussian surrogate of all parameters, covariance parameters included.

On an unconstrained scale (log of an sd, Fisher's z of a correlation) the parameters are taken
as normal, with the variance that the Hessian of the fit's own criterion gives; the interval is
brought back. An sd on its boundary is half normal with the curvature there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from scipy.special import ndtri

from glmmvi.inference.profile_likelihood import ProfileStart
from glmmvi.results.estimates import Estimates
from glmmvi.results.intervals.parameters import IntervalParameter, tails
from glmmvi.results.intervals.wald import wald_intervals
from glmmvi.results.posterior_moments import FullPosterior
from glmmvi.results.tables import ConfidenceIntervals

Start = Callable[[IntervalParameter], ProfileStart]


def surrogate_intervals(
    estimates: Estimates,
    parameters: Sequence[IntervalParameter],
    level: float,
    start_of: Start,
) -> ConfidenceIntervals:
    """Intervals of all parameters.

    Parameters
    ----------
    estimates : Estimates
    parameters : sequence of IntervalParameter
    level : float
    start_of : callable
        The estimate and the standard error of a covariance parameter.

    Returns
    -------
    ConfidenceIntervals
    """
    table = wald_intervals(estimates, parameters, level)
    for i, parameter in enumerate(parameters):
        if parameter.covariance is not None:
            start = start_of(parameter)
            table.lower[i], table.upper[i] = transformed_interval(
                start.estimate,
                start.standard_error,
                tails(level),
                correlation=len(parameter.covariance.columns) == 2,
            )
    return table


def posterior_intervals(
    posterior: FullPosterior, parameters: Sequence[IntervalParameter], level: float
) -> ConfidenceIntervals:
    """Intervals from the moments of a posterior that covers every parameter.

    Fixed effects are normal, sds log-normal about their medians, correlations normal on
    Fisher's scale.

    Parameters
    ----------
    posterior : FullPosterior
        By ``method="advi"``, ``method="nuts"`` or ``theta_posterior=True``.
    parameters : sequence of IntervalParameter
    level : float

    Returns
    -------
    ConfidenceIntervals
    """
    table = wald_intervals(posterior.estimates, parameters, level)
    tail = tails(level)
    for i, parameter in enumerate(parameters):
        covariance = parameter.covariance
        if covariance is None:
            continue
        if covariance.term is None:
            ends = log_normal_interval(
                posterior.sigma, posterior.sigma_sd, posterior.sigma_median, tail
            )
        elif len(covariance.columns) == 1:
            r, j = covariance.term, covariance.columns[0]
            ends = log_normal_interval(
                float(posterior.sds[r][j]),
                float(posterior.sds_sd[r][j]),
                float(posterior.sds_median[r][j]),
                tail,
            )
        else:
            r, at = covariance.term, covariance.columns
            ends = transformed_interval(
                float(posterior.correlations[r][at]),
                float(posterior.correlations_sd[r][at]),
                tail,
                correlation=True,
            )
        table.lower[i], table.upper[i] = ends
    return table


def log_normal_interval(
    mean: float, sd: float, median: float, tail: tuple[float, float]
) -> tuple[float, float]:
    """Quantiles of a log-normal about `median` with the ratio ``sd / mean``.

    Examples
    --------
    >>> low, high = log_normal_interval(2.0, 0.5, 1.9, (0.025, 0.975))
    >>> round(low, 3), round(high, 3)
    (1.173, 3.078)
    """
    spread = float(np.sqrt(np.log1p((sd / mean) ** 2))) if mean > 0.0 else 0.0
    low, high = median * np.exp(ndtri(np.array(tail)) * spread)
    return float(low), float(high)


def transformed_interval(
    estimate: float, error: float, tail: tuple[float, float], *, correlation: bool
) -> tuple[float, float]:
    """A normal interval on the unconstrained scale, brought back.

    Parameters
    ----------
    estimate, error : float
        An sd or a correlation, and its standard error.
    tail : pair of float
        Probabilities of the bounds.
    correlation : bool

    Returns
    -------
    pair of float
        nan for a correlation that is 1 or -1: it has no normal approximation.

    Examples
    --------
    >>> low, high = transformed_interval(2.0, 0.5, (0.025, 0.975), correlation=False)
    >>> round(low, 3), round(high, 3), round(low * high, 3)
    (1.225, 3.265, 4.0)
    """
    z = ndtri(np.array(tail))
    if correlation:
        if not abs(estimate) < 1.0 - 1e-8:
            return float("nan"), float("nan")
        ends = np.tanh(np.arctanh(estimate) + z * error / (1.0 - estimate**2))
    elif estimate <= 1e-8 * error:
        ends = error * ndtri(0.5 + 0.5 * np.array(tail))
    else:
        ends = estimate * np.exp(z * error / estimate)
    return float(ends[0]), float(ends[1])
