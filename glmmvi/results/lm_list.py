"""One linear regression a group: what ``lmList`` returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

from glmmvi.design.recipe import DesignRecipe
from glmmvi.errors import ArgumentError, DataError, nearest_hint
from glmmvi.formula.variables import variables_of
from glmmvi.results.lm_list_summary import LmListSummary
from glmmvi.results.prediction_intervals import check_level
from glmmvi.results.rendering.confint import bound_names
from glmmvi.results.rendering.matrices import print_columns, print_data_frame
from glmmvi.results.rendering.numbers import format_number, format_numbers
from glmmvi.unknown_arguments import methods_name_arguments, names_arguments

Vector = NDArray[np.float64]


def as_pandas(data: Any) -> pd.DataFrame:
    """The data as a pandas data frame, to take rows of."""
    if isinstance(data, pd.DataFrame):
        return data
    return data.to_pandas() if hasattr(data, "to_pandas") else pd.DataFrame(data)


def rows_of(values: Any, rows: NDArray[Any], n: int) -> Any:
    """One value a row of the data, at some rows; texts are left as they are."""
    if values is None or isinstance(values, str) or np.shape(values) != (n,):
        return values
    return np.asarray(values)[rows]


@dataclass(frozen=True)
class GroupRegression:
    """The regression of one group.

    Attributes
    ----------
    names : tuple of str, length p
        R's names of the coefficients.
    coefficients : float64, shape (p,)
        nan where the group's data do not determine it.
    unscaled_sd : float64, shape (p,)
        Standard errors over the residual sd.
    sigma : float
        Residual sd of the group; nan without degrees of freedom.
    df : int
        Residual degrees of freedom.
    fitted, residuals : Series
        By the data's row labels.
    recipe : DesignRecipe
        Makes the columns of new data.
    """

    names: tuple[str, ...]
    coefficients: Vector
    unscaled_sd: Vector
    sigma: float
    df: int
    fitted: pd.Series
    residuals: pd.Series
    recipe: DesignRecipe

    @property
    def unweighted_sd(self) -> float:
        """Residual sd that lme4's Pearson residuals are over: weights do not count."""
        df = len(self.residuals) - len(self.names)
        return float(np.sqrt((self.residuals**2).sum() / df)) if df > 0 else np.nan

    def predict(self, newdata: pd.DataFrame, offset: Any = None) -> Vector:
        """Predictions for new rows; nan where a value is missing."""
        new = self.recipe.rebuild(newdata, offset=offset)
        return new.offset + new.X @ self.coefficients[list(self.recipe.kept)]


@dataclass(frozen=True)
class GroupIntervals:
    """Confidence intervals of the coefficients of every group; prints as R's array.

    ``intervals["Days"]`` is a DataFrame, a row a group.

    Attributes
    ----------
    groups, names : tuple of str
    lower, upper : float64, shape (G, p)
    level : float
    """

    groups: tuple[str, ...]
    names: tuple[str, ...]
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    level: float

    def __getitem__(self, name: str) -> pd.DataFrame:
        if name not in self.names:
            raise KeyError(f"no coefficient {name!r}; there are {', '.join(self.names)}")
        j = self.names.index(name)
        low, high = bound_names(self.level)
        return pd.DataFrame(
            {low: self.lower[:, j], high: self.upper[:, j]}, index=list(self.groups)
        )

    def as_data_frame(self) -> pd.DataFrame:
        """All of them, columns by coefficient and bound."""
        return pd.concat({name: self[name] for name in self.names}, axis=1)

    @names_arguments
    def plot(self, *, order: str | None = None, ax: Any = None) -> NDArray[Any]:
        """One panel a coefficient: :func:`glmmvi.results.plots.plot_group_intervals`."""
        from glmmvi.results.plots.group_intervals import plot_group_intervals

        return plot_group_intervals(self, order=order, ax=ax)

    def __str__(self) -> str:
        parts = ['An object of class "lmList4.confint"\n']
        for name in self.names:
            table = self[name]
            columns = [format_numbers(table[bound], na="NA") for bound in table]
            grid = print_columns(columns, bound_names(self.level), self.groups)
            parts.append(f", , {name}\n\n{grid}\n")
        return "".join(parts)

    def __repr__(self) -> str:
        return str(self)


@methods_name_arguments
@dataclass(frozen=True, repr=False)
class LmList:
    """One linear regression a group, as lme4's ``lmList4``; prints as R prints it.

    Attributes
    ----------
    groups : tuple of str
        Levels of the grouping factor, in R's order.
    fits : tuple of GroupRegression or None
        None where the regression failed.
    call : str
        For the printout.
    pool : bool
        Whether the residual sds are pooled in the printout.
    order : tuple of int, length G
        The groups in the order in which the data have them.
    recipe : DesignRecipe
        Tells the groups of new data.
    model, data : str
        Formula without the group, and name of the data, for the summary.
    """

    groups: tuple[str, ...]
    fits: tuple[GroupRegression | None, ...]
    call: str
    pool: bool
    order: tuple[int, ...]
    recipe: DesignRecipe
    model: str
    data: str

    @property
    def _there(self) -> list[GroupRegression]:
        return [fit for fit in self.fits if fit is not None]

    @property
    def _in_order(self) -> list[GroupRegression]:
        fits = [self.fits[i] for i in self.order]
        return [fit for fit in fits if fit is not None]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the coefficients of any group."""
        return tuple(dict.fromkeys(name for fit in self._there for name in fit.names))

    def __len__(self) -> int:
        return len(self.groups)

    def __getitem__(self, group: str) -> GroupRegression | None:
        if group not in self.groups:
            hint = nearest_hint(str(group), self.groups)
            raise KeyError(f"no group {group!r}{hint}; there are {', '.join(self.groups)}")
        return self.fits[self.groups.index(group)]

    def _table(self, field: str) -> pd.DataFrame:
        rows = [
            pd.Series(dtype=float) if fit is None else pd.Series(getattr(fit, field), fit.names)
            for fit in self.fits
        ]
        table = pd.DataFrame([row.reindex(list(self.names)) for row in rows], dtype=float)
        return table.set_axis(list(self.groups), axis=0)

    def coef(self) -> pd.DataFrame:
        """Coefficients, a row a group; nan where its data do not determine them."""
        return self._table("coefficients")

    def fixef(self, *, add_dropped: bool = False) -> pd.Series:
        """Means of the coefficients over the groups that have them: lme4's ``fixef``."""
        return self.coef().mean()

    def ranef(self) -> pd.DataFrame:
        """Coefficients minus their means, a row a group."""
        return self.coef() - self.fixef()

    def df_residual(self) -> int:
        """Residual degrees of freedom of all groups together.

        As lme4 (1.1-31), a coefficient that a group's data do not determine counts.
        """
        return sum(len(fit.residuals) - len(fit.names) for fit in self._there)

    def sigma(self) -> float:
        """Pooled residual sd: of the squared (unweighted) residuals over `df_residual`.

        Raises
        ------
        ArgumentError
            If there are no degrees of freedom.
        """
        df = self.df_residual()
        if df <= 0:
            raise ArgumentError("No degrees of freedom for estimating std. dev.")
        return float(np.sqrt(sum(float((fit.residuals**2).sum()) for fit in self._there) / df))

    def nobs(self) -> int:
        """Observations of all groups that were fitted."""
        return sum(len(fit.residuals) for fit in self._there)

    def fitted(self) -> pd.Series:
        """Fitted values by the data's row labels, group after group as `residuals`."""
        return pd.concat([fit.fitted for fit in self._in_order])

    def predict(self, newdata: Any = None, *, offset: Any = None) -> pd.Series | pd.DataFrame:
        """Predictions by the regressions of the rows' groups.

        Parameters
        ----------
        newdata : data frame, optional
            By default the fitted values.
        offset : array or str, optional
            Of the new rows, when the fit was given an offset as an array.

        Returns
        -------
        Series of float64
            By the row labels, in the order of `newdata` (R's are group after group); nan where
            a value is missing, or the group's regression failed.
        DataFrame
            If `newdata` do not have the grouping variable: every row by every group, a column
            a group.

        Raises
        ------
        DataError
            For a group that was not fitted (``nonexistent group in 'newdata'``).

        Examples
        --------
        >>> import glmmvi as gv
        >>> fits = gv.lmList("Reaction ~ Days | Subject", gv.load_dataset("sleepstudy"))
        >>> fits.predict({"Days": [0, 1], "Subject": ["310", "308"]}).round(2).tolist()
        [203.48, 265.96]
        >>> fits.predict({"Days": [0, 1]})[["308", "309"]].round(2)
              308     309
        0  244.19  205.05
        1  265.96  207.32
        """
        if newdata is None:
            if offset is not None:
                raise ArgumentError("predict: offset= is for new data; give newdata= too")
            return self.fitted()
        frame = as_pandas(newdata)
        everywhere = np.arange(len(frame))
        if not set(variables_of(self.recipe.random[0].group)) <= set(map(str, frame.columns)):
            columns = [self._predicted(code, frame, everywhere, offset) for code in self._codes]
            made = np.column_stack(columns)
            return pd.DataFrame(made, index=frame.index, columns=list(self.groups))
        new = self.recipe.rebuild(frame, fixed=False)
        unseen = [level for levels in new.new_levels.values() for level in levels if level != "NA"]
        if unseen:
            raise DataError(
                f"predict: nonexistent group in 'newdata': {', '.join(unseen[:10])}; there are "
                f"{', '.join(self.groups[:20])}{', ...' if len(self.groups) > 20 else ''}"
            )
        values = np.full(len(frame), np.nan)
        codes = new.terms[0].codes
        for code in np.unique(codes[codes >= 0]):
            rows = np.flatnonzero(codes == code)
            values[rows] = self._predicted(code, frame, rows, offset)
        return pd.Series(values, index=frame.index)

    @property
    def _codes(self) -> range:
        return range(len(self.groups))

    def _predicted(self, code: int, frame: pd.DataFrame, rows: Any, offset: Any) -> Vector:
        fit = self.fits[code]
        if fit is None:
            return np.full(len(rows), np.nan)
        return fit.predict(frame.iloc[rows], rows_of(offset, rows, len(frame)))

    def residuals(
        self, type: Literal["response", "pearson", "pooled.pearson"] = "response"
    ) -> pd.Series:
        """Residuals by the data's row labels, group after group, as the data have them first.

        Parameters
        ----------
        type : {"response", "pearson", "pooled.pearson"}
            As they are, over the residual sd of the group, or over the pooled one: of the
            unweighted residuals, as in lme4.
        """
        if type not in ("response", "pearson", "pooled.pearson"):
            raise ArgumentError(
                f"residuals: type={type!r} is none of 'response', 'pearson', 'pooled.pearson'"
            )
        if type == "pearson":
            return pd.concat([fit.residuals / fit.unweighted_sd for fit in self._in_order])
        made = pd.concat([fit.residuals for fit in self._in_order])
        return made if type == "response" else made / self.sigma()

    def confint(self, level: float = 0.95, *, pool: bool = False) -> GroupIntervals:
        """Confidence intervals of the coefficients of every group, by Student's t.

        Parameters
        ----------
        level : float
        pool : bool
            Whether the residual sd is the pooled one, with its degrees of freedom, or each
            group's own. lme4 (1.1-31) documents the pooled one and, unless ``pool = TRUE`` is in
            the call, gives each group's own: so does this.

        Returns
        -------
        GroupIntervals
        """
        check_level(level)
        upper_tail = 0.5 + 0.5 * level
        centre, error = self.coef().to_numpy(), self._table("unscaled_sd").to_numpy()
        if pool:
            half = error * self.sigma() * float(stdtrit(self.df_residual(), upper_tail))
        else:
            sd = np.array([np.nan if fit is None else fit.sigma for fit in self.fits])
            df = np.array([np.nan if fit is None else fit.df for fit in self.fits])
            usable = np.where(df > 0, df, np.nan)
            half = error * (sd * stdtrit(usable, upper_tail))[:, None]
        return GroupIntervals(self.groups, self.names, centre - half, centre + half, level)

    def plot(
        self, *, level: float = 0.95, pool: bool = False, order: str | None = None, ax: Any = None
    ) -> NDArray[Any]:
        """Draw the intervals of `confint`, one panel a coefficient.

        See :func:`glmmvi.results.plots.plot_group_intervals`.
        """
        return self.confint(level, pool=pool).plot(order=order, ax=ax)

    def summary(self, *, pool: bool | None = None) -> LmListSummary:
        """Coefficients of every group with standard errors and t tests; prints as R prints it.

        Parameters
        ----------
        pool : bool, optional
            Whether the residual sd is the pooled one; by default as in the call.

        Examples
        --------
        >>> import glmmvi as gv
        >>> fits = gv.lmList("Reaction ~ Days | Subject", gv.load_dataset("sleepstudy"))
        >>> fits.summary()["Days"].head(2).round(4)
             Estimate  Std. Error  t value  Pr(>|t|)
        308   21.7647      2.8176   7.7246    0.0000
        309    2.2618      2.8176   0.8027    0.4234
        """
        pooled = self.pool if pool is None else bool(pool)
        own = np.array([np.nan if fit is None else fit.sigma for fit in self.fits])
        df = np.array([np.nan if fit is None or fit.df <= 0 else fit.df for fit in self.fits])
        if pooled:
            sd = np.where(np.isnan(own), np.nan, self.sigma())
            df = np.full(len(self.fits), float(self.df_residual()))
        else:
            sd = own
        estimate = self.coef().to_numpy()
        error = self._table("unscaled_sd").to_numpy() * sd[:, None]
        with np.errstate(invalid="ignore", divide="ignore"):
            t = estimate / error
        p = 2.0 * stdtr(df[:, None], -np.abs(t))
        return LmListSummary(
            self.model,
            self.data,
            self.groups,
            self.names,
            np.stack([estimate, error, t, p], axis=2),
            (self.sigma(), self.df_residual()) if pooled else None,
        )

    def __str__(self) -> str:
        coefficients = self.coef()
        columns = [format_numbers(coefficients[name], na="NA") for name in coefficients]
        table = print_data_frame(columns, list(self.names), self.groups)
        text = f"Call: {self.call} \nCoefficients:\n{table}"
        if self.pool:
            df = self.df_residual()
            text += f"\nDegrees of freedom: {self.nobs()} total; {df} residual\n"
            text += f"Residual standard error: {format_number(self.sigma())}"
        return text.rstrip("\n")

    def __repr__(self) -> str:
        return str(self)
