"""Marginal means over factors, and slopes: the work of R's emmeans."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from glmmvi.design.functions.coerce import as_number
from glmmvi.errors import ArgumentError, nearest_hint
from glmmvi.formula.variables import variables_of
from glmmvi.results.any_fit import AnyFit
from glmmvi.results.generalized_fit import GeneralizedMixedFit
from glmmvi.results.statistics.marginal_means import (
    MarginalMeans,
    Scale,
    checked_level,
    checked_type,
)
from glmmvi.results.statistics.reference_grid import (
    column_values,
    fixed_variables,
    reference_grid,
)
from glmmvi.results.structured_posterior import StructuredPosterior
from glmmvi.unknown_arguments import names_arguments

Matrix = NDArray[np.float64]
Names = str | Sequence[str]

_STEP = 1e-3  # of a slope, in units of the variable's range


@names_arguments
def emmeans(
    fit: AnyFit,
    specs: Names,
    *,
    by: Names = (),
    at: Mapping[str, Any] | None = None,
    type: Scale = "link",
    level: float = 0.95,
    offset: float | None = None,
) -> MarginalMeans:
    """Marginal means of the fixed part over the levels of factors.

    The fixed part is evaluated on the reference grid (every combination of levels, numbers at
    their mean) and averaged with equal weights over what `specs` and `by` do not name.

    Parameters
    ----------
    fit : LinearMixedFit or GeneralizedMixedFit
        With its data.
    specs : str or sequence of str
        Variables: ``"period"``, ``["recipe", "temperature"]``.
    by : str or sequence of str
        Variables within which contrasts are taken.
    at : mapping, optional
        Values of variables in the place of all levels or the mean: ``{"Days": [0, 9]}``.
    type : {"link", "response"}
    level : float
        Of the intervals.
    offset : float, optional
        Of every row, if the fit was given an offset as an array.

    Returns
    -------
    MarginalMeans
        ``.contrast()`` (or ``.pairs()``) compares them. Degrees of freedom are Satterthwaite's
        for lmer fits by the structured engine (emmeans' ``lmer.df = "satterthwaite"``), else
        infinite. Means that the data do not determine are nan.

    Raises
    ------
    ArgumentError
        For an unknown variable.

    Examples
    --------
    >>> import glmmvi as gv
    >>> formula = "cbind(incidence, size - incidence) ~ period + (1 | herd)"
    >>> fit = gv.glmer(formula, gv.load_dataset("cbpp"), family="binomial")
    >>> means = emmeans(fit, "period", type="response")
    >>> means.as_data_frame()[["period", "prob"]].round(2).head(2)
      period  prob
    0      1  0.20
    1      2  0.08
    >>> means.pairs(adjust="holm").as_data_frame()[["contrast", "odds.ratio"]].round(1).head(1)
                contrast  odds.ratio
    0  period1 / period2         2.7
    """
    own, within = _names(fit, "specs", specs), _names(fit, "by", by)
    grid = reference_grid(fit, at)
    X, shift = _rows(fit, grid, offset)
    cells, members = _cells(grid, own, within)
    return _table(
        fit,
        cells,
        within,
        "emmean",
        np.array([X[rows].mean(axis=0) for rows in members]),
        np.array([shift[rows].mean() for rows in members]),
        level,
        checked_type(type),
        _notes(fit, grid, (*own, *within)),
    )


@names_arguments
def emtrends(
    fit: AnyFit,
    specs: Names,
    var: str,
    *,
    by: Names = (),
    at: Mapping[str, Any] | None = None,
    level: float = 0.95,
) -> MarginalMeans:
    """Slopes of the linear predictor along a number, averaged as :func:`emmeans`.

    Parameters
    ----------
    fit, specs, by, at, level
        See :func:`emmeans`; ``specs=()`` is one slope over everything.
    var : str
        The number whose slope is wanted; the difference is central, over a thousandth of its
        range.

    Returns
    -------
    MarginalMeans
        With the column ``<var>.trend``, on the link scale.

    Raises
    ------
    ArgumentError
        For an unknown variable, or a `var` that is no number.

    Examples
    --------
    >>> import glmmvi as gv
    >>> fit = gv.lmer("Reaction ~ Days + (Days | Subject)", gv.load_dataset("sleepstudy"))
    >>> emtrends(fit, (), "Days").as_data_frame().round(2)[["Days.trend", "SE", "df"]]
       Days.trend    SE    df
    0       10.47  1.55  17.0
    """
    own, within = _names(fit, "specs", specs), _names(fit, "by", by)
    _names(fit, "var", var)
    if var in (*own, *within):
        raise ArgumentError(f"emtrends: var={var!r} is among specs or by, too")
    values = as_number(column_values(fit, var), var)
    grid = reference_grid(fit, at)
    step = _STEP * float(np.nanmax(values) - np.nanmin(values))
    if not step > 0.0:
        raise ArgumentError(f"emtrends: {var!r} has one value only")
    offset = 0.0 if fit.design.recipe.offset_was_array else None  # it does not move with var
    (above, up), (below, down) = (
        _rows(fit, grid.assign(**{var: grid[var] + h}), offset) for h in (0.5 * step, -0.5 * step)
    )
    cells, members = _cells(grid, own, within)
    slope, shift = (above - below) / step, (up - down) / step
    return _table(
        fit,
        cells,
        within,
        f"{var}.trend",
        np.array([slope[rows].mean(axis=0) for rows in members]),
        np.array([shift[rows].mean() for rows in members]),
        level,
        "link",
        _notes(fit, grid, (*own, *within, var)),
    )


def _table(
    fit: AnyFit,
    cells: pd.DataFrame,
    by: tuple[str, ...],
    name: str,
    linear: Matrix,
    offset: Matrix,
    level: float,
    type: Scale,
    notes: tuple[str, ...],
) -> MarginalMeans:
    generalized = isinstance(fit, GeneralizedMixedFit)
    means = generalized and name == "emmean"
    if type == "response" and not means:
        raise ArgumentError("type='response' is for generalized models; an lmer fit has one scale")

    def mean_of(eta: Matrix) -> Matrix:
        assert isinstance(fit, GeneralizedMixedFit)
        return fit.family.response_mean(fit.family.inverse_link(eta), fit.dispersion)

    return MarginalMeans(
        grid=cells,
        by=by,
        name=name,
        linear=linear,
        offset=offset,
        beta=fit.estimates.beta,
        beta_cov=fit.estimates.beta_cov,
        df_of=_degrees_of_freedom(fit),
        mean_of=mean_of if means else None,
        family=fit.family if isinstance(fit, GeneralizedMixedFit) else None,
        level=checked_level(level),
        type=type,
        notes=notes,
    )


def _degrees_of_freedom(fit: AnyFit) -> Callable[[Any], float]:
    if isinstance(fit, GeneralizedMixedFit) or not isinstance(fit.posterior, StructuredPosterior):
        return lambda row: float("inf")
    from glmmvi.results.testing.small_sample import small_sample

    return small_sample(fit, "Satterthwaite").df


def _names(fit: AnyFit, what: str, given: Names) -> tuple[str, ...]:
    wanted, known = (given,) if isinstance(given, str) else tuple(given), fixed_variables(fit)
    for name in wanted:
        if name not in known:
            raise ArgumentError(
                f"{what}: the fixed part has no variable {name!r}"
                f"{nearest_hint(str(name), known)}; it has {', '.join(known) or 'none'}"
            )
    return wanted


def _rows(fit: AnyFit, grid: pd.DataFrame, offset: float | None) -> tuple[Matrix, Matrix]:
    """Columns of X (nan where a row is not estimable) and the offset, of the grid's rows."""
    recipe, dropped = fit.design.recipe, fit.design.dropped_columns
    given: Any = None if offset is None else np.full(len(grid), float(offset))
    if not recipe.variables and not len(grid.columns):  # an intercept alone
        grid = pd.DataFrame({"(row)": np.zeros(len(grid))})
    new = recipe.rebuild(grid, random=False, offset=given)
    X = np.array(new.X)
    if dropped:
        whole = recipe.columns_alone()
        data = whole.rebuild(fit.getData(), random=False).X
        data = data[np.isfinite(data).all(axis=1)]
        values, vectors = np.linalg.eigh(data.T @ data)
        null = vectors[:, values < 1e-10 * values[-1]]
        rows = whole.rebuild(grid, random=False).X
        X[(np.abs(rows @ null) > 1e-6 * np.abs(rows).max()).any(axis=1)] = np.nan
    return X, np.asarray(new.offset)


def _cells(
    grid: pd.DataFrame, own: tuple[str, ...], by: tuple[str, ...]
) -> tuple[pd.DataFrame, list[NDArray[np.intp]]]:
    """Cells of the table, the first variable fastest, and the grid's rows in each."""
    names = [*own, *(name for name in by if name not in own)]
    if not names:
        return pd.DataFrame(index=[0]), [np.arange(len(grid))]
    levels = [grid[name].unique().tolist() for name in names]
    rows = [row[::-1] for row in product(*levels[::-1])]
    members = [
        np.flatnonzero(
            np.logical_and.reduce([grid[n] == v for n, v in zip(names, row, strict=True)])
        )
        for row in rows
    ]
    return pd.DataFrame(rows, columns=names), members


def _notes(fit: AnyFit, grid: pd.DataFrame, named: tuple[str, ...]) -> tuple[str, ...]:
    """A warning of emmeans': means over a factor that interacts with those named."""
    recipe = fit.design.recipe
    averaged = {name for name in grid.columns if name not in named and grid[name].nunique() > 1}
    for _, parts in recipe.plan.terms:
        used = {v for part in parts for v in variables_of(recipe.variables[part.name])}
        if used & averaged and used & set(named):
            return ("NOTE: Results may be misleading due to involvement in interactions",)
    return ()
