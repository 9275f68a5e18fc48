"""Predictions along a variable, with bands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from glmmvi.design.functions.coerce import as_number
from glmmvi.design.values import Factor, Logical
from glmmvi.errors import ArgumentError, nearest_hint
from glmmvi.results.any_fit import AnyFit
from glmmvi.results.model_parts import model_terms
from glmmvi.results.plots.axes import one_axes, wrapped
from glmmvi.results.statistics.reference_grid import (
    column_values,
    fixed_variables,
    reference_grid,
)

_COLOURS = ("#1f4e79", "#c0392b", "#2e8b57", "#8e5ea2", "#d68910", "#5d6d7e")
_POINTS = 60


def plot_predictions(
    fit: AnyFit,
    variable: str | None = None,
    *,
    by: str | None = None,
    at: Mapping[str, Any] | None = None,
    level: float = 0.95,
    ax: Any = None,
    **arguments: Any,
) -> Any:
    """Draw predictions without random effects along a variable, with confidence bands.

    Parameters
    ----------
    fit : LinearMixedFit or GeneralizedMixedFit
        With its data.
    variable : str, optional
        A variable of the fixed part; the first by default. Of a number 60 values over its range
        are drawn as a curve, of a factor its levels as points with bars.
    by : str, optional
        A factor (or a variable with values in `at`): a curve a level.
    at : mapping, optional
        Values of other variables; by default numbers are at their mean, factors at their first
        level.
    level : float
        Of the intervals.
    ax : matplotlib Axes, optional
        A new figure by default.
    **arguments
        Of ``fit.predict``: ``interval="prediction"``, ``covariance_uncertainty=True``,
        ``type="link"``. By default ``interval="confidence"``, on the scale of the response.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ArgumentError
        If the fixed part has no such variable.
    """
    names = fixed_variables(fit)
    if not names:
        raise ArgumentError("plot_predictions: the fixed part has no variables")
    variable = names[0] if variable is None else variable
    for name in (variable,) if by is None else (variable, by):
        if name not in names:
            raise ArgumentError(
                f"plot_predictions: the fixed part has no variable {name!r}"
                f"{nearest_hint(name, names)}; it has {', '.join(names)}"
            )
    value = column_values(fit, variable)
    along = dict(at or {})
    discrete = isinstance(value, (Factor, Logical))
    if not discrete and variable not in along:
        numbers = as_number(value, variable)
        along[variable] = np.linspace(np.nanmin(numbers), np.nanmax(numbers), _POINTS)
    grid = reference_grid(fit, along)
    for name in names:
        if name not in (variable, by):
            grid = grid[grid[name] == grid[name].iloc[0]]
    grid = grid.reset_index(drop=True)
    scale = {"type": "response"} if fit.isGLMM() else {}
    options = {"interval": "confidence", "re_form": float("nan"), **scale, **arguments}
    # lme4's NA: no level of a grouping factor takes part
    table = fit.predict(grid, level=level, **options)
    ax = one_axes(ax)
    groups = (
        [(None, grid.index)] if by is None else list(grid.groupby(by, sort=False).groups.items())
    )
    for i, (label, rows) in enumerate(groups):
        colour = _COLOURS[i % len(_COLOURS)]
        x, part = grid.loc[rows, variable], table.loc[rows]
        shown = None if by is None else f"{by} = {label}"
        if discrete:
            place = np.arange(len(rows)) + 0.12 * (i - 0.5 * (len(groups) - 1))
            ends = np.abs(part[["lwr", "upr"]].to_numpy().T - part["fit"].to_numpy())
            ax.errorbar(place, part["fit"], ends, fmt="o", color=colour, capsize=3, label=shown)
            ax.set_xticks(np.arange(len(rows)), [str(each) for each in x])
        else:
            ax.fill_between(x, part["lwr"], part["upr"], color=colour, alpha=0.18, linewidth=0)
            ax.plot(x, part["fit"], color=colour, linewidth=1.6, label=shown)
    ax.set_xlabel(variable)
    link = options.get("type") == "link"
    response = model_terms(fit).response
    ax.set_ylabel(wrapped(f"linear predictor of {response}" if link else response))
    if by is not None:
        ax.legend(frameon=False, fontsize=8)
    return ax
