"""Caterpillar plot: R's ``dotplot(ranef(fit))``."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from glmmvi.errors import ArgumentError, nearest_hint
from glmmvi.results.mixed_fit import MixedModelFit
from glmmvi.results.plots.axes import POINT, REFERENCE, many_axes
from glmmvi.results.prediction_intervals import check_level, t_quantile
from glmmvi.results.tables import GroupTable, RandomEffects
from glmmvi.unknown_arguments import names_arguments

_MOST_LABELS = 60


def effects_to_draw(ranef: Any, group: str | None) -> list[tuple[GroupTable, int]]:
    """Columns of the random effects, one a panel.

    Parameters
    ----------
    ranef : RandomEffects or fitted model
    group : str, optional
        One grouping factor; all of them by default.

    Raises
    ------
    ArgumentError
        If there is no such factor, or `ranef` is neither.
    """
    if isinstance(ranef, MixedModelFit):
        ranef = ranef.ranef()
    if not isinstance(ranef, RandomEffects):
        raise ArgumentError(
            f"a picture of random effects takes ranef(fit), not a {type(ranef).__name__}"
        )
    if group is not None and group not in list(ranef):
        raise ArgumentError(
            f"group={group!r} is no grouping factor{nearest_hint(group, ranef)}; there are "
            f"{', '.join(ranef)}"
        )
    tables = [table for table in ranef.groups if group in (None, table.group)]
    return [(table, j) for table in tables for j in range(len(table.names))]


def margin(table: GroupTable, column: int, level: float) -> NDArray[np.float64]:
    """Half width of the intervals of one column, shape (L,); 0 without conditional sds."""
    check_level(level)
    if table.sd is None:
        return np.zeros(len(table.levels))
    quantile = float(t_quantile(0.5 + 0.5 * level, np.array(np.inf)))
    return quantile * np.asarray(table.sd[:, column], dtype=np.float64)


@names_arguments
def dotplot(
    ranef: Any, *, group: str | None = None, level: float = 0.95, ax: Any = None
) -> NDArray[Any]:
    """Draw every level's random effects with intervals: R's ``dotplot(ranef(fit))``.

    Parameters
    ----------
    ranef : RandomEffects
        ``fit.ranef()``; a fit is taken for its random effects.
    group : str, optional
        One grouping factor; all of them by default.
    level : float
        Of the intervals: the conditional mean and sds of the surrogate.
    ax : matplotlib Axes, or array of them, optional
        One a panel; a new figure by default.

    Returns
    -------
    array of matplotlib Axes, shape (k,)
        One panel a column of a grouping factor. The levels are sorted by its first column (as
        lattice does), lowest at the bottom.

    Raises
    ------
    ArgumentError
        Without matplotlib, for an unknown `group`, or a wrong number of axes.

    Examples
    --------
    >>> import glmmvi as gv
    >>> fit = gv.lmer("Reaction ~ Days + (Days | Subject)", gv.load_dataset("sleepstudy"))
    >>> [ax.get_title() for ax in dotplot(fit.ranef())]
    ['(Intercept)', 'Days']
    """
    drawn = effects_to_draw(ranef, group)
    tallest = max(len(table.levels) for table, _ in drawn)
    axes = many_axes(len(drawn), ax, height=float(np.clip(0.19 * tallest + 1.0, 2.5, 10.0)))
    for panel, (table, column) in zip(axes, drawn, strict=True):
        order = np.argsort(table.values[:, 0], kind="stable")
        height = np.arange(len(order))
        value = table.values[order, column]
        half = margin(table, column, level)[order]
        panel.axvline(0.0, **REFERENCE)
        panel.hlines(height, value - half, value + half, color="black", linewidth=1.0)
        panel.plot(value, height, **POINT)
        if len(order) <= _MOST_LABELS:
            panel.set_yticks(height, [table.levels[i] for i in order], fontsize=8)
        else:
            panel.set_yticks([])
        panel.set_ylim(-0.7, len(order) - 0.3)
        panel.set_title(table.names[column])
        panel.set_ylabel(table.group)
    return axes
