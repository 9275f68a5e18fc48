"""A few numbers with their intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray


@dataclass(frozen=True)
class IntervalEstimates:
    """Estimates by name.

    Attributes
    ----------
    names : tuple of str
    estimate, lower, upper : float64, shape (k,)
        nan where there is no interval.
    level : float
        Of the intervals.

    Examples
    --------
    >>> one = np.array([0.5])
    >>> IntervalEstimates(("marginal",), one, one - 0.1, one + 0.1, 0.95)["marginal"]
    0.5
    """

    names: tuple[str, ...]
    estimate: NDArray[np.float64]
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    level: float

    def __getitem__(self, name: str) -> float:
        if name not in self.names:
            raise KeyError(f"no {name!r}; there are {', '.join(self.names)}")
        return float(self.estimate[self.names.index(name)])

    def as_data_frame(self) -> pd.DataFrame:
        """Columns ``estimate``, ``lower``, ``upper``, one row a name."""
        return pd.DataFrame(
            {"estimate": self.estimate, "lower": self.lower, "upper": self.upper},
            index=list(self.names),
        )

    def __str__(self) -> str:
        table = self.as_data_frame().to_string(float_format="{:.3f}".format, na_rep="NA")
        return f"{table}\n{100 * self.level:g} % intervals"

    def __repr__(self) -> str:
        return str(self)
