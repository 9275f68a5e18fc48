"""From the terms of a fit to the contrast matrices that test them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from glmmvi.design.design_matrices import DesignMatrices
from glmmvi.design.fixed_terms import FixedTerm, fixed_terms, model_matrix_of
from glmmvi.design.rank import independent_columns
from glmmvi.errors import ArgumentError
from glmmvi.inference.type_contrasts import (
    sequential_contrasts,
    type_three_contrasts,
    type_two_contrasts,
)

TYPES = {"I": 1, "II": 2, "III": 3, "1": 1, "2": 2, "3": 3}
ROMAN = {1: "I", 2: "II", 3: "III"}


def type_number(value: Any) -> int:
    """The type of hypotheses as a number.

    Examples
    --------
    >>> type_number("II"), type_number(3)
    (2, 3)
    """
    if str(value) not in TYPES:
        raise ArgumentError(f"type={value!r} is none of 1, 2, 3, 'I', 'II', 'III'")
    return TYPES[str(value)]


def containing_terms(terms: tuple[FixedTerm, ...]) -> dict[int, list[int]]:
    """For each term, the terms that contain it: more variables, the same numeric ones.

    Examples
    --------
    >>> a, x = FixedTerm(1, "a", ("a",), frozenset()), FixedTerm(2, "x", ("x",), frozenset("x"))
    >>> both = FixedTerm(3, "a:x", ("a", "x"), frozenset("x"))
    >>> containing_terms((a, x, both))
    {1: [], 2: [3], 3: []}
    """
    return {
        term.number: [
            other.number
            for other in terms
            if set(term.variables) < set(other.variables) and term.numeric == other.numeric
        ]
        for term in terms
    }


def term_contrasts(design: DesignMatrices, kind: int) -> dict[str, NDArray[np.float64]]:
    """Contrast matrices of all terms, by R's label; lmerTest's types I, II and III.

    Parameters
    ----------
    design : DesignMatrices
    kind : int
        1, 2 or 3.

    Returns
    -------
    dict of str to float64, shape (m, p)
    """
    terms = fixed_terms(design)
    if not terms:
        return {}
    numbers = [term.number for term in terms]
    assign = np.array(design.assign, dtype=np.intp)
    containing = containing_terms(terms)
    if kind == 1 or design.p <= 1 or len(terms) == 1:
        found = sequential_contrasts(design.X, assign, numbers)
    elif kind == 2:
        found = type_two_contrasts(design.X, assign, numbers, containing)
    else:
        found = _type_three(design, terms, containing)
    return {term.label: L for term, L in zip(terms, found, strict=True)}


def _type_three(
    design: DesignMatrices, terms: tuple[FixedTerm, ...], containing: dict[int, list[int]]
) -> list[NDArray[np.float64]]:
    intercept = design.recipe.plan.intercept
    X, plan = model_matrix_of(design, terms, intercept=intercept, contrasts="contr.treatment")
    kept = independent_columns(X)
    X, names = X[:, kept], [plan.names[i] for i in kept]
    assign = np.array([plan.assign[i] for i in kept], dtype=np.intp)
    blocks = [np.ones((design.n, 1))] if intercept else []
    labels = ["(Intercept)"] if intercept else []
    for term in terms:
        block, own = model_matrix_of(design, [term], intercept=False, contrasts="contr.treatment")
        blocks.append(block)
        labels += own.names
    found = type_three_contrasts(
        X,
        assign,
        np.hstack(blocks),
        np.array([labels.index(name) for name in names], dtype=np.intp),
        [term.number for term in terms],
        {term.number: term.order for term in terms},
        containing,
    )
    if tuple(names) == design.column_names and np.array_equal(X, design.X):
        return found
    coding = np.linalg.lstsq(X, design.X, rcond=None)[0]
    coding[np.abs(coding) < 1e-7 * np.abs(coding).max()] = 0.0
    return [L @ coding for L in found]
