"""Residuals against fitted values, and their spread: R's ``plot(fit)``."""

from __future__ import annotations

from typing import Any

import numpy as np

from glmmvi.inference.binned_trend import binned_trend
from glmmvi.results.any_fit import AnyFit
from glmmvi.results.plots.axes import POINT, REFERENCE, TREND, one_axes
from glmmvi.unknown_arguments import names_arguments


@names_arguments
def plot_residuals(fit: AnyFit, *, type: str = "pearson", ax: Any = None) -> Any:
    """Draw residuals against fitted values, as lme4's ``plot(fit)``.

    Parameters
    ----------
    fit : LinearMixedFit or GeneralizedMixedFit
    type : str
        Of the residuals: see ``fit.residuals``.
    ax : matplotlib Axes, optional
        A new figure by default.

    Returns
    -------
    matplotlib Axes
        Points, a line at 0, and the mean of ten bins of equal count.

    Examples
    --------
    >>> import glmmvi as gv
    >>> fit = gv.lmer("Reaction ~ Days + (Days | Subject)", gv.load_dataset("sleepstudy"))
    >>> plot_residuals(fit).get_ylabel()
    'resid(., type = "pearson")'
    """
    ax, fitted = one_axes(ax), fit.fitted().to_numpy()
    values = fit.residuals(type).to_numpy()  # type: ignore[arg-type]
    ax.axhline(0.0, **REFERENCE)
    _points(ax, fitted, values)
    ax.set_xlabel("fitted(.)")
    ax.set_ylabel(f'resid(., type = "{type}")')
    return ax


@names_arguments
def plot_scale_location(fit: AnyFit, *, ax: Any = None) -> Any:
    """Draw the root of the absolute standardized residuals against fitted values.

    Parameters
    ----------
    fit : LinearMixedFit or GeneralizedMixedFit
    ax : matplotlib Axes, optional
        A new figure by default.

    Returns
    -------
    matplotlib Axes
        Where the spread does not depend on the mean, the means of the bins lie on a level line,
        at 0.82 for normal residuals (drawn).
    """
    ax, fitted = one_axes(ax), fit.fitted().to_numpy()
    values = np.sqrt(np.abs(fit.residuals("pearson", scaled=True).to_numpy()))
    ax.axhline(_NORMAL, **REFERENCE)
    _points(ax, fitted, values)
    ax.set_xlabel("fitted(.)")
    ax.set_ylabel("sqrt(abs(resid(., scaled = TRUE)))")
    return ax


_NORMAL = 0.822  # E sqrt(|z|) = 2^(1/4) Gamma(3/4) / sqrt(pi)


def _points(ax: Any, fitted: Any, values: Any) -> None:
    used = np.isfinite(fitted) & np.isfinite(values)
    ax.plot(fitted[used], values[used], **{**POINT, "alpha": 0.6})
    ax.plot(*binned_trend(fitted[used], values[used]), **TREND)
