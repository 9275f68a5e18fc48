"""From a design, with its names, to the arrays that an engine sees."""

from __future__ import annotations

import numpy as np

from glmmvi.design.design_matrices import DesignMatrices
from glmmvi.errors import DataError
from glmmvi.inference.regression_arrays import RegressionArrays, TermArrays


def engine_arrays(design: DesignMatrices) -> RegressionArrays:
    """Arrays of a design.

    Raises
    ------
    DataError
        If there are not more rows than fixed effects, so that nothing is left to estimate a
        variance from.
    """
    n = int(np.count_nonzero(design.weights))
    if n <= design.p:
        raise DataError(
            f"there are {n} rows to fit and {design.p} fixed effects "
            f"({', '.join(design.column_names)}): nothing is left to estimate a variance from; "
            "use more data or fewer columns"
        )
    return generalized_arrays(design)


def generalized_arrays(design: DesignMatrices) -> RegressionArrays:
    """Arrays of a design, whatever the distribution of its response."""
    return RegressionArrays(
        y=design.y,
        X=design.X,
        terms=tuple(TermArrays(term.Z, term.codes, term.L) for term in design.terms),
        weights=design.weights,
        offset=design.offset,
    )
