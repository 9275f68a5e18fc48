"""Fixed plus random effects of every level: what ``coef(fit)`` returns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from glmmvi.results.rendering.document import Document
from glmmvi.results.rendering.group_tables import render_coef
from glmmvi.results.rendering.table_documents import groups_document
from glmmvi.results.tables.group_table import GroupTable
from glmmvi.results.tables.random_effects import RandomEffects
from glmmvi.results.tables.renderable import Renderable


@dataclass(frozen=True)
class GroupCoefficients(Renderable):
    """Coefficients of every level of every grouping factor.

    Attributes
    ----------
    groups : tuple of GroupTable
        One a grouping factor, in lme4's order.

    Examples
    --------
    >>> table = GroupTable("g", ("a", "b"), ("x",), np.array([[1.5], [2.0]]))
    >>> float(GroupCoefficients((table,))["g"].loc["b", "x"])
    2.0
    """

    groups: tuple[GroupTable, ...]

    @classmethod
    def from_effects(
        cls, names: Sequence[str], estimates: NDArray[np.float64], random_effects: RandomEffects
    ) -> GroupCoefficients:
        """Add the random effects to the fixed effects.

        Random effects without a fixed effect of the same name come first, as in R; there, and where
        a grouping factor lacks a column, the other part counts as 0.

        Parameters
        ----------
        names : sequence of str, length p
            Names of the fixed effects.
        estimates : float64, shape (p,)
            The fixed effects.
        random_effects : RandomEffects
            The random effects.

        Returns
        -------
        GroupCoefficients
            Every table has the same columns.

        Examples
        --------
        >>> table = GroupTable("g", ("a", "b"), ("x",), np.array([[1.0], [2.0]]))
        >>> fixed = np.array([10.0, 0.5])
        >>> effects = RandomEffects((table,))
        >>> GroupCoefficients.from_effects(("(Intercept)", "x"), fixed, effects)["g"]
           (Intercept)    x
        a         10.0  1.5
        b         10.0  2.5
        """
        fixed = dict(zip(names, estimates, strict=True))
        random_names = [name for table in random_effects.groups for name in table.names]
        columns = [name for name in dict.fromkeys(random_names) if name not in fixed] + list(names)
        position = {name: j for j, name in enumerate(columns)}
        tables = []
        for table in random_effects.groups:
            row = [fixed.get(name, 0.0) for name in columns]
            values = np.tile(np.array(row, dtype=float), (len(table.levels), 1))
            for j, name in enumerate(table.names):
                values[:, position[name]] += table.values[:, j]
            tables.append(GroupTable(table.group, table.levels, tuple(columns), values))
        return cls(tuple(tables))

    def __getitem__(self, group: str) -> pd.DataFrame:
        for table in self.groups:
            if table.group == group:
                return table.as_data_frame()
        raise KeyError(f"no grouping factor {group!r}; there are {list(self)}")

    def __iter__(self) -> Iterator[str]:
        return (table.group for table in self.groups)

    def __len__(self) -> int:
        return len(self.groups)

    def __str__(self) -> str:
        return render_coef(self).rstrip("\n")

    def _document(self) -> Document:
        return groups_document(self.groups)
