"""Numbers of rows under the data's row labels."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from glmmvi.design.design_matrices import DesignMatrices


def by_row(design: DesignMatrices, values: NDArray[np.float64]) -> pd.Series:
    """Values of the rows used, by the data's row labels.

    Parameters
    ----------
    design : DesignMatrices
    values : float64, shape (n,)

    Returns
    -------
    Series
        Of length n.
    """
    return pd.Series(values, index=design.frame.index)
