"""What a fit starts from: the formula met by data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from glmmvi.design.frame_source import FrameSource, GivenFrame
from glmmvi.design.random_term import RandomTerm
from glmmvi.formula.model_formula import ModelFormula

if TYPE_CHECKING:
    from glmmvi.design.recipe import DesignRecipe
    from glmmvi.design.values import Coding


@dataclass(frozen=True)
class DesignMatrices:
    """The arrays of one model, with R's names.

    Attributes
    ----------
    formula : ModelFormula
        The formula, ``||`` expanded.
    frame_source : FrameSource or GivenFrame
        What `frame` is made from.
    y : float64, shape (n,)
        The response. For ``cbind(s, f)``: the proportion, with the totals in `weights`.
    X : float64, shape (n, p)
        Fixed-effects columns, full rank.
    column_names : tuple of str, length p
        R's names of the columns of `X`.
    dropped_columns : tuple of str
        Columns that were linear combinations of others and are not in `X`.
    assign : tuple of int, length p
        For each column of `X`, the number of its term (0 is the intercept), as R's ``assign``.
    term_labels : tuple of str
        R's ``term.labels`` of the fixed part.
    terms : tuple of RandomTerm
        In lme4's order (levels decreasing).
    offset : float64, shape (n,)
        Sum of ``offset()`` terms and the ``offset=`` argument; zeros where there is none.
    weights : float64, shape (n,)
        Prior weights, times the totals of ``cbind(s, f)``; ones where there are none.
    n_dropped : int
        Rows left out for missing values.
    recipe : DesignRecipe
        Rebuilds `X`, the terms and the offset for new data, with what was learned from these.
    response_kind : {"numeric", "logical", "factor", "cbind", "none"}
        What the response was.
    totals : float64, shape (n,), or None
        For ``cbind(s, f)``: ``s + f``.
    response_levels : tuple of str
        Of a factor response: the first is failure, every other success.
    na_action : str
        R's name of the missing-value rule that was used.
    omitted : intp, shape (n_dropped,)
        Positions, among the rows that ``subset`` left, of the rows left out for missing values;
        ``na.exclude`` puts them back into fitted values and residuals.
    row_labels : Index, or None
        The data's labels of all rows that ``subset`` left, those of `omitted` included. None
        for a design that was not made from data.
    contrasts : dict of str to Coding
        The contrasts in use in `X`, by variable.
    has_weights, has_offset : bool
        Whether any were given.
    """

    formula: ModelFormula
    frame_source: FrameSource | GivenFrame
    y: NDArray[np.float64]
    X: NDArray[np.float64]
    column_names: tuple[str, ...]
    dropped_columns: tuple[str, ...]
    assign: tuple[int, ...]
    term_labels: tuple[str, ...]
    terms: tuple[RandomTerm, ...]
    offset: NDArray[np.float64]
    weights: NDArray[np.float64]
    n_dropped: int
    recipe: DesignRecipe
    response_kind: str = "numeric"
    totals: NDArray[np.float64] | None = None
    response_levels: tuple[str, ...] = ()
    na_action: str = "na.omit"
    omitted: NDArray[np.intp] = field(default_factory=lambda: np.empty(0, dtype=np.intp))
    row_labels: pd.Index | None = None
    contrasts: Mapping[str, Coding] = field(default_factory=dict)
    has_weights: bool = False
    has_offset: bool = False

    @cached_property
    def frame(self) -> pd.DataFrame:
        """R's model frame, n rows: one column a variable (`log(y)`, `Days`, `Subject`, ...).

        Rows with missing values are removed. Its index is the data's own, for the rows kept.
        """
        return self.frame_source.as_pandas()

    @property
    def n(self) -> int:
        """Number of observations used."""
        return self.X.shape[0]

    @property
    def n_used(self) -> int:
        """Number of observations with a positive weight."""
        return int(np.count_nonzero(self.weights))

    @property
    def p(self) -> int:
        """Number of fixed-effects columns."""
        return self.X.shape[1]
