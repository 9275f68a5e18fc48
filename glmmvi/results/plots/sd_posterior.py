"""Posterior densities of the standard deviations."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from glmmvi.results.any_fit import AnyFit
from glmmvi.results.intervals.confint import confint
from glmmvi.results.intervals.profile import parameters_of
from glmmvi.results.intervals.profiler import estimates_of
from glmmvi.results.plots.axes import BAND, LINE, many_axes
from glmmvi.unknown_arguments import names_arguments

Vector = NDArray[np.float64]

_TAIL = 0.0005  # of the log-normal that is not drawn
_POINTS = 201


@names_arguments
def plot_sds(fit: AnyFit, *, level: float = 0.95, ax: Any = None) -> NDArray[Any]:
    """Draw the posterior density of every standard deviation.

    The surrogate is log-normal in an sd, with the intervals of ``confint(method="vi")``; an sd
    on its boundary is half normal.

    Parameters
    ----------
    fit : LinearMixedFit or GeneralizedMixedFit
    level : float
        Of the interval that is shaded.
    ax : matplotlib Axes, or array of them, optional
        One an sd; a new figure by default.

    Returns
    -------
    array of matplotlib Axes, shape (k,)
        Titles are lme4's names: ``sd_(Intercept)|Subject``, ``sigma``. The vertical line is the
        estimate.

    Raises
    ------
    ArgumentError
        As ``confint(method="vi")``, or for an `ax` of another size.
    """
    chosen = [
        parameter
        for parameter in parameters_of(fit, oldNames=False)
        if parameter.covariance is not None and len(parameter.covariance.columns) < 2
    ]
    names = [parameter.name for parameter in chosen]
    ends = confint(fit, names, level, "vi", oldNames=False)
    estimates = np.asarray(estimates_of(fit, chosen), dtype=np.float64)
    axes = many_axes(len(names), ax, height=2.6)
    for panel, name, estimate, low, high in zip(
        axes, names, estimates, ends.lower, ends.upper, strict=True
    ):
        at, density = sd_density(float(estimate), float(low), float(high), level)
        panel.plot(at, density, **LINE)
        inside = (at >= low) & (at <= high)
        panel.fill_between(at[inside], density[inside], **BAND)
        panel.axvline(estimate, color="0.3", linewidth=0.9, linestyle="--")
        panel.set_ylim(bottom=0.0)
        panel.set_yticks([])
        panel.set_title(name)
    return axes


def sd_density(estimate: float, low: float, high: float, level: float) -> tuple[Vector, Vector]:
    """Density of an sd whose interval is known: log-normal, half normal at an estimate of 0.

    Parameters
    ----------
    estimate, low, high : float
    level : float
        Of the interval.

    Returns
    -------
    at, density : float64, shape (m,)

    Examples
    --------
    >>> at, density = sd_density(2.0, 1.0, 4.0, 0.95)
    >>> bool(0.99 < ((density[1:] + density[:-1]) / 2 * np.diff(at)).sum() < 1.0)
    True
    """
    tail = 0.5 - 0.5 * level
    if estimate <= 1e-6 * high:
        scale = high / float(ndtri(1.0 - 0.5 * tail))
        at = np.linspace(0.0, 3.5 * scale, _POINTS)
        return at, 2.0 * np.exp(-0.5 * (at / scale) ** 2) / (scale * np.sqrt(2.0 * np.pi))
    spread = np.log(high / low) / (2.0 * float(ndtri(1.0 - tail)))
    z = np.linspace(ndtri(_TAIL), ndtri(1.0 - _TAIL), _POINTS)
    at = np.sqrt(low * high) * np.exp(z * spread)
    return at, np.exp(-0.5 * z**2) / (at * spread * np.sqrt(2.0 * np.pi))
