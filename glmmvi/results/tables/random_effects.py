"""Conditional modes of the random effects: what ``ranef(fit)`` returns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from glmmvi.results.rendering.document import Document
from glmmvi.results.rendering.group_tables import render_ranef
from glmmvi.results.rendering.table_documents import groups_document
from glmmvi.results.tables.group_table import GroupTable
from glmmvi.results.tables.renderable import Renderable


@dataclass(frozen=True)
class RandomEffects(Renderable):
    """Random effects of every grouping factor.

    Two terms of the same factor stand in one table, as in lme4.

    Attributes
    ----------
    groups : tuple of GroupTable
        One a grouping factor, in lme4's order.
    drop : bool
        Whether tables of one column are given, and printed, as vectors.

    Examples
    --------
    >>> table = GroupTable("g", ("a", "b"), ("x",), np.array([[1.0], [2.0]]), np.ones((2, 1)))
    >>> effects = RandomEffects((table,))
    >>> float(effects["g"].loc["b", "x"])
    2.0
    >>> print(effects)  # doctest: +NORMALIZE_WHITESPACE
    $g
      x
    a 1
    b 2
    <BLANKLINE>
    with conditional variances for “g”
    """

    groups: tuple[GroupTable, ...]
    drop: bool = False

    # Any: a Series where `drop` says so, which would burden everyone who indexes the rest
    def __getitem__(self, group: str) -> Any:
        for table in self.groups:
            if table.group == group:
                frame = table.as_data_frame()
                return frame.iloc[:, 0] if self.drop and frame.shape[1] == 1 else frame
        raise KeyError(f"no grouping factor {group!r}; there are {list(self)}")

    def __iter__(self) -> Iterator[str]:
        return (table.group for table in self.groups)

    def __len__(self) -> int:
        return len(self.groups)

    def __str__(self) -> str:
        return render_ranef(self).rstrip("\n")

    def as_data_frame(self) -> pd.DataFrame:
        """R's ``as.data.frame(ranef(fit))``: columns grpvar, term, grp, condval, condsd.

        Examples
        --------
        >>> table = GroupTable("g", ("a", "b"), ("x",), np.array([[1.0], [2.0]]), np.ones((2, 1)))
        >>> RandomEffects((table,)).as_data_frame()
          grpvar term grp  condval  condsd
        0      g    x   a      1.0     1.0
        1      g    x   b      2.0     1.0
        """
        frames = []
        for table in self.groups:
            n_levels, n_terms = len(table.levels), len(table.names)
            columns: dict[str, object] = {
                "grpvar": [table.group] * (n_levels * n_terms),
                "term": np.repeat(np.array(table.names, dtype=object), n_levels),
                "grp": np.tile(np.array(table.levels, dtype=object), n_terms),
                "condval": np.ravel(table.values, order="F"),
            }
            if table.sd is not None:
                columns["condsd"] = np.ravel(table.sd, order="F")
            frames.append(pd.DataFrame(columns))
        if not frames:
            return pd.DataFrame(columns=["grpvar", "term", "grp", "condval"])
        return pd.concat(frames, ignore_index=True)

    def _document(self) -> Document:
        return groups_document(self.groups)
