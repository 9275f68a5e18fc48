"""The design of a model: a formula met by data."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence, Sized
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from glmmvi.caller import Action
from glmmvi.design.column_plan import ColumnPlan, fill_columns, plan_columns
from glmmvi.design.contrasts import Contrasts
from glmmvi.design.design_matrices import DesignMatrices
from glmmvi.design.formulaic_bridge import materialise
from glmmvi.design.frame_source import FrameSource
from glmmvi.design.grouping import grouping_factor
from glmmvi.design.prepare import Prepared, prepare, warn_absent
from glmmvi.design.random_term import RandomTerm
from glmmvi.design.rank import drop_dependent_columns
from glmmvi.design.recipe import DesignRecipe, TermRecipe
from glmmvi.design.response import Response, make_response
from glmmvi.design.row_arguments import offset_values, weight_values
from glmmvi.design.term_order import term_labels, term_order
from glmmvi.design.values import Factor, Logical, kind_of
from glmmvi.errors import ArgumentError, DataError, FormulaError, GlmmviMessage, GlmmviWarning
from glmmvi.formula.deparse import deparse
from glmmvi.formula.expression import Call, Expression, Symbol, call, walk
from glmmvi.formula.model_formula import ModelFormula
from glmmvi.formula.terms import Terms

_NOT_FINITE = "NA/NaN/Inf in foreign function call (arg 1)"
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
    check_terms: Callable[[Sequence[RandomTerm], int], None] | None = None,
    rank_action: Action = "message",
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
    check_terms : callable, optional
        Called with the random-effects terms and the number of rows; what it raises comes before
        any word about dependent columns, as in lme4.
    rank_action : {"message", "warning", "ignore", "stop"}
        What to do about dependent fixed columns: see
        :func:`glmmvi.design.rank.drop_dependent_columns`.

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
    GlmmviMessage
        If rows have weight 0.

    Examples
    --------
    >>> data = {"y": [1.0, 2.0, 4.0, 3.0], "x": [1.0, 2.0, 3.0, 4.0], "g": ["b", "b", "a", "a"]}
    >>> design = build_design("y ~ x + (1 | g)", data)
    >>> design.column_names, design.terms[0].levels
    (('(Intercept)', 'x'), ('a', 'b'))
    """
    if response_kind not in ("any", "numeric", "none"):
        raise ArgumentError(
            f"response_kind must be 'any', 'numeric' or 'none', not {response_kind!r}."
        )
    made = prepare(
        formula,
        data,
        weights=weights,
        offset=offset,
        subset=subset,
        na_action=na_action,
        env=env,
        with_response=response_kind != "none",
        drop_unused_levels=drop_unused_levels,
    )
    frame, n = made.frame, made.frame.n
    response = _response(made, response_kind)
    prior, shift = row_weights_and_offset(made, response)
    if made.formula.encoded is None:
        plan, spec = plan_fixed_columns(made, contrasts), None
        X = fill_columns(plan, frame.values, n)
    else:
        plan, X, spec = _encoded_columns(made, contrasts, env)
    _check_columns(X, plan.names, _NOT_FINITE)
    terms, recipes = _random_terms(made, contrasts)
    if check_terms is not None:
        check_terms(terms, n)
    X, kept = drop_dependent_columns(X, plan.names, rank_action)
    dropped = tuple(name for i, name in enumerate(plan.names) if i not in set(kept))
    labels = made.columns.index
    return DesignMatrices(
        formula=made.formula,
        frame_source=FrameSource(frame, labels, _frame_names(made)),
        y=response.y,
        X=X,
        column_names=tuple(plan.names[i] for i in kept),
        dropped_columns=dropped,
        assign=tuple(plan.assign[i] for i in kept),
        term_labels=made.fixed.labels if spec is None else tuple(map(str, spec.terms)),
        terms=tuple(terms),
        offset=shift,
        weights=prior,
        n_dropped=len(frame.omitted),
        recipe=_recipe(made, plan, kept, recipes, offset is not None, env, spec),
        response_kind=response.kind,
        totals=response.totals,
        response_levels=response.levels,
        na_action=made.na_action,
        omitted=frame.omitted,
        row_labels=labels if frame.subset_rows is None else labels[frame.subset_rows],
        contrasts=plan.contrasts,
        has_weights=weights is not None,
        has_offset=offset is not None or bool(made.fixed.offsets),
    )


def _response(made: Prepared, kind: ResponseKind) -> Response:
    expression = made.formula.response
    if kind == "none" or expression is None:
        return Response(np.full(made.frame.n, np.nan), "none")
    name = made.names[expression]
    return make_response(made.frame.values[name], name, numeric=kind == "numeric")


def _frame_names(made: Prepared) -> dict[str, str]:
    """Names of the model frame's columns where they are not those of the terms."""
    shown = {
        name: leaf.name if isinstance(leaf, Symbol) else deparse(leaf)
        for leaf, name in made.names.items()
    }
    return {name: text for name, text in shown.items() if name != text}


def row_weights_and_offset(
    made: Prepared, response: Response
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Prior weights, times the totals of ``cbind``, and the sum of all offsets.

    Examples
    --------
    >>> made = prepare("y ~ offset(x)", {"y": [1.0], "x": [3.0]}, weights=[2.0])
    >>> row_weights_and_offset(made, Response(np.ones(1), "numeric"))
    (array([2.]), array([3.]))
    """
    values, n = made.frame.values, made.frame.n
    prior = np.ones(n)
    if "(weights)" in values:
        prior = weight_values(values["(weights)"], n)
        if silent := n - int(np.count_nonzero(prior)):
            warnings.warn(
                f"{silent} of {n} rows have weight 0: they carry no information and are not "
                "counted among the observations",
                GlmmviMessage,
                stacklevel=4,
            )
    if response.totals is not None:
        prior = prior * response.totals
    shift = np.zeros(n)
    for argument in made.fixed.offsets:
        shift += offset_values(values[made.names[call("offset", argument)]], "offset()", n)
    if "(offset)" in values:
        shift += offset_values(values["(offset)"], "(offset)", n)
    return prior, shift


def plan_fixed_columns(made: Prepared, contrasts: Contrasts) -> ColumnPlan:
    """Coding and names of the fixed-effects columns.

    Examples
    --------
    >>> plan_fixed_columns(prepare("y ~ a", {"y": [1, 2], "a": ["u", "v"]}), None).names
    ('(Intercept)', 'av')
    """
    if isinstance(contrasts, Mapping):
        values = made.frame.values
        plain = {text: name for name, text in _frame_names(made).items()}
        contrasts = {plain.get(name, name): spec for name, spec in contrasts.items()}
        for name in contrasts:
            if name not in values:
                warn_absent([name], GlmmviWarning)
            elif not isinstance(values[name], (Factor, Logical)):
                raise ArgumentError(
                    f"contrasts apply only to factors: '{name}' is {kind_of(values[name])}."
                )
    return _plan(made.fixed, made, contrasts)


def _encoded_columns(
    made: Prepared, contrasts: Contrasts, env: Mapping[str, Any] | None
) -> tuple[ColumnPlan, NDArray[np.float64], Any]:
    """The fixed columns of a ``formulaic.Formula``, on the rows used."""
    if contrasts is not None:
        raise ArgumentError(
            "contrasts= is for R's formulas: a formulaic.Formula names its own, C(a, contr.sum)."
        )
    rows = made.frame.rows if made.frame.rows is not None else np.arange(made.frame.n)
    matrix, spec = materialise(made.formula.encoded, made.columns, rows, env)
    names = tuple(map(str, matrix.columns))
    terms = [i for i, (_, _, columns) in enumerate(spec.structure) for _ in columns]
    plan = ColumnPlan(False, (), names, tuple(terms), {})
    return plan, np.asfortranarray(matrix.to_numpy(np.float64)), spec


def _plan(terms: Terms, made: Prepared, contrasts: Contrasts) -> ColumnPlan:
    names = made.names
    numbered = [
        (i + 1, [names[variable] for variable in factor]) for i, factor in enumerate(terms.factors)
    ]
    used = {name: made.frame.values[name] for _, variables in numbered for name in variables}
    return plan_columns(numbered, terms.intercept, used, contrasts)


def _random_terms(
    made: Prepared, contrasts: Contrasts
) -> tuple[list[RandomTerm], list[TermRecipe]]:
    defaults = None if isinstance(contrasts, Mapping) else contrasts
    names, frame, bars = made.names, made.frame, made.bars
    factors: dict[Expression, tuple[str, Factor]] = {}
    plans: dict[Expression, ColumnPlan] = {}
    for lhs, group in bars:
        if group not in factors:
            name = group.name if isinstance(group, Symbol) else deparse(group)
            factor = grouping_factor(group, name, lambda leaf: frame.values[names[leaf]])
            factors[group] = (name, factor)
        if lhs not in plans:
            plans[lhs] = _plan(made.sides[lhs], made, defaults)
    order = term_order([len(factors[group][1].levels) for _, group in bars])
    labels = term_labels([factors[bars[i][1]][0] for i in order])
    terms, recipes = [], []
    for i, label in zip(order, labels, strict=True):
        lhs, group = bars[i]
        name, factor = factors[group]
        plan = plans[lhs]
        text = f"{deparse(lhs)} | {deparse(group)}"
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
            text = message if np.isnan(X[row, j]) else _NOT_FINITE
            raise DataError(
                f"{text}: the column '{name}' has {int(bad.sum())} infinite or missing values, "
                f"first in row {row} of the rows used ({X[row, j]})."
            )


def _recipe(
    made: Prepared,
    plan: ColumnPlan,
    kept: list[int],
    random: list[TermRecipe],
    has_offset: bool,
    env: Mapping[str, Any] | None,
    encoder: Any,
) -> DesignRecipe:
    plans = (plan, *(term.plan for term in random))
    used = {part.name for p in plans for _, parts in p.terms for part in parts}
    if encoder is not None:
        used |= {made.names[variable] for variable in made.fixed.variables}
    values = {name: made.frame.values[name] for name in used}
    return DesignRecipe(
        formula=made.formula,
        plan=plan,
        kept=tuple(kept),
        variables={name: leaf for leaf, name in made.names.items() if name in used},
        levels={name: v.levels for name, v in values.items() if isinstance(v, Factor)},
        kinds={name: kind_of(v) for name, v in values.items()},
        random=tuple(random),
        offsets=made.fixed.offsets,
        offset_argument=made.offset_expression,
        offset_was_array=has_offset and made.offset_expression is None,
        memory=made.evaluator.memory,
        env=_lasting(env, made.names, made.columns.n, encoder),
        encoder=encoder,
    )


def _lasting(
    env: Mapping[str, Any] | None, names: Mapping[Expression, str], n: int, encoder: Any
) -> dict[str, Any]:
    """What the recipe keeps of `env`: what the formula uses, but no columns of rows."""
    if not env:
        return {}
    mentioned = set() if encoder is None else set(env)
    for leaf in names:
        for part in walk(leaf):
            if isinstance(part, Symbol):
                mentioned.add(part.name)
            elif isinstance(part, Call):
                mentioned |= {part.function, part.function.partition(".")[0]}
    return {
        name: value
        for name, value in env.items()
        if name in mentioned
        and not (isinstance(value, Sized) and not isinstance(value, str) and len(value) == n)
    }
