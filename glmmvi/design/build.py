"""The design of a model: a formula met by data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from glmmvi.design.column_plan import ColumnPlan, fill_columns, plan_columns
from glmmvi.design.columns import DataColumns, read_columns
from glmmvi.design.contrasts import Contrasts
from glmmvi.design.design_matrices import DesignMatrices
from glmmvi.design.evaluate import Evaluator
from glmmvi.design.grouping import expand_group, grouping_factor
from glmmvi.design.leaves import formula_leaves
from glmmvi.design.model_frame import (
    ModelFrame,
    check_na_action,
    evaluate_subset,
    frame_as_pandas,
    make_model_frame,
)
from glmmvi.design.random_term import RandomTerm
from glmmvi.design.rank import drop_dependent_columns
from glmmvi.design.recipe import DesignRecipe, TermRecipe
from glmmvi.design.response import Response, make_response
from glmmvi.design.row_arguments import offset_values, row_values, weight_values
from glmmvi.design.term_order import term_labels, term_order
from glmmvi.design.values import Factor, Logical, Value, kind_of
from glmmvi.errors import ArgumentError, DataError, FormulaError, GlmmviWarning
from glmmvi.formula.deparse import deparse
from glmmvi.formula.expression import Call, Expression, Symbol, walk
from glmmvi.formula.model_formula import ModelFormula
from glmmvi.formula.terms import Terms, expand_terms

ResponseKind = Literal["any", "numeric", "none"]


def build_design(
    formula: ModelFormula | str,
    data: Any,
    *,
    weights: Any = None,
    offset: Any = None,
    subset: Any = None,
    na_action: str | None = "na.omit",
    contrasts: Contrasts = None,
    env: Mapping[str, Any] | None = None,
    response_kind: ResponseKind = "any",
    drop_unused_levels: bool = True,
) -> DesignMatrices:
    """Build response, fixed columns, random-effects terms, weights and offset.

    Parameters
    ----------
    formula : ModelFormula or str
        The formula.
    data : data frame
        pandas, polars, pyarrow, or a mapping of names to arrays. Never modified.
    weights, offset : array or str, optional
        One value a row of the data, or a column's name, or the text of an R expression.
    subset : array of bool or str, optional
        The rows to use.
    na_action : {"na.omit", "na.exclude", "na.fail", "na.pass"}
        What to do with rows that have a missing value in any variable used.
    contrasts : mapping, or pair of names, optional
        By variable: a name (``"contr.sum"``), a matrix, or a function of the levels. A pair
        replaces the defaults for unordered and ordered factors.
    env : mapping, optional
        Variables and functions that the formula uses beside the data's columns.
    response_kind : {"any", "numeric", "none"}
        ``"numeric"`` refuses what `lmer` refuses; ``"none"`` leaves the response out.
    drop_unused_levels : bool
        Whether levels that do not occur are dropped, as lme4 does.

    Returns
    -------
    DesignMatrices

    Raises
    ------
    DataError
        If the data do not fit the formula.
    FormulaError
        If the formula has no response.
    ArgumentError
        If an argument makes no sense.

    Warns
    -----
    RankDeficientMessage
        If fixed columns were dropped.

    Examples
    --------
    >>> data = {"y": [1.0, 2.0, 4.0, 3.0], "x": [1.0, 2.0, 3.0, 4.0], "g": ["b", "b", "a", "a"]}
    >>> design = build_design("y ~ x + (1 | g)", data)
    >>> design.column_names, design.terms[0].levels
    (('(Intercept)', 'x'), ('a', 'b'))
    """
    model = _as_formula(formula)
    action = check_na_action(na_action)
    if response_kind not in ("any", "numeric", "none"):
        raise ArgumentError(
            f"response_kind must be 'any', 'numeric' or 'none', not {response_kind!r}."
        )
    columns = read_columns(data)
    evaluator = Evaluator(columns, env)
    n_data = columns.n
    with_response = response_kind != "none"
    if with_response and model.response is None:
        raise FormulaError("the formula has no response: write one, for example y ~ x + (1 | g).")

    dot = _dot(model, columns)
    response = model.response if with_response else None
    fixed = expand_terms(model.fixed, dot, response=response)
    bars = [(bar.lhs, group) for bar in model.random for group in expand_group(bar.group)]
    sides = {lhs: expand_terms(lhs, dot) for lhs, _ in bars}
    names = _variable_names(model, response, fixed, sides, bars)

    values = {name: evaluator.leaf(leaf) for leaf, name in names.items()}
    weight_value = offset_value = offset_expression = None
    if weights is not None:
        weight_value, _ = row_values(weights, evaluator, "(weights)", n_data)
        values["(weights)"] = weight_value
    if offset is not None:
        offset_value, offset_expression = row_values(offset, evaluator, "(offset)", n_data)
        values["(offset)"] = offset_value
    keep = None
    if subset is not None:
        subset_value, _ = row_values(subset, evaluator, "(subset)", n_data)
        keep = evaluate_subset(subset_value, n_data)
    frame = make_model_frame(
        values, n_data, keep=keep, na_action=action, drop_levels=drop_unused_levels
    )
    n = frame.n

    made = Response(np.full(n, np.nan), "none")
    if response is not None:
        name = names[response]
        made = make_response(frame.values[name], name, numeric=response_kind == "numeric")
    prior = np.ones(n)
    if weight_value is not None:
        prior = weight_values(frame.values["(weights)"], n)
    if made.totals is not None:
        prior = prior * made.totals
    shift = np.zeros(n)
    for expression in fixed.offsets:
        key = Call("offset", _one_argument(expression))
        shift += offset_values(frame.values[names[key]], "offset()", n)
    if offset_value is not None:
        shift += offset_values(frame.values["(offset)"], "(offset)", n)

    _check_contrasts(contrasts, frame)
    plan = _plan(fixed, frame, names, contrasts)
    X = fill_columns(plan, frame.values, n)
    _check_columns(X, plan.names, "NA/NaN/Inf in foreign function call (arg 1)")
    X, kept = drop_dependent_columns(X, plan.names)
    terms, recipes = _random_terms(bars, sides, frame, names, contrasts)

    used = {part.name for p in (plan, *(r.plan for r in recipes)) for _, t in p.terms for part in t}
    recipe = DesignRecipe(
        formula=model,
        plan=plan,
        kept=tuple(kept),
        variables={name: leaf for leaf, name in names.items() if name in used},
        levels={k: v.levels for k, v in frame.values.items() if k in used and _is_factor(v)},
        kinds={k: kind_of(v) for k, v in frame.values.items() if k in used},
        random=tuple(recipes),
        offsets=fixed.offsets,
        offset_argument=offset_expression,
        offset_was_array=offset is not None and offset_expression is None,
        memory=evaluator.memory,
        env=_lasting(env, names, n_data),
    )
    dropped = tuple(name for i, name in enumerate(plan.names) if i not in set(kept))
    return DesignMatrices(
        formula=model,
        frame=frame_as_pandas(frame, columns.index),
        y=made.y,
        X=X,
        column_names=tuple(plan.names[i] for i in kept),
        dropped_columns=dropped,
        assign=tuple(plan.assign[i] for i in kept),
        term_labels=fixed.labels,
        terms=tuple(terms),
        offset=shift,
        weights=prior,
        n_dropped=len(frame.omitted),
        recipe=recipe,
        response_kind=made.kind,
        totals=made.totals,
        response_levels=made.levels,
        na_action=action,
        omitted=frame.omitted,
        contrasts=plan.contrasts,
        has_weights=weight_value is not None,
        has_offset=offset_value is not None or bool(fixed.offsets),
    )


def _as_formula(formula: ModelFormula | str) -> ModelFormula:
    if isinstance(formula, ModelFormula):
        return formula
    if not isinstance(formula, str):
        raise ArgumentError(
            f"formula must be a string or a ModelFormula, not {type(formula).__name__}."
        )
    from glmmvi.formula.parse import parse_formula

    return parse_formula(formula)


def _one_argument(expression: Expression) -> Any:
    from glmmvi.formula.expression import Argument

    return (Argument(expression),)


def _is_factor(value: Value) -> bool:
    return isinstance(value, Factor)


def _dot(model: ModelFormula, columns: DataColumns) -> list[Expression] | None:
    """What ``.`` stands for: the columns that the response does not use."""
    parts = [model.fixed, *(bar.lhs for bar in model.random)]
    if not any(isinstance(p, Symbol) and p.name == "." for part in parts for p in walk(part)):
        return None
    used = set()
    if model.response is not None:
        used = {p.name for p in walk(model.response) if isinstance(p, Symbol)}
    return [Symbol(name) for name in columns.names if name not in used]


def _variable_names(
    model: ModelFormula,
    response: Expression | None,
    fixed: Terms,
    sides: Mapping[Expression, Terms],
    bars: list[tuple[Expression, Expression]],
) -> dict[Expression, str]:
    """The variables of the model frame in R's order, with R's names."""
    needed = dict.fromkeys(fixed.variables)
    needed.update(dict.fromkeys(Call("offset", _one_argument(o)) for o in fixed.offsets))
    for side in sides.values():
        needed.update(dict.fromkeys(side.variables))
    for _, group in bars:
        needed.update(dict.fromkeys(formula_leaves(group)))
    order: dict[Expression, None] = {}
    if response is not None:
        order[response] = None
    for leaf in formula_leaves(model.rhs):
        if leaf in needed:
            order[leaf] = None
    order.update(needed)
    return {leaf: deparse(leaf) for leaf in order}


def _plan(
    terms: Terms, frame: ModelFrame, names: Mapping[Expression, str], contrasts: Contrasts
) -> ColumnPlan:
    numbered = [
        (i + 1, [names[variable] for variable in factor]) for i, factor in enumerate(terms.factors)
    ]
    used = {name: frame.values[name] for _, variables in numbered for name in variables}
    return plan_columns(numbered, terms.intercept, used, contrasts)


def _random_terms(
    bars: list[tuple[Expression, Expression]],
    sides: Mapping[Expression, Terms],
    frame: ModelFrame,
    names: Mapping[Expression, str],
    contrasts: Contrasts,
) -> tuple[list[RandomTerm], list[TermRecipe]]:
    defaults = None if isinstance(contrasts, Mapping) else contrasts
    factors: dict[Expression, tuple[str, Factor]] = {}
    plans: dict[Expression, ColumnPlan] = {}
    for lhs, group in bars:
        if group not in factors:
            name = deparse(group)
            factor = grouping_factor(group, name, lambda leaf: frame.values[names[leaf]])
            factors[group] = (name, factor)
        if lhs not in plans:
            plans[lhs] = _plan(sides[lhs], frame, names, defaults)
    order = term_order([len(factors[group][1].levels) for _, group in bars])
    labels = term_labels([factors[bars[i][1]][0] for i in order])
    terms, recipes = [], []
    for i, label in zip(order, labels, strict=True):
        lhs, group = bars[i]
        name, factor = factors[group]
        plan = plans[lhs]
        text = f"{deparse(lhs)} | {name}"
        if not plan.names:
            raise FormulaError(f"the random-effects term ({text}) has no columns.")
        Z = fill_columns(plan, frame.values, frame.n)
        _check_columns(
            Z,
            plan.names,
            "NA in Z (random-effects model matrix): please use 'na.action='na.omit'' or "
            "'na.action='na.exclude''",
        )
        if len(factor.codes) and factor.codes.min() < 0:
            raise DataError(
                f"NA in Z (random-effects model matrix): the grouping factor {name} has missing "
                "values; use na_action='na.omit' or 'na.exclude'."
            )
        terms.append(RandomTerm(name, label, plan.names, factor.levels, factor.codes, Z, text))
        recipes.append(TermRecipe(group, name, label, text, plan, factor.levels))
    return terms, recipes


def _check_columns(X: NDArray[np.float64], names: tuple[str, ...], message: str) -> None:
    if np.isfinite(X.sum()):
        return
    for j, name in enumerate(names):
        bad = ~np.isfinite(X[:, j])
        if bad.any():
            row = int(np.flatnonzero(bad)[0])
            raise DataError(
                f"{message}: the column '{name}' has {int(bad.sum())} infinite or missing values, "
                f"first in row {row} of the rows used ({X[row, j]})."
            )


def _check_contrasts(contrasts: Contrasts, frame: ModelFrame) -> None:
    if not isinstance(contrasts, Mapping):
        return
    import warnings

    for name in contrasts:
        if name not in frame.values:
            warnings.warn(
                f"variable '{name}' is absent, its contrast will be ignored",
                GlmmviWarning,
                stacklevel=3,
            )
        elif not isinstance(frame.values[name], (Factor, Logical)):
            raise ArgumentError(
                f"contrasts apply only to factors: '{name}' is {kind_of(frame.values[name])}."
            )


def _lasting(
    env: Mapping[str, Any] | None, names: Mapping[Expression, str], n: int
) -> dict[str, Any]:
    """What the recipe keeps of `env`: what the formula uses, but no columns of rows."""
    if not env:
        return {}
    mentioned = set()
    for leaf in names:
        for part in walk(leaf):
            if isinstance(part, Symbol):
                mentioned.add(part.name)
            elif isinstance(part, Call):
                mentioned.add(part.function)
    return {
        name: value
        for name, value in env.items()
        if name in mentioned and (callable(value) or np.ndim(value) == 0 or len(value) != n)
    }
