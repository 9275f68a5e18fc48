"""Intervals of one regression a group: lme4's ``plot(confint(lmList(...)))``."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from glmmvi.errors import ArgumentError, nearest_hint
from glmmvi.results.lm_list import GroupIntervals, LmList
from glmmvi.results.plots.axes import LINE, many_axes
from glmmvi.unknown_arguments import names_arguments

_MOST_LABELS = 60
_GRID = {"color": "0.88", "linewidth": 0.6, "zorder": 0.4}
_END = {"color": LINE["color"], "linestyle": "none", "marker": "|", "markersize": 7.0}


@names_arguments
def plot_group_intervals(
    intervals: Any, *, order: str | None = None, ax: Any = None
) -> NDArray[Any]:
    """Draw the intervals of every group's coefficients: lme4's ``plot(confint(fits))``.

    Parameters
    ----------
    intervals : GroupIntervals
        ``confint`` of an ``lmList``; an ``lmList`` is taken for its intervals.
    order : str, optional
        Coefficient whose intervals sort the groups (by their middles), lowest at the bottom;
        by default the groups are in the order of their levels, from the bottom, as in lme4.
    ax : matplotlib Axes, or array of them, optional
        One a coefficient; a new figure by default.

    Returns
    -------
    array of matplotlib Axes, shape (p,)
        One panel a coefficient, each with its own scale. A group without degrees of freedom has
        no line.

    Raises
    ------
    ArgumentError
        Without matplotlib, for an unknown coefficient, or a wrong number of axes.

    Examples
    --------
    >>> import glmmvi as gv
    >>> fits = gv.lmList("Reaction ~ Days | Subject", gv.load_dataset("sleepstudy"))
    >>> [ax.get_title() for ax in fits.confint().plot(order="Days")]
    ['(Intercept)', 'Days']
    """
    if isinstance(intervals, LmList):
        intervals = intervals.confint()
    if not isinstance(intervals, GroupIntervals):
        raise ArgumentError(
            f"intervals of groups are confint(lmList(...)), not a {type(intervals).__name__}"
        )
    names, n = intervals.names, len(intervals.groups)
    rows = np.arange(n)
    if order is not None:
        if order not in names:
            raise ArgumentError(
                f"order={order!r} is no coefficient{nearest_hint(str(order), names)}; there are "
                f"{', '.join(names)}"
            )
        j = names.index(order)
        rows = np.argsort(intervals.lower[:, j] + intervals.upper[:, j], kind="stable")
    axes = many_axes(len(names), ax, height=float(np.clip(0.19 * n + 1.0, 2.5, 10.0)))
    height = np.arange(n)
    for j, (panel, name) in enumerate(zip(axes, names, strict=True)):
        low, high = intervals.lower[rows, j], intervals.upper[rows, j]
        there = np.isfinite(low) & np.isfinite(high)
        low, high, at = low[there], high[there], height[there]
        if n <= _MOST_LABELS:
            for y in height:
                panel.axhline(y, **_GRID)
            panel.set_yticks(height, [intervals.groups[i] for i in rows], fontsize=8)
        else:
            panel.set_yticks([])
        panel.hlines(at, low, high, color=LINE["color"], linewidth=LINE["linewidth"])
        panel.plot(np.append(low, high), np.append(at, at), **_END)
        panel.set_ylim(-0.7, n - 0.3)
        panel.set_title(name)
    return axes
