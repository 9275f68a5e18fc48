"""Normal quantile plots: R's ``qqmath``."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from glmmvi.results.mixed_fit import MixedModelFit
from glmmvi.results.plots.axes import POINT, REFERENCE, many_axes
from glmmvi.results.plots.caterpillar import effects_to_draw, margin
from glmmvi.unknown_arguments import names_arguments


@names_arguments
def qqmath(
    object: Any, *, group: str | None = None, level: float = 0.95, ax: Any = None
) -> NDArray[Any]:
    """Draw random effects, or residuals, against normal quantiles: R's ``qqmath``.

    Parameters
    ----------
    object : RandomEffects or fitted model
        ``qqmath(fit.ranef())`` draws every column of the random effects, values across with
        their intervals, as lme4; ``qqmath(fit)`` the standardized residuals.
    group : str, optional
        One grouping factor; all of them by default. With random effects.
    level : float
        Of the intervals of the random effects.
    ax : matplotlib Axes, or array of them, optional
        One a panel; a new figure by default.

    Returns
    -------
    array of matplotlib Axes, shape (k,)
        One panel a column of a grouping factor, or one of residuals. The quantiles are those
        at ``(i - 0.5) / L``. The line is through the quartiles.

    Raises
    ------
    ArgumentError
        As :func:`glmmvi.dotplot`.

    Examples
    --------
    >>> import glmmvi as gv
    >>> fit = gv.lmer("Reaction ~ Days + (Days | Subject)", gv.load_dataset("sleepstudy"))
    >>> len(qqmath(fit.ranef())), qqmath(fit)[0].get_ylabel()
    (2, 'Standardized residuals')
    """
    if isinstance(object, MixedModelFit):
        return _residuals(object, ax)
    drawn = effects_to_draw(object, group)
    axes = many_axes(len(drawn), ax)
    for panel, (table, column) in zip(axes, drawn, strict=True):
        order = np.argsort(table.values[:, column], kind="stable")
        value, half = table.values[order, column], margin(table, column, level)[order]
        quantile = normal_quantiles(len(order))
        _quartile_line(panel, quantile, value, across=False)
        panel.axvline(0.0, **REFERENCE)
        panel.hlines(quantile, value - half, value + half, color="black", linewidth=1.0)
        panel.plot(value, quantile, **POINT)
        panel.set_title(table.names[column])
        panel.set_xlabel(table.group)
        panel.set_ylabel("Standard normal quantiles")
    return axes


def normal_quantiles(n: int) -> NDArray[np.float64]:
    """Standard normal quantiles at ``(i - 0.5) / n``.

    Examples
    --------
    >>> normal_quantiles(3).round(3).tolist()
    [-0.967, 0.0, 0.967]
    """
    return np.asarray(ndtri((np.arange(n) + 0.5) / n), dtype=np.float64)


def _residuals(fit: Any, ax: Any) -> NDArray[Any]:
    axes = many_axes(1, ax)
    value = np.sort(fit.residuals("pearson", scaled=True).dropna().to_numpy())
    quantile = normal_quantiles(len(value))
    _quartile_line(axes[0], quantile, value, across=True)
    axes[0].plot(quantile, value, **POINT)
    axes[0].set_xlabel("Standard normal quantiles")
    axes[0].set_ylabel("Standardized residuals")
    return axes


def _quartile_line(panel: Any, quantile: Any, value: Any, *, across: bool) -> None:
    low, high = np.quantile(value, [0.25, 0.75])
    if not high > low:
        return
    slope = (high - low) / (2.0 * float(ndtri(0.75)))
    ends = np.array([quantile[0], quantile[-1]])
    line = 0.5 * (low + high) + slope * ends
    panel.plot(*((ends, line) if across else (line, ends)), **REFERENCE)
