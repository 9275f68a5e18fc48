"""The ELBO on the way up."""

from __future__ import annotations

from typing import Any

import numpy as np

from glmmvi.errors import ArgumentError
from glmmvi.inference.binned_trend import binned_trend
from glmmvi.inference.optimization_record import OptimizationRecord
from glmmvi.results.any_fit import AnyFit
from glmmvi.results.plots.axes import LINE, POINT, REFERENCE, TREND, one_axes
from glmmvi.unknown_arguments import names_arguments

_BINS = 60


@names_arguments
def plot_trace(fit: AnyFit, *, ax: Any = None) -> Any:
    """Draw the ELBO against the optimiser's steps.

    Parameters
    ----------
    fit : LinearMixedFit or GeneralizedMixedFit
    ax : matplotlib Axes, optional
        A new figure by default.

    Returns
    -------
    matplotlib Axes
        Of the structured engine the exact ELBO after every step, of ``method="advi"`` the noisy
        one of each step with the mean of 60 bins. The horizontal line is the final ELBO (nats).
        For the latter the axis leaves out the lowest tenth: a start far below would flatten the
        rest.

    Raises
    ------
    ArgumentError
        If the fit kept no trace (``method="nuts"``, or a fit read from a file).
    """
    record: Any = fit.optimization
    losses = getattr(record, "losses", None)
    ax = one_axes(ax) if losses is not None or _has_trace(record) else _refuse()
    final = float(fit.elbo)
    if losses is not None:
        steps, elbo = np.arange(1.0, len(losses) + 1.0), -np.asarray(losses, dtype=np.float64)
        ax.plot(steps, elbo, color="0.75", linewidth=0.5)
        ax.plot(*binned_trend(steps, elbo, _BINS), **TREND)
        low, high = np.quantile(elbo, 0.1), elbo.max()
        ax.set_ylim(low - 0.05 * (high - low), high + 0.05 * (high - low))
    else:
        elbo = final - 0.5 * (record.trace - record.trace[-1])
        ax.plot(np.arange(len(elbo)), elbo, **{**LINE, **POINT, "linestyle": "-"})
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.axhline(final, **REFERENCE)
    ax.set_xlabel(f"step of {record.optimizer}")
    ax.set_ylabel("ELBO (nats)")
    return ax


def _has_trace(record: Any) -> bool:
    return isinstance(record, OptimizationRecord) and len(record.trace) > 0


def _refuse() -> Any:
    raise ArgumentError(
        "this fit has no trace of its ELBO: fits by the structured engine and by method='advi' "
        "keep one"
    )
