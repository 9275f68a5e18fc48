"""One linear regression a group: what ``lmList`` returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import stdtrit

from glmmvi.errors import ArgumentError, nearest_hint
from glmmvi.results.prediction_intervals import check_level
from glmmvi.results.rendering.confint import bound_names
from glmmvi.results.rendering.matrices import print_columns, print_data_frame
from glmmvi.results.rendering.numbers import format_number, format_numbers
from glmmvi.unknown_arguments import methods_name_arguments

Vector = NDArray[np.float64]


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
    """

    names: tuple[str, ...]
    coefficients: Vector
    unscaled_sd: Vector
    sigma: float
    df: int
    fitted: pd.Series
    residuals: pd.Series


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
    """

    groups: tuple[str, ...]
    fits: tuple[GroupRegression | None, ...]
    call: str
    pool: bool

    @property
    def _there(self) -> list[GroupRegression]:
        return [fit for fit in self.fits if fit is not None]

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
        """Fitted values by the data's row labels, group after group."""
        return pd.concat([fit.fitted for fit in self._there])

    def residuals(
        self, type: Literal["response", "pearson", "pooled.pearson"] = "response"
    ) -> pd.Series:
        """Residuals by the data's row labels, group after group.

        Parameters
        ----------
        type : {"response", "pearson", "pooled.pearson"}
            As they are, over the residual sd of the group, or over the pooled one.
        """
        if type not in ("response", "pearson", "pooled.pearson"):
            raise ArgumentError(
                f"residuals: type={type!r} is none of 'response', 'pearson', 'pooled.pearson'"
            )
        if type == "pearson":
            return pd.concat([fit.residuals / fit.sigma for fit in self._there])
        made = pd.concat([fit.residuals for fit in self._there])
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
