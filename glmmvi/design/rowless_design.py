"""A design whose rows are gone: names, levels and the recipe are left."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NoReturn

import numpy as np

from glmmvi.design.design_matrices import DesignMatrices
from glmmvi.errors import DataError

ROWS = ("frame_source", "frame", "y", "X", "offset", "weights", "totals", "omitted", "row_labels")


class RowlessDesign(DesignMatrices):
    """`DesignMatrices` without data; whoever asks for a row is told so.

    It rebuilds new data by its recipe, and knows how many rows there were.
    """

    @property
    def n(self) -> int:
        """Number of observations that were used."""
        return int(self.__dict__["_n"])

    @property
    def p(self) -> int:
        """Number of fixed-effects columns."""
        return len(self.column_names)

    @property
    def n_used(self) -> int:
        """Number of observations with a positive weight."""
        return int(self.__dict__["_n_used"])

    def __getattr__(self, name: str) -> NoReturn:
        if name in ROWS:
            shown = name.removesuffix("_source")
            raise DataError(
                f"the rows of the data ('{shown}') are not in the file that this fit was read "
                "from: it predicts new data (newdata=...); fit again for what needs the rows"
            )
        raise AttributeError(name)

    def __reduce__(self) -> tuple[Any, ...]:
        return _with_state, (dict(self.__dict__),)


def _with_state(state: dict[str, Any]) -> RowlessDesign:
    made = object.__new__(RowlessDesign)
    made.__dict__.update(state)
    return made


def without_rows(design: DesignMatrices) -> RowlessDesign:
    """Leave the data out of a design.

    Parameters
    ----------
    design : DesignMatrices

    Returns
    -------
    RowlessDesign

    Examples
    --------
    >>> from glmmvi.design import build_design
    >>> data = {"y": [1.0, 2.0, 4.0], "g": ["a", "a", "b"]}
    >>> design = without_rows(build_design("y ~ 1 + (1 | g)", data))
    >>> design.n, design.terms[0].levels, design.terms[0].codes.size
    (3, ('a', 'b'), 0)
    """
    if isinstance(design, RowlessDesign):
        return design
    state = {name: value for name, value in design.__dict__.items() if name not in ROWS}
    state["terms"] = tuple(
        replace(term, codes=np.empty(0, dtype=np.intp), Z=np.empty((0, term.d)))
        for term in design.terms
    )
    state["_n"], state["_n_used"] = design.n, design.n_used
    return _with_state(state)
