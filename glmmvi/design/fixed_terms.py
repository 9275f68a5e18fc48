"""The fixed-effects terms of a design by themselves: other model matrices from the same frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from glmmvi.design.column_plan import ColumnPlan, fill_columns, plan_columns
from glmmvi.design.design_matrices import DesignMatrices
from glmmvi.design.rank import independent_columns
from glmmvi.design.values import Coding, Factor, Matrix, Value
from glmmvi.errors import ArgumentError
from glmmvi.formula.deparse import deparse
from glmmvi.formula.expression import Symbol


@dataclass(frozen=True)
class FixedTerm:
    """One term of the fixed part.

    Attributes
    ----------
    number : int
        As in ``design.assign``, from 1.
    label : str
        R's ``term.labels``.
    variables : tuple of str
        In R's order.
    numeric : frozenset of str
        Those of them that are not factors.
    """

    number: int
    label: str
    variables: tuple[str, ...]
    numeric: frozenset[str]

    @property
    def order(self) -> int:
        """Number of variables."""
        return len(self.variables)


def fixed_terms(design: DesignMatrices) -> tuple[FixedTerm, ...]:
    """The terms of the fixed part, in R's order, the intercept left out.

    Raises
    ------
    ArgumentError
        If the fixed part is a ``formulaic.Formula``, whose terms we do not know.

    Examples
    --------
    >>> from glmmvi.design import build_design
    >>> data = {"y": [1.0, 2.0, 4.0, 3.0], "x": [1.0, 2.0, 3.0, 4.0], "g": list("bbaa")}
    >>> [(t.label, sorted(t.numeric)) for t in fixed_terms(build_design("y ~ g * x + (1|g)", data))]
    [('g', []), ('x', ['x']), ('g:x', ['x'])]
    """
    if design.recipe.encoder is not None:
        raise ArgumentError(
            "the terms of a formulaic.Formula are not known here; write the formula as text"
        )
    return tuple(
        FixedTerm(
            number,
            design.term_labels[number - 1],
            tuple(part.name for part in parts),
            frozenset(part.name for part in parts if part.coding is None),
        )
        for number, parts in design.recipe.plan.terms
    )


def fixed_values(design: DesignMatrices, codings: str | None = None) -> dict[str, Value]:
    """The variables of the fixed part on the rows of the fit, factors with their coding.

    Parameters
    ----------
    design : DesignMatrices
    codings : str, optional
        Name of a contrast for all factors, such as ``"contr.treatment"``; by default those of
        the fit.
    """
    recipe, frame = design.recipe, design.frame
    values: dict[str, Value] = {}
    for _, parts in recipe.plan.terms:
        for part in parts:
            if part.name in values:
                continue
            leaf = recipe.variables[part.name]
            column = leaf.name if isinstance(leaf, Symbol) else deparse(leaf)
            if part.coding is not None:
                used = None if codings else design.contrasts.get(part.name)
                values[part.name] = _factor(frame[column], used)
            elif column in frame:
                values[part.name] = frame[column].to_numpy(np.float64)
            else:
                names = [f"{column}.{suffix}" for suffix in part.suffixes]
                values[part.name] = Matrix(frame[names].to_numpy(np.float64), part.suffixes)
    return values


def _factor(column: pd.Series, coding: Coding | None) -> Factor:
    if isinstance(column.dtype, pd.CategoricalDtype):
        levels = tuple(map(str, column.cat.categories))
        return Factor(column.cat.codes.to_numpy(np.intp), levels, coding=coding)
    codes = column.to_numpy(bool).astype(np.intp)
    return Factor(codes, ("FALSE", "TRUE"), coding=coding)


def model_matrix_of(
    design: DesignMatrices,
    terms: Sequence[FixedTerm],
    *,
    intercept: bool,
    contrasts: str | None = None,
) -> tuple[NDArray[np.float64], ColumnPlan]:
    """The model matrix that some of the terms have by themselves, by R's rules.

    Parameters
    ----------
    design : DesignMatrices
    terms : sequence of FixedTerm
    intercept : bool
    contrasts : str, optional
        For all factors; by default those of the fit.

    Returns
    -------
    X : float64, shape (n, k)
        Dependent columns included.
    ColumnPlan
    """
    values = fixed_values(design, contrasts)
    used = {name: values[name] for term in terms for name in term.variables}
    default = (contrasts, contrasts) if contrasts else None
    plan = plan_columns([(t.number, t.variables) for t in terms], intercept, used, default)
    return fill_columns(plan, used, design.n), plan


def without_term(design: DesignMatrices, term: FixedTerm) -> DesignMatrices:
    """The design without a term of the fixed part: its columns for an engine, by R's rules.

    Its recipe is still that of the whole formula: it is for refits, not for new data.
    """
    rest = [other for other in fixed_terms(design) if other.number != term.number]
    X, plan = model_matrix_of(design, rest, intercept=design.recipe.plan.intercept)
    kept = independent_columns(X)
    return replace(
        design,
        X=np.asfortranarray(X[:, kept]),
        column_names=tuple(plan.names[i] for i in kept),
        assign=tuple(plan.assign[i] for i in kept),
    )
