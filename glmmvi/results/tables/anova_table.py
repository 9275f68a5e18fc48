"""A table of tests: what ``anova(fit)``, ``anova(fit1, fit2)`` and ``drop1(fit)`` return."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from glmmvi.results.rendering.anova import render_anova
from glmmvi.results.rendering.document import Document
from glmmvi.results.rendering.table_documents import anova_document
from glmmvi.results.tables.renderable import Renderable


@dataclass(frozen=True)
class AnovaTable(Renderable):
    """Rows of models or terms, columns of statistics, R's heading over them.

    Attributes
    ----------
    heading : tuple of str
        Lines: ``("Data: sleepstudy", "Models:", "fm0: Reaction ~ ...", ...)``.
    row_names : tuple of str, length m
        Models or terms.
    column_names : tuple of str, length k
        R's names. ``"Chisq"``, ``"F"`` and those that end in ``" value"`` are test statistics,
        a last one that begins with ``"Pr("`` or ``"P("`` holds p values.
    columns : tuple of float64, k of shape (m,)
        nan where there is no number.

    Examples
    --------
    >>> table = AnovaTable(
    ...     ("Analysis of Variance Table",),
    ...     ("Days",),
    ...     ("npar", "Sum Sq", "Mean Sq", "F value"),
    ...     tuple(np.array([x]) for x in (1.0, 30031.4, 30031.4, 45.853)),
    ... )
    >>> print(table)
    Analysis of Variance Table
         npar Sum Sq Mean Sq F value
    Days    1  30031   30031  45.853
    """

    heading: tuple[str, ...]
    row_names: tuple[str, ...]
    column_names: tuple[str, ...]
    columns: tuple[NDArray[np.float64], ...]

    def __str__(self) -> str:
        return render_anova(self).rstrip("\n")

    def as_data_frame(self) -> pd.DataFrame:
        """Give the table as a DataFrame with R's row and column names."""
        columns = dict(zip(self.column_names, self.columns, strict=True))
        return pd.DataFrame(columns, index=list(self.row_names))

    def _document(self) -> Document:
        return anova_document(self)
