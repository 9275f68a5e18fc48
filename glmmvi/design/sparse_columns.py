"""The sparse random-effects matrix, laid out as lme4's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from glmmvi.design.random_term import RandomTerm

if TYPE_CHECKING:
    from scipy.sparse import csr_array


def sparse_columns(terms: RandomTerm | Sequence[RandomTerm]) -> csr_array:
    """``Z`` of one term or of several, side by side: level by level, its columns together.

    Parameters
    ----------
    terms : RandomTerm or sequence of RandomTerm
        The terms, in lme4's order.

    Returns
    -------
    scipy.sparse.csr_array, shape (n, sum of L * d)
        The transpose of lme4's ``Zt``. Rows of unseen levels are empty.

    Examples
    --------
    >>> term = RandomTerm("g", "g", ("(Intercept)", "x"), ("a", "b"), np.array([1, 0]),
    ...                   np.array([[1.0, 5.0], [1.0, 6.0]]))
    >>> sparse_columns(term).toarray().tolist()
    [[0.0, 0.0, 1.0, 5.0], [1.0, 6.0, 0.0, 0.0]]
    """
    from scipy.sparse import csr_array, hstack

    if not isinstance(terms, RandomTerm):
        return csr_array(hstack([sparse_columns(term) for term in terms], format="csr"))
    n, d = terms.Z.shape
    seen = terms.codes >= 0
    counts = np.where(seen, d, 0)
    indptr = np.concatenate([[0], np.cumsum(counts)])
    first = terms.codes[seen][:, None] * d + np.arange(d)
    return csr_array((terms.Z[seen].reshape(-1), first.reshape(-1), indptr), shape=(n, terms.L * d))
