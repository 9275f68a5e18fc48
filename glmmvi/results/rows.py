"""Numbers of rows under the data's row labels."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from glmmvi.design.design_matrices import DesignMatrices


def by_row(design: DesignMatrices, values: NDArray[np.float64]) -> pd.Series:
    """Values of the rows used, by the data's row labels, as R's ``naresid`` puts them.

    Parameters
    ----------
    design : DesignMatrices
    values : float64, shape (n,)

    Returns
    -------
    Series
        Of length n; under ``na.exclude`` the rows that were left out for missing values are
        in their places, as NaN.

    Examples
    --------
    >>> from glmmvi.design import build_design
    >>> data = {"y": [1.0, None, 3.0, 2.0], "g": ["a", "a", "b", "b"]}
    >>> design = build_design("y ~ 1 + (1 | g)", data, na_action="na.exclude")
    >>> by_row(design, design.y).tolist()
    [1.0, nan, 3.0, 2.0]
    """
    if design.na_action != "na.exclude" or design.row_labels is None or not len(design.omitted):
        return pd.Series(values, index=design.frame.index)
    padded = np.full(len(design.row_labels), np.nan)
    used = np.ones(len(padded), dtype=bool)
    used[design.omitted] = False
    padded[used] = values
    return pd.Series(padded, index=design.row_labels)


def table_by_row(design: DesignMatrices, table: pd.DataFrame) -> pd.DataFrame:
    """Columns of the rows used, by the data's row labels: `by_row` of each."""
    return pd.DataFrame({name: by_row(design, table[name].to_numpy()) for name in table})


def with_omitted_rows(design: DesignMatrices, table: pd.DataFrame) -> pd.DataFrame:
    """A table of the rows used, of any types; under ``na.exclude`` the others as missing."""
    if design.na_action != "na.exclude" or design.row_labels is None or not len(design.omitted):
        return table
    place = np.full(len(design.row_labels), -1)
    place[np.setdiff1d(np.arange(len(place)), design.omitted)] = np.arange(len(table))
    return table.reset_index(drop=True).reindex(place).set_axis(design.row_labels, axis=0)
