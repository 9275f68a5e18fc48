"""One random-effects term as lme4's ``reTrms`` has it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from glmmvi.design.random_term import RandomTerm
from glmmvi.design.sparse_columns import sparse_columns

if TYPE_CHECKING:
    from scipy.sparse import csr_array


@dataclass(frozen=True, eq=False)
class ReTerm:
    """A random-effects term ``(lhs | group)`` under lme4's names.

    Attributes
    ----------
    group : str
        The grouping factor: ``"Subject"``, ``"cask:batch"``.
    label : str
        Name of the term in VarCorr: `group`, or ``"Subject.1"`` for its second term.
    cnms : tuple of str, length d
        Names of the columns.
    levels : tuple of str, length L
        Levels of the grouping factor.
    codes : intp, shape (n,)
        Index into `levels` of each row.
    Z : scipy.sparse.csr_array, shape (n, L * d)
        The term's part of the transpose of lme4's ``Zt``: level by level, its columns together.
    theta0, lower : float64, shape (d * (d + 1) / 2,)
        lme4's start and lower bounds of the relative covariance factor (lower triangle,
        columns first).
    """

    group: str
    label: str
    cnms: tuple[str, ...]
    levels: tuple[str, ...]
    codes: NDArray[np.intp]
    Z: csr_array
    theta0: NDArray[np.float64]
    lower: NDArray[np.float64]

    @classmethod
    def from_term(cls, term: RandomTerm) -> ReTerm:
        """Lay out a term as lme4 does.

        Examples
        --------
        >>> term = RandomTerm("g", "g", ("(Intercept)", "x"), ("a", "b"), np.array([1, 0]),
        ...                   np.array([[1.0, 5.0], [1.0, 6.0]]))
        >>> made = ReTerm.from_term(term)
        >>> made.Z.toarray().tolist(), made.theta0.tolist(), made.lower.tolist()
        ([[0.0, 0.0, 1.0, 5.0], [1.0, 6.0, 0.0, 0.0]], [1.0, 0.0, 1.0], [0.0, -inf, 0.0])
        """
        rows, columns = np.tril_indices(term.d)
        by_column = np.lexsort((rows, columns))
        diagonal = (rows == columns)[by_column]
        return cls(
            group=term.group,
            label=term.label,
            cnms=term.column_names,
            levels=term.levels,
            codes=term.codes,
            Z=sparse_columns(term),
            theta0=diagonal.astype(np.float64),
            lower=np.where(diagonal, 0.0, -np.inf),
        )
