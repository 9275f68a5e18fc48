"""The fixed effects with their standard errors and tests: ``summary(fit).coefficients``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from glmmvi.results.rendering.document import Document
from glmmvi.results.rendering.table_documents import coefficients_document
from glmmvi.results.tables.renderable import Renderable


@dataclass(frozen=True)
class CoefficientTable(Renderable):
    """Estimates, standard errors and tests of the fixed effects.

    Attributes
    ----------
    names : tuple of str, length p
        R's coefficient names.
    estimates, standard_errors : float64, shape (p,)
        On the link scale.
    statistic : {"t", "z"}
        What ``estimate / standard error`` is called: t for a family with a scale, else z.
    p_values : float64, shape (p,), or None
        Two-sided; None where none are shown (lme4's `lmer`). Their column is called
        ``Pr(>|z|)``, even under a t, as in lme4; ``Pr(>|t|)`` with `df`.
    df : float64, shape (p,), or None
        Denominator degrees of freedom (lmerTest's column ``df``).

    Examples
    --------
    >>> table = CoefficientTable(("(Intercept)",), np.array([2.0]), np.array([0.5]), "t")
    >>> table.statistics
    array([4.])
    """

    names: tuple[str, ...]
    estimates: NDArray[np.float64]
    standard_errors: NDArray[np.float64]
    statistic: Literal["t", "z"] = "t"
    p_values: NDArray[np.float64] | None = None
    df: NDArray[np.float64] | None = None

    @property
    def statistics(self) -> NDArray[np.float64]:
        """Estimate over standard error, shape (p,)."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(self.estimates / self.standard_errors)

    @property
    def column_names(self) -> tuple[str, ...]:
        """R's column names, in R's order."""
        names = ["Estimate", "Std. Error"]
        if self.df is not None:
            names.append("df")
        names.append(f"{self.statistic} value")
        if self.p_values is not None:
            names.append("Pr(>|z|)" if self.df is None else "Pr(>|t|)")
        return tuple(names)

    @property
    def columns(self) -> tuple[NDArray[np.float64], ...]:
        """The columns, in the order of `column_names`."""
        columns = [self.estimates, self.standard_errors]
        if self.df is not None:
            columns.append(self.df)
        columns.append(self.statistics)
        if self.p_values is not None:
            columns.append(self.p_values)
        return tuple(columns)

    def as_data_frame(self) -> pd.DataFrame:
        """Give the table as a DataFrame with R's row and column names.

        Examples
        --------
        >>> table = CoefficientTable(("x",), np.array([2.0]), np.array([0.5]), "t")
        >>> table.as_data_frame()
           Estimate  Std. Error  t value
        x       2.0         0.5      4.0
        """
        columns = dict(zip(self.column_names, self.columns, strict=True))
        return pd.DataFrame(columns, index=list(self.names))

    def _document(self) -> Document:
        return coefficients_document(self)
