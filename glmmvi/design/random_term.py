"""One random-effects term: its columns, its levels and its names, together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class RandomTerm:
    """A random-effects term ``(lhs | group)`` met by data.

    Attributes
    ----------
    group : str
        Name of the grouping factor as lme4 writes it: ``"Subject"``, ``"cask:batch"``.
    label : str
        Name of the term: `group`, or ``"Subject.1"`` for a second term of the same factor
        (lme4's VarCorr names).
    column_names : tuple of str, length d
        lme4's ``cnms``.
    levels : tuple of str, length L
        The levels that occur, in R's order.
    codes : intp, shape (n,)
        Index into `levels` of each row; -1 for a level that was not seen (new data only).
    Z : float64, shape (n, d)
        The term's columns, one row an observation.
    text : str
        The term as R prints it, without brackets: ``"1 + Days | Subject"``.
    """

    group: str
    label: str
    column_names: tuple[str, ...]
    levels: tuple[str, ...]
    codes: NDArray[np.intp]
    Z: NDArray[np.float64]
    text: str = ""

    @property
    def d(self) -> int:
        """Number of columns."""
        return len(self.column_names)

    @property
    def L(self) -> int:
        """Number of levels."""
        return len(self.levels)
