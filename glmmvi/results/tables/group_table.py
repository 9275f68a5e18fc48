"""One grouping factor's table: a row a level, a column a coefficient."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray


@dataclass(frozen=True)
class GroupTable:
    """Numbers of every level of a grouping factor.

    Attributes
    ----------
    group : str
        The grouping factor: ``"Subject"``, ``"cask:batch"``.
    levels : tuple of str, length L
        Row names.
    names : tuple of str, length d
        Column names.
    values : float64, shape (L, d)
        The numbers.
    sd : float64, shape (L, d), or None
        Conditional standard deviations, for random effects.

    Examples
    --------
    >>> GroupTable("g", ("a", "b"), ("x",), np.array([[1.0], [2.0]])).as_data_frame()
         x
    a  1.0
    b  2.0
    """

    group: str
    levels: tuple[str, ...]
    names: tuple[str, ...]
    values: NDArray[np.float64]
    sd: NDArray[np.float64] | None = None

    def as_data_frame(self) -> pd.DataFrame:
        """Give the values as a DataFrame: index `levels`, columns `names`."""
        return pd.DataFrame(self.values, index=list(self.levels), columns=list(self.names))
