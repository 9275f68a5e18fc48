"""The coefficients of every group with standard errors and t tests: ``summary(lmList)``."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from glmmvi.results.rendering.matrices import print_columns
from glmmvi.results.rendering.numbers import format_number, format_numbers

COLUMNS = ("Estimate", "Std. Error", "t value", "Pr(>|t|)")


@dataclass(frozen=True, repr=False)
class LmListSummary:
    """Summary of the regressions of all groups; prints as R's ``summary.lmList``.

    ``summary["Days"]`` is a DataFrame: a row a group, R's names of the columns.

    Attributes
    ----------
    model : str
        ``"Reaction ~ Days"``. R's print ends it in ``| NULL`` (lme4 1.1-31 does not tell nlme
        the group), and so does this.
    data : str
        Of the call.
    groups, names : tuple of str
    values : float64, shape (G, p, 4)
        Estimates, standard errors, t values and p values.
    pooled : tuple of (float, int), or None
        Residual sd of all groups and its degrees of freedom, if it was used.
    """

    model: str
    data: str
    groups: tuple[str, ...]
    names: tuple[str, ...]
    values: NDArray[np.float64]
    pooled: tuple[float, int] | None

    def __getitem__(self, name: str) -> pd.DataFrame:
        if name not in self.names:
            raise KeyError(f"no coefficient {name!r}; there are {', '.join(self.names)}")
        values = self.values[:, self.names.index(name)]
        return pd.DataFrame(values, index=list(self.groups), columns=list(COLUMNS))

    def as_data_frame(self) -> pd.DataFrame:
        """All of them, columns by coefficient and statistic."""
        return pd.concat({name: self[name] for name in self.names}, axis=1)

    def _cells(self, j: int) -> list[list[str]]:
        table = self.values[:, j]
        cells = [format_numbers(column) for column in table.T]
        absent = np.isnan(table[:, 0])
        # a standard error that is absent is NaN, not NA, where the group has no residual sd
        sd_absent = np.isnan(self.values[:, :, 1]).all(axis=1) & (self.pooled is not None)
        for k, column in enumerate(cells):
            for i in np.flatnonzero(absent & ~sd_absent if k == 1 else absent):
                column[i] = "NA"
        return cells

    def __str__(self) -> str:
        parts = [f"Call:\n  Model: {self.model} | NULL \n   Data: {self.data} \n\nCoefficients:\n"]
        for j, name in enumerate(self.names):
            parts.append(f"   {name} \n" + print_columns(self._cells(j), COLUMNS, self.groups))
        if self.pooled is not None:
            sd, df = self.pooled
            parts.append(
                f"\nResidual standard error: {format_number(sd)} on {df} degrees of freedom\n"
            )
        return "".join(parts)

    def __repr__(self) -> str:
        return str(self)
