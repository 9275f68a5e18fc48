"""From text to a model formula."""

from __future__ import annotations

from glmmvi.formula.deparse import deparse
from glmmvi.formula.expression import Call, Constant, Expression, Number, Symbol, Text, walk
from glmmvi.formula.function_calls import check_function_calls
from glmmvi.formula.grammar import parse_expression
from glmmvi.formula.located_error import located_error
from glmmvi.formula.model_formula import ModelFormula
from glmmvi.formula.random_part import divide, find_bar
from glmmvi.formula.terms import expand_terms
from glmmvi.unknown_arguments import names_arguments


@names_arguments
def parse_formula(text: str) -> ModelFormula:
    """Parse a mixed-model formula as lme4 reads it.

    Parameters
    ----------
    text : str
        Such as ``"y ~ x + (1 | g)"``, in R's syntax; one-sided formulas are welcome.

    Returns
    -------
    ModelFormula
        Response, fixed part and random-effects terms; ``str()`` of it is what R prints.

    Raises
    ------
    FormulaSyntaxError
        If the text is not a formula, with a caret under the place and advice.
    FormulaError
        If a part of it cannot be a part of a model.
    ArgumentError
        If `text` is not a string.

    Warns
    -----
    FormulaMessage
        Where lme4 has a reading that one may not expect.

    Examples
    --------
    >>> formula = parse_formula("log_radon ~ floor + (1 + floor || county/town)")
    >>> print(formula)
    log_radon ~ floor + ((1 | county/town) + (0 + floor | county/town))
    >>> [str(term) for term in formula.random]
    ['1 | town:county', '1 | county', '0 + floor | town:county', '0 + floor | county']
    """
    expression = parse_expression(text)
    if not isinstance(expression, Call) or expression.function != "~":
        raise _without_tilde(expression, text)
    sides = [argument.value for argument in expression.arguments]
    response = sides[0] if len(sides) == 2 else None
    check_function_calls(expression, text)
    if response is not None:
        _check_response(response, text)
    parts = divide(sides[-1], text)
    fixed = parts.fixed if parts.fixed is not None else Number(1.0)
    expand_terms(fixed, (Symbol("."),), text=text)  # a fixed part that means nothing fails here
    return ModelFormula(response, parts.whole, fixed, parts.random, text)


def _without_tilde(expression: Expression, text: str) -> Exception:
    written = deparse(expression)
    if isinstance(expression, Call) and expression.function == "==":
        left, right = (deparse(argument.value) for argument in expression.arguments)
        advice = f"Write `{left} ~ {right}`."
    else:
        advice = f"Write `response ~ {written}`; `~ {written}` is a formula without a response."
    return located_error("a formula needs a `~`, and there is none", advice, text=text, at=0)


def _check_response(response: Expression, text: str) -> None:
    if isinstance(response, (Number, Text, Constant)):
        raise located_error(
            f"`{deparse(response)}` cannot be the response",
            "Left of `~` stands a column, or a function of columns.",
            text=text,
            at=response,
        )
    bar = find_bar(response)
    if bar is not None:
        raise located_error(
            "a random-effects term cannot stand left of `~`",
            f"Write `response ~ ... + ({deparse(bar)})`.",
            text=text,
            at=bar,
        )
    dot = next((part for part in walk(response) if part == Symbol(".")), None)
    if dot is not None:
        raise located_error(
            "`.` cannot be the response",
            "Left of `~` it has a meaning in update() only.",
            text=text,
            at=dot,
        )
