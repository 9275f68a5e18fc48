"""A ``formulaic.Formula`` as the fixed part of a mixed model."""

from __future__ import annotations

from typing import Any

from glmmvi.design.formulaic_bridge import is_formulaic_formula
from glmmvi.errors import ArgumentError, FormulaError
from glmmvi.formula.deparse import deparse
from glmmvi.formula.expression import Call, Expression, Number, Symbol, call
from glmmvi.formula.grammar import parse_expression
from glmmvi.formula.model_formula import ModelFormula
from glmmvi.formula.parse import parse_formula
from glmmvi.formula.random_part import is_operator
from glmmvi.formula.terms import expand_terms
from glmmvi.unknown_arguments import names_arguments


@names_arguments
def mixed_formula(fixed: Any, random: str, response: str | None = None) -> ModelFormula:
    """Join a ``formulaic.Formula`` and lme4's random-effects terms to one model formula.

    The fixed columns are then formulaic's: its coding, its names, its transforms, learned on
    the rows used. Everything else follows R.

    Parameters
    ----------
    fixed : formulaic.Formula
        With a left side, or without one if `response` is given.
    random : str
        Random-effects terms, and offsets: ``"(1 | g) + offset(z)"``.
    response : str, optional
        The response, in R's syntax: ``"log(y)"``.

    Returns
    -------
    ModelFormula
        What :func:`glmmvi.lmer` takes in place of a text.

    Raises
    ------
    ArgumentError
        If `fixed` is not a ``formulaic.Formula``, or the response is missing or given twice.
    FormulaError
        If `random` has fixed effects.

    Examples
    --------
    >>> from formulaic import Formula
    >>> formula = mixed_formula(Formula("y ~ x + C(a, contr.sum)"), "(1 | g)")
    >>> print(formula)
    y ~ x + C(a, contr.sum) + (1 | g)
    """
    if not is_formulaic_formula(fixed):
        raise ArgumentError(
            f"fixed must be a formulaic.Formula, not {type(fixed).__name__}: a text with fixed and "
            "random effects needs no mixed_formula()."
        )
    right = getattr(fixed, "rhs", fixed)
    if not hasattr(right, "required_variables") or isinstance(right, tuple):
        raise ArgumentError("a formulaic.Formula with several parts cannot be the fixed part.")
    left = [str(term) for term in getattr(fixed, "lhs", ())]
    if len(left) + (response is not None) != 1:
        raise ArgumentError(
            "exactly one response is needed: left of the formulaic formula's ~, or as response=."
        )
    parsed = parse_formula(f"{response if response is not None else left[0]} ~ {random}")
    terms = expand_terms(parsed.fixed)
    if terms.factors or not terms.intercept:
        raise FormulaError(
            f"random={random!r} holds fixed effects: they belong into the formulaic formula."
        )
    shown = _shown(right)
    parts = [call("offset", argument) for argument in terms.offsets]
    for part in parts:
        shown = call("+", shown, part)
    whole = call("+", shown, parsed.rhs) if not parts else _with_random(shown, parsed)
    return ModelFormula(parsed.response, whole, shown, parsed.random, None, right)


def _with_random(shown: Expression, parsed: ModelFormula) -> Expression:
    for term in parsed.random:
        shown = call("+", shown, call("(", call("|", term.lhs, term.group)))
    return shown


def _shown(formula: Any) -> Expression:
    """The fixed part as an expression that R would print."""
    result: Expression | None = None
    intercept = False
    for term in formula:
        if str(term) == "1":
            intercept = True
            continue
        product: Expression | None = None
        for factor in term.factors:
            part = _variable(str(factor.expr))
            product = part if product is None else call(":", product, part)
        if product is not None:
            result = product if result is None else call("+", result, product)
    if result is None:
        return Number(float(intercept))
    return result if intercept else call("+", Number(0.0), result)


def _variable(text: str) -> Expression:
    try:
        part = parse_expression(text)
    except FormulaError:
        return Symbol(text)  # Python that is no R: printed between backticks
    if (isinstance(part, Call) and is_operator(part)) or not isinstance(part, (Call, Symbol)):
        return call("I", part)
    return part if deparse(part) else Symbol(text)
