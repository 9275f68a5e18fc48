"""Confidence intervals: what ``confint(fit)`` returns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from glmmvi.results.rendering.confint import bound_names, render_confint
from glmmvi.results.rendering.document import Document
from glmmvi.results.rendering.table_documents import confint_document
from glmmvi.results.tables.renderable import Renderable


@dataclass(frozen=True)
class ConfidenceIntervals(Renderable):
    """Lower and upper bounds of parameters.

    Attributes
    ----------
    names : tuple of str, length m
        Parameters: ``".sig01"`` or ``"sd_(Intercept)|Subject"``, ``".sigma"``, fixed effects.
    lower, upper : float64, shape (m,)
        Bounds; nan where there are none.
    level : float
        Probability that the interval is made for.

    Examples
    --------
    >>> print(ConfidenceIntervals(("Days",), np.array([7.437594]), np.array([13.49698]), 0.95))
            2.5 %   97.5 %
    Days 7.437594 13.49698
    """

    names: tuple[str, ...]
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    level: float = 0.95

    def __str__(self) -> str:
        return render_confint(self).rstrip("\n")

    def as_data_frame(self) -> pd.DataFrame:
        """Give the bounds as a DataFrame with R's column names, e.g. ``2.5 %`` and ``97.5 %``."""
        low, high = bound_names(self.level)
        return pd.DataFrame({low: self.lower, high: self.upper}, index=list(self.names))

    def _document(self) -> Document:
        return confint_document(self)
