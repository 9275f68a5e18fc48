"""Least-squares means, or their differences, with lmerTest's print."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd
from numpy.typing import NDArray

from glmmvi.inference.tail_probabilities import t_tail
from glmmvi.results.prediction_intervals import t_quantile
from glmmvi.results.rendering.coefficient_matrix import (
    format_coefficient_matrix,
    print_coefficient_matrix,
)
from glmmvi.results.rendering.document import Document, Paragraph
from glmmvi.results.rendering.numbers import format_number
from glmmvi.results.rendering.p_values import LEGEND
from glmmvi.results.rendering.rounding import r_round
from glmmvi.results.tables import Renderable
from glmmvi.results.testing.small_sample import Ddf

COLUMNS = ("Estimate", "Std. Error", "df", "t value", "lower", "upper", "Pr(>|t|)")
# the numbers in a row: estimates and their scale, test statistics, p value
_ROLES: dict[str, Any] = {"estimates": (0, 1, 4, 5), "tests": (3,), "p_value": 6}
_HEADING = "Least Squares Means table:"


@dataclass(frozen=True)
class LeastSquaresMeans(Renderable):
    """Least-squares means, or differences of them: what `ls_means` and `difflsmeans` return.

    Attributes
    ----------
    row_names : tuple of str, length m
        R's: ``"recipeA:temperature175"``, ``"recipeA - recipeB"``.
    terms : tuple of str, length m
        Labels of the terms: ``"recipe:temperature"``.
    levels : tuple of str, length m
        Without the names of factors: ``"A:175"``, ``"A - B"``.
    hypotheses : float64, shape (m, p)
        The rows as functions of the fixed effects; nan where not estimable.
    estimates, standard_errors, df : float64, shape (m,)
    level : float
        Of the intervals.
    ddf : {"Satterthwaite", "Kenward-Roger"}
    """

    row_names: tuple[str, ...]
    terms: tuple[str, ...]
    levels: tuple[str, ...]
    hypotheses: NDArray
    estimates: NDArray
    standard_errors: NDArray
    df: NDArray
    level: float
    ddf: Ddf

    @property
    def columns(self) -> tuple[NDArray, ...]:
        """Estimate, standard error, df, t value, ends of the interval, p value; each (m,)."""
        statistic = self.estimates / self.standard_errors
        half = t_quantile(0.5 + 0.5 * self.level, self.df) * self.standard_errors
        return (
            self.estimates,
            self.standard_errors,
            self.df,
            statistic,
            self.estimates - half,
            self.estimates + half,
            2.0 * t_tail(abs(statistic), self.df),
        )

    def as_data_frame(self) -> pd.DataFrame:
        """The table as lmerTest's ``as.data.frame``: term, levels and R's columns of numbers."""
        texts = {"term": list(self.terms), "levels": list(self.levels)}
        numbers = dict(zip(COLUMNS, self.columns, strict=True))
        return pd.DataFrame({**texts, **numbers}, index=list(self.row_names))

    def __str__(self) -> str:
        if self.row_names:
            body = print_coefficient_matrix(self._rounded(), COLUMNS, self.row_names, **_ROLES)
        else:
            body = " " * 5 + " ".join(COLUMNS) + "\n"
        return "\n".join([_HEADING, "", body, *self._notes()])

    def __repr__(self) -> str:
        return str(self)

    def _rounded(self) -> list[list[float]]:
        columns = [[float(x) for x in column] for column in self.columns]
        columns[2] = [r_round(x, 1) for x in columns[2]]
        return columns

    def _notes(self) -> tuple[str, ...]:
        return (
            f"  Confidence level: {format_number(100.0 * self.level, 2)}%",
            f"  Degrees of freedom method: {self.ddf} ",
        )

    def _document(self) -> Document:
        table = format_coefficient_matrix(self._rounded(), COLUMNS, self.row_names, **_ROLES)
        stars = len(table.headings) > len(COLUMNS)
        legend = (Paragraph((f"Signif. codes: {LEGEND}",)),) if stars else ()
        notes = Paragraph(tuple(line.strip() for line in self._notes()))
        return (Paragraph((_HEADING,)), table, *legend, notes)
