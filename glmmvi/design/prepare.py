"""From a formula and data to R's model frame, with the terms that go with it."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from glmmvi.design.columns import DataColumns, read_columns
from glmmvi.design.evaluate import Evaluator
from glmmvi.design.formulaic_bridge import is_formulaic_formula, required_variables
from glmmvi.design.leaves import formula_leaves
from glmmvi.design.model_frame import (
    ModelFrame,
    check_na_action,
    evaluate_subset,
    make_model_frame,
)
from glmmvi.design.row_arguments import row_values
from glmmvi.errors import ArgumentError, FormulaError
from glmmvi.formula.deparse import variable_name
from glmmvi.formula.expression import Expression, Symbol, call, walk
from glmmvi.formula.model_formula import ModelFormula
from glmmvi.formula.parse import parse_formula
from glmmvi.formula.terms import Terms, expand_terms


@dataclass(frozen=True, eq=False)
class Prepared:
    """A formula and its model frame.

    Attributes
    ----------
    formula : ModelFormula
        The formula.
    fixed : Terms
        Terms of the fixed part.
    bars : tuple of (Expression, Expression)
        The random-effects terms as written: left side, grouping factor.
    sides : dict of Expression to Terms
        Terms of the left sides.
    names : dict of Expression to str
        R's names of the variables of the frame.
    frame : ModelFrame
        The variables on the rows used.
    columns : DataColumns
        The data.
    evaluator : Evaluator
        What evaluated them, with what it learned.
    offset_expression : Expression or None
        The ``offset=`` argument if it was a text.
    na_action : str
        R's name of the missing-value rule.
    """

    formula: ModelFormula
    fixed: Terms
    bars: tuple[tuple[Expression, Expression], ...]
    sides: Mapping[Expression, Terms]
    names: Mapping[Expression, str]
    frame: ModelFrame
    columns: DataColumns
    evaluator: Evaluator
    offset_expression: Expression | None
    na_action: str


def prepare(
    formula: ModelFormula | str,
    data: Any,
    *,
    weights: Any = None,
    offset: Any = None,
    subset: Any = None,
    na_action: str | None = "na.omit",
    env: Mapping[str, Any] | None = None,
    with_response: bool = True,
    drop_unused_levels: bool = True,
) -> Prepared:
    """Evaluate every variable of a formula and leave out rows, as R's ``model.frame``.

    Parameters
    ----------
    formula, data, weights, offset, subset, na_action, env, drop_unused_levels
        As in `build_design`.
    with_response : bool
        Whether the response belongs to the frame.

    Returns
    -------
    Prepared

    Examples
    --------
    >>> made = prepare("y ~ log(x)", {"y": [1.0, 2.0], "x": [1.0, None]})
    >>> list(made.frame.values), made.frame.n
    (['y', 'log(x)'], 1)
    """
    model = as_formula(formula)
    action = check_na_action(na_action)
    columns = read_columns(data)
    evaluator = Evaluator(columns, env)
    n = columns.n
    response = model.response if with_response else None
    if with_response and response is None:
        raise FormulaError("the formula has no response: write one, for example y ~ x + (1 | g).")
    dot = _dot(model, columns)
    if dot is None:
        fixed = expand_terms(model.fixed, response=response)
    else:
        fixed = expand_terms(model.fixed, dot, response=response)
    if model.encoded is not None:  # its columns are made elsewhere, from these variables
        mine = [name for name in required_variables(model.encoded) if name not in evaluator.env]
        used = [name for name in columns.names if name in mine]
        used += [name for name in mine if name not in columns]
        fixed = replace(
            fixed, variables=tuple(Symbol(name) for name in used), factors=(), intercept=False
        )
    bars = tuple((bar.lhs, bar.group) for bar in model.random)
    sides = {lhs: expand_terms(lhs, dot) for lhs, _ in bars}
    names = _variable_names(model, response, fixed, sides, bars)

    values = {name: evaluator.leaf(leaf) for leaf, name in names.items()}
    offset_expression = keep = None
    if weights is not None:
        values["(weights)"], _ = row_values(weights, evaluator, "(weights)", n)
    if offset is not None:
        values["(offset)"], offset_expression = row_values(offset, evaluator, "(offset)", n)
    if subset is not None:
        keep = evaluate_subset(row_values(subset, evaluator, "(subset)", n)[0], n)
    frame = make_model_frame(values, n, keep=keep, na_action=action, drop_levels=drop_unused_levels)
    return Prepared(
        model, fixed, bars, sides, names, frame, columns, evaluator, offset_expression, action
    )


def as_formula(formula: ModelFormula | str) -> ModelFormula:
    """A formula as an object; a text is parsed.

    Examples
    --------
    >>> as_formula("y ~ x").response
    Symbol(name='y')
    """
    if isinstance(formula, ModelFormula):
        return formula
    if is_formulaic_formula(formula):
        raise ArgumentError(
            "a formulaic.Formula has no random effects: join them to it with "
            'mixed_formula(formula, "(1 | g)"), and give the result as the formula.'
        )
    if not isinstance(formula, str):
        raise ArgumentError(
            f"formula must be a string or a ModelFormula, not {type(formula).__name__}."
        )
    return parse_formula(formula)


def _dot(model: ModelFormula, columns: DataColumns) -> list[Expression] | None:
    """What ``.`` stands for: the columns that the response does not use."""
    parts = [model.fixed, *(bar.lhs for bar in model.random)]
    if not any(isinstance(p, Symbol) and p.name == "." for part in parts for p in walk(part)):
        return None
    used: set[str] = set()
    if model.response is not None:
        used = {p.name for p in walk(model.response) if isinstance(p, Symbol)}
    return [Symbol(name) for name in columns.names if name not in used]


def _variable_names(
    model: ModelFormula,
    response: Expression | None,
    fixed: Terms,
    sides: Mapping[Expression, Terms],
    bars: tuple[tuple[Expression, Expression], ...],
) -> dict[Expression, str]:
    """The variables of the model frame in R's order, with R's names."""
    needed = dict.fromkeys(fixed.variables)
    needed.update(dict.fromkeys(call("offset", argument) for argument in fixed.offsets))
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
    return {leaf: variable_name(leaf) for leaf in order}


def warn_absent(names: list[str], category: type[Warning]) -> None:
    """R's warning for contrasts of variables that are not in the model.

    Examples
    --------
    >>> warn_absent([], UserWarning)
    """
    for name in names:
        warnings.warn(
            f"variable '{name}' is absent, its contrast will be ignored", category, stacklevel=4
        )
