"""Fitted values and predictions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from glmmvi.design import NewDesign
from glmmvi.design.column_plan import ColumnPlan
from glmmvi.design.design_matrices import DesignMatrices
from glmmvi.design.random_term import RandomTerm
from glmmvi.errors import ArgumentError, DataError
from glmmvi.formula import ModelFormula, expand_terms, parse_formula
from glmmvi.results.estimates import Estimates

Vector = NDArray[np.float64]


def random_part(term: RandomTerm, b: NDArray[np.float64]) -> Vector:
    """A term's contribution to the linear predictor of each row.

    Parameters
    ----------
    term : RandomTerm
        A code of -1 (a level that was not seen) contributes 0.
    b : float64, shape (L, d)
        The term's random effects.

    Returns
    -------
    float64, shape (n,)
    """
    contribution = np.einsum("nd,nd->n", term.Z, b[term.codes])
    return np.where(term.codes < 0, 0.0, contribution)


def linear_predictor(design: DesignMatrices, estimates: Estimates) -> Vector:
    """Linear predictor of the rows of a fit, random effects and offset included, shape (n,)."""
    eta = design.offset + design.X @ estimates.beta
    for term, b in zip(design.terms, estimates.b_mean, strict=True):
        eta = eta + random_part(term, b)
    return eta


@dataclass(frozen=True)
class PredictionRows:
    """The rows to predict, and which random effects take part.

    Attributes
    ----------
    X : float64, shape (n_new, p)
        Without columns if the fixed effects are left out.
    offset : float64, shape (n_new,)
    parts : dict of int to RandomTerm
        By the term's position in the design; the columns that do not take part are 0, the code
        of a level that was not seen is -1.
    index : Index
        Row labels.
    """

    X: NDArray[np.float64]
    offset: Vector
    parts: dict[int, RandomTerm]
    index: pd.Index


def prediction_rows(
    design: DesignMatrices,
    newdata: Any,
    *,
    re_form: Any,
    random_only: bool,
    allow_new_levels: bool,
    offset: Any,
) -> PredictionRows:
    """Columns of the data of the fit (`newdata` None) or of new ones.

    Parameters
    ----------
    design : DesignMatrices
        Of the fit.
    newdata, re_form, random_only, allow_new_levels, offset
        See :meth:`glmmvi.results.fit.LinearMixedFit.predict`.

    Returns
    -------
    PredictionRows
    """
    chosen = chosen_columns(design, re_form)
    if newdata is None:
        if offset is not None:
            raise ArgumentError("predict: offset= is for new data; give newdata= too")
        new = NewDesign(design.X, design.terms, design.offset, design.frame.index)
        terms = {term.label: term for term in design.terms}
    else:
        labels = [design.terms[r].label for r in chosen]
        new = design.recipe.rebuild(
            newdata, offset=offset, fixed=not random_only, random=labels if labels else False
        )
        terms = {term.label: term for term in new.terms}
        unseen = [level for levels in new.new_levels.values() for level in levels]
        if unseen and not allow_new_levels:
            shown = ", ".join(unseen[:10]) + (", ..." if len(unseen) > 10 else "")
            groups = ", ".join(new.new_levels)
            raise DataError(
                f"new levels detected in newdata: {shown} (of {groups}); allow_new_levels=True "
                "predicts them with random effects of 0"
            )
    parts = {}
    for r, columns in chosen.items():
        term = terms[design.terms[r].label]
        parts[r] = term if columns.all() else replace(term, Z=term.Z * columns)
    X = np.zeros((len(new.index), 0)) if random_only else new.X
    shift = np.zeros(len(new.index)) if random_only else new.offset
    return PredictionRows(X, shift, parts, new.index)


def predicted(rows: PredictionRows, estimates: Estimates) -> Vector:
    """Linear predictor of the rows at the estimates, shape (n_new,)."""
    eta = rows.offset + rows.X @ estimates.beta[: rows.X.shape[1]]
    for r, term in rows.parts.items():
        eta = eta + random_part(term, estimates.b_mean[r])
    return eta


def chosen_columns(design: DesignMatrices, re_form: Any) -> dict[int, NDArray[np.bool_]]:
    """Columns of the random-effects terms that ``re_form`` asks for.

    Parameters
    ----------
    design : DesignMatrices
    re_form : None, NaN, "~0", or a formula
        None is everything; NaN (R's ``NA``), ``"NA"`` and ``"~0"`` are nothing; a formula names its
        terms, and ``(1 | Subject)`` is a part of the model's ``(Days | Subject)``.

    Returns
    -------
    dict of int to bool, shape (d,)
        By the term's position in the design; terms that are left out are missing.

    Raises
    ------
    ArgumentError
        If the model has no such term.
    """
    if re_form is None:
        return {r: np.ones(term.d, dtype=bool) for r, term in enumerate(design.terms)}
    if (isinstance(re_form, float) and np.isnan(re_form)) or re_form is pd.NA:
        return {}
    if isinstance(re_form, str) and re_form.strip() in ("NA", "~NA"):
        return {}
    if isinstance(re_form, str):
        re_form = parse_formula(re_form)
    if not isinstance(re_form, ModelFormula):
        raise ArgumentError(
            f"re_form={re_form!r} is not understood: None includes all random effects, "
            'float("nan") or "~0" none, a formula such as "~ (1 | Subject)" those that it names'
        )
    chosen: dict[int, NDArray[np.bool_]] = {}
    for wanted in re_form.random:
        terms = expand_terms(wanted.lhs)
        for label in (["(Intercept)"] if terms.intercept else []) + list(terms.labels):
            found = False
            for r, recipe in enumerate(design.recipe.random):
                if recipe.name != wanted.group_name:
                    continue
                columns = _columns_of(recipe.plan, label)
                if columns.any():
                    chosen[r] = chosen.get(r, np.zeros(len(columns), dtype=bool)) | columns
                    found = True
            if not found:
                texts = ", ".join(f"({term.text})" for term in design.terms)
                raise ArgumentError(
                    f"re_form: ({wanted}) has {label}, which no term of the model has for the "
                    f"group {wanted.group_name}; the terms are {texts}"
                )
    return chosen


def _columns_of(plan: ColumnPlan, label: str) -> NDArray[np.bool_]:
    """Which columns belong to the term of that label."""
    number = {":".join(part.name for part in parts): number for number, parts in plan.terms}
    if plan.intercept:
        number["(Intercept)"] = 0
    return np.asarray(plan.assign) == number.get(label, -1)
