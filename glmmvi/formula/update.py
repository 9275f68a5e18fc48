"""R's ``update.formula``."""

from __future__ import annotations

from collections.abc import Sequence

from glmmvi.errors import FormulaError
from glmmvi.formula.deparse import deparse, variable_name
from glmmvi.formula.expression import Call, Expression, Number, call, operands, substitute
from glmmvi.formula.grammar import parse_expression
from glmmvi.formula.model_formula import ModelFormula
from glmmvi.formula.parse import parse_formula
from glmmvi.formula.random_part import expand_double_bar
from glmmvi.formula.terms import TermExpander
from glmmvi.unknown_arguments import names_arguments


@names_arguments
def update_formula(
    old: ModelFormula | str, new: str, dot: Sequence[Expression] | None = None
) -> ModelFormula:
    """Change a formula, with ``.`` for what stands on the same side of the old one.

    Parameters
    ----------
    old : ModelFormula or str
        The formula to start from.
    new : str
        The change, such as ``". ~ . - x"``, ``"log(.) ~ ."`` or ``"~ . + (1 | h)"``.
    dot : sequence of Expression, optional
        What a ``.`` in the old formula itself stands for (the columns of its data).

    Returns
    -------
    ModelFormula
        Simplified as R does: the terms by degree, then the offsets, then ``- 1``. As in R a
        term is removed only if it is there in the same words.

    Raises
    ------
    FormulaSyntaxError
        If `new` is not a formula.
    FormulaError
        If the old formula has a ``.`` of its own and `dot` was not given.

    Examples
    --------
    >>> from glmmvi.formula.parse import parse_formula
    >>> old = parse_formula("y ~ x*z + (1 | g) + (1 | h)")
    >>> print(update_formula(old, ". ~ . - x:z - (1 | h)"))
    y ~ x + z + (1 | g)
    >>> print(update_formula(old, "log(.) ~ . - 1"))
    log(y) ~ x + z + (1 | g) + (1 | h) + x:z - 1
    """
    if isinstance(old, str):
        old = parse_formula(old)
    if old.encoded is not None:
        raise FormulaError(
            f"the fixed part of `{old}` is another library's formula, which update() cannot "
            "change: make a new one"
        )
    change = operands(parse_expression(new), "~")
    if change is None:
        raise FormulaError(f"`{new}` is not a formula. Write the change as `. ~ . - x`")
    response = old.response
    if len(change) == 2:
        response = change[0]
        if old.response is not None:
            response = substitute(response, ".", old.response)
    inserted = call("(", old.rhs) if isinstance(old.rhs, Call) else old.rhs
    rhs = _simplify(substitute(change[-1], ".", inserted), response, dot)
    left = "" if response is None else f"{deparse(response)} "
    return parse_formula(f"{left}~ {variable_name(rhs)}")  # R goes through the terms' labels


def _simplify(
    expression: Expression, response: Expression | None, dot: Sequence[Expression] | None
) -> Expression:
    expander = TermExpander(dot=dot, updating=True, expand_double_bar=expand_double_bar)
    if response is not None:
        expander.index_of(response)  # R counts it as the first variable
    masks = sorted(expander.expand(expression), key=int.bit_count)
    factors = [expander.factor(mask) for mask in masks]
    ordered = [factor for factor in factors if not _is_offset(factor)]
    ordered += [factor for factor in factors if _is_offset(factor)]
    result: Expression | None = None
    for factor in ordered:
        term: Expression | None = None
        for variable in factor:
            shown = call("(", variable) if operands(variable, "|") is not None else variable
            term = shown if term is None else call(":", term, shown)
        if term is not None:
            result = term if result is None else call("+", result, term)
    if result is None:
        result = Number(1.0)
    return result if expander.intercept else call("-", result, Number(1.0))


def _is_offset(factor: tuple[Expression, ...]) -> bool:
    return len(factor) == 1 and operands(factor[0], "offset") is not None
