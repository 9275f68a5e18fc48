"""Fixed plus random effects of every level: what ``coef(fit)`` returns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from glmmvi.results.rendering.group_tables import render_coef
from glmmvi.results.tables.group_table import GroupTable


@dataclass(frozen=True)
class GroupCoefficients:
    """Coefficients of every level of every grouping factor.

    Attributes
    ----------
    groups : tuple of GroupTable
        One a grouping factor, in lme4's order.

    Examples
    --------
    >>> import numpy as np
    >>> table = GroupTable("g", ("a", "b"), ("x",), np.array([[1.5], [2.0]]))
    >>> GroupCoefficients((table,))["g"].loc["b", "x"]
    2.0
    """

    groups: tuple[GroupTable, ...]

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
