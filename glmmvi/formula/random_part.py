"""The random-effects terms of a formula: found, checked, and taken apart as lme4 does."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

from glmmvi.errors import FormulaError, FormulaMessage
from glmmvi.formula.deparse import PRECEDENCE, deparse, variable_name
from glmmvi.formula.expression import (
    Argument,
    Call,
    Expression,
    Number,
    Symbol,
    call,
    operands,
    walk,
    without_brackets,
)
from glmmvi.formula.grammar import parse_expression
from glmmvi.formula.grouping import expand_group
from glmmvi.formula.located_error import located_error
from glmmvi.formula.model_formula import RandomFormula
from glmmvi.formula.terms import expand_terms

_BARS = ("|", "||")
_DOT = (Symbol("."),)


@dataclass(frozen=True)
class Parts:
    """A right side, divided.

    Attributes
    ----------
    whole : Expression
        The right side with ``||`` expanded.
    fixed : Expression or None
        What is left without random-effects terms.
    random : tuple of RandomFormula
        The terms, in the order written.
    """

    whole: Expression
    fixed: Expression | None
    random: tuple[RandomFormula, ...] = ()


def divide(expression: Expression, text: str | None = None) -> Parts:
    """Divide a formula's right side into its fixed and its random part.

    Parameters
    ----------
    expression : Expression
        The right side.
    text : str, optional
        Where the spans of `expression` point, for errors.

    Returns
    -------
    Parts
        Fixed part, and one term a bar and grouping factor: ``(x || g)`` is
        ``(1 | g) + (0 + x | g)``, ``(1 | a/b)`` is ``(1 | b:a) + (1 | a)``.

    Raises
    ------
    FormulaError
        Where a bar stands in a product or another place that has no meaning.

    Warns
    -----
    FormulaMessage
        Where lme4 has a reading that one may not expect: no brackets around the bar, a minus
        or a power in front of it.

    Examples
    --------
    >>> from glmmvi.formula.grammar import parse_expression
    >>> parts = divide(parse_expression("x + (x || g) + (1 | a/b)"))
    >>> deparse(parts.fixed), [str(term) for term in parts.random]
    ('x', ['1 | g', '0 + x | g', '1 | b:a', '1 | a'])
    >>> deparse(parts.whole)
    'x + ((1 | g) + (0 + x | g)) + (1 | a/b)'
    """
    if operands(expression, *_BARS) is not None:
        parts = _divide_bar(expression, text)
        warnings.warn(
            f"`{deparse(expression)}` has no brackets around its random-effects term and is "
            f"read as R reads it: `({deparse(expression)})`, with an intercept as the only "
            "fixed effect",
            FormulaMessage,
            stacklevel=4,
        )
        return parts
    return _divide_sum(expression, text)


def expand_double_bar(bar: Expression, text: str | None = None) -> list[Expression]:
    """Take ``x || g`` apart into its independent terms.

    Examples
    --------
    >>> from glmmvi.formula.grammar import parse_expression
    >>> [deparse(term) for term in expand_double_bar(parse_expression("x*z || g"))]
    ['1 | g', '0 + x | g', '0 + z | g', '0 + x:z | g']
    """
    lhs, group = _sides(bar)
    terms = expand_terms(lhs, _DOT, text=text)
    sides: list[Expression] = [Number(1.0)] if terms.intercept else []
    for factor in terms.factors:
        factor = tuple(map(_without_integer_marks, factor))  # lme4 goes through the terms' labels
        product = _in_brackets_if_operator(factor[0])
        for variable in factor[1:]:
            product = call(":", product, _in_brackets_if_operator(variable))
        sides.append(call("+", Number(0.0), product))
    return [call("|", side, group) for side in sides]


def _divide_sum(expression: Expression, text: str | None) -> Parts:
    # Sums group to the left: unroll that side, so that long ones do not recurse.
    chain: list[Call] = []
    while isinstance(expression, Call) and (
        expression.function in ("+", "-") and len(expression.arguments) == 2
    ):
        chain.append(expression)
        expression = expression.arguments[0].value
    parts = _divide_operand(expression, text)
    for step in reversed(chain):
        right = _divide_operand(step.arguments[1].value, text)
        if step.function == "-" and right.random:
            _warn_minus(step.arguments[1].value)
        whole = Call(step.function, (Argument(parts.whole), Argument(right.whole)), step.span)
        fixed = parts.fixed
        if right.fixed is not None and fixed is not None:
            fixed = Call(step.function, (Argument(fixed), Argument(right.fixed)), step.span)
        elif right.fixed is not None and step.function == "-":
            fixed = Call("-", (Argument(right.fixed),), step.span)
            _warn_lost_minus(step, right.fixed)
        elif right.fixed is not None:
            fixed = right.fixed
        parts = Parts(whole, fixed, parts.random + right.random)
    return parts


def _divide_operand(part: Expression, text: str | None) -> Parts:
    if not isinstance(part, Call):
        return Parts(part, part)
    inner = operands(part, "(", "+", "-")
    if inner is not None and len(inner) == 1:
        return _divide_wrapped(part, inner[0], text)
    found = find_bar(part)
    if found is None:
        return Parts(part, part)
    if part.function == "^" and operands(without_brackets(part.arguments[0].value), *_BARS) is None:
        return _divide_power(part, text)
    raise _refusal(part, found, text)


def _divide_wrapped(part: Call, inner: Expression, text: str | None) -> Parts:
    bar = part.function == "(" and operands(inner, *_BARS) is not None
    parts = _divide_bar(inner, text) if bar else _divide_sum(inner, text)
    if part.function == "-" and parts.random:
        _warn_minus(inner)
    whole = Call(part.function, (Argument(parts.whole),), part.span)
    fixed = parts.fixed
    if fixed is not None:
        fixed = Call(part.function, (Argument(fixed),), part.span)
    return Parts(whole, fixed, parts.random)


def _divide_power(part: Call, text: str | None) -> Parts:
    base, power = part.arguments
    parts = _divide_operand(base.value, text)
    whole = Call("^", (Argument(parts.whole), power), part.span)
    fixed = parts.fixed
    if fixed is not None:
        fixed = Call("^", (Argument(fixed), power), part.span)
    warnings.warn(
        f"`^` in `{deparse(part)}` applies to the fixed effects only; the random-effects terms "
        "are added as they stand",
        FormulaMessage,
        stacklevel=2,
    )
    return Parts(whole, fixed, parts.random)


def _divide_bar(bar: Expression, text: str | None) -> Parts:
    lhs, group = _sides(bar)
    if find_bar(lhs) is not None or find_bar(group) is not None:
        raise located_error(
            f"`{deparse(bar)}` has two bars, and a random-effects term has one",
            "Write one bracket a term: `(1 | g) + (1 | h)`; for combined levels `(1 | g:h)`.",
            text=text,
            at=_operator_column(bar, text) if find_bar(lhs) is not None else find_bar(group),
        )
    terms = expand_terms(lhs, _DOT, text=text)
    if terms.offsets or not (terms.factors or terms.intercept):
        raise located_error(
            f"left of the bar in `({deparse(bar)})` stands "
            + ("an offset" if terms.offsets else "no term"),
            "Write what varies between the groups: `(1 | g)`, `(x | g)`, `(0 + x | g)`.",
            text=text,
            at=lhs,
        )
    groups = expand_group(group, text)
    if operands(bar, "||") is None:
        return Parts(bar, None, tuple(RandomFormula(lhs, factor) for factor in groups))
    terms_of_bar = expand_double_bar(bar, text)
    whole: Expression | None = None
    random: list[RandomFormula] = []
    for term in terms_of_bar:
        single = call("(", term)
        whole = single if whole is None else call("+", whole, single)
        random += [RandomFormula(_sides(term)[0], factor) for factor in groups]
    return Parts(whole if whole is not None else bar, None, tuple(random))


def find_bar(expression: Expression) -> Expression | None:
    """Return the first bar that is not inside a function's arguments, where it means `or`.

    Examples
    --------
    >>> from glmmvi.formula.grammar import parse_expression
    >>> find_bar(parse_expression("x + I(a | b)")) is None
    True
    """
    pending = [expression]
    while pending:
        part = pending.pop()
        if isinstance(part, Call) and is_operator(part):
            if part.function in _BARS:
                return part
            pending.extend(argument.value for argument in reversed(part.arguments))
    return None


def is_operator(part: Call) -> bool:
    """Whether a call is an operator applied to operands, or brackets.

    Examples
    --------
    >>> is_operator(call("+", Symbol("a"), Symbol("b"))), is_operator(call("log", Symbol("a")))
    (True, False)
    """
    return part.function in ("(", "!") or part.function in PRECEDENCE or part.function[0] == "%"


def _sides(bar: Expression) -> tuple[Expression, Expression]:
    sides = operands(bar, *_BARS)
    if sides is None or len(sides) != 2:
        raise FormulaError(f"`{deparse(bar)}`: a bar needs a left and a right side")
    return sides[0], sides[1]


def _without_integer_marks(variable: Expression) -> Expression:
    if any(isinstance(part, Number) and part.integer for part in walk(variable)):
        return parse_expression(variable_name(variable))
    return variable


def _in_brackets_if_operator(variable: Expression) -> Expression:
    if isinstance(variable, Call) and is_operator(variable):
        return call("(", variable)
    return variable


def _operator_column(part: Expression, text: str | None) -> int | None:
    if not isinstance(part, Call) or text is None or len(part.arguments) != 2:
        return None
    left = part.arguments[0].value.span
    if left is None:
        return None
    return left[1] + len(text[left[1] :]) - len(text[left[1] :].lstrip())


def _warn_minus(removed: Expression) -> None:
    warnings.warn(
        f"`- {deparse(removed)}` does not remove a random-effects term: as in lme4 it is in the "
        "model. Delete it from the formula, or use update()",
        FormulaMessage,
        stacklevel=2,
    )


def _warn_lost_minus(step: Call, removed: Expression) -> None:
    written = deparse(removed)
    warnings.warn(
        f"`- {written}` is read as it stands in `{deparse(step)}`; lme4 1.1 loses the minus "
        "there. The fixed effects come first: `0 + (1 | g)`",
        FormulaMessage,
        stacklevel=2,
    )


def _refusal(part: Call, bar: Expression, text: str | None) -> FormulaError:
    term = f"({deparse(bar)})"
    operator = part.function
    if operator in _BARS:
        return located_error(
            f"`{deparse(part)}` needs brackets around the random-effects term",
            f"Write it as `({deparse(part)})`.",
            text=text,
            at=_operator_column(part, text),
        )
    others = [
        deparse(argument.value)
        for argument in part.arguments
        if find_bar(argument.value) is None and operator in ("*", ":", "/", "%in%")
    ]
    advice = f"Write `{' + '.join([*others, term])}`"
    if others and isinstance(bar, Call):
        group = deparse(bar.arguments[1].value)
        advice += f"; for an effect of `{others[0]}` that varies, `({others[0]} | {group})`"
    return located_error(
        f"`{operator}` cannot be applied to the random-effects term `{term}`",
        advice + ".",
        text=text,
        at=_operator_column(part, text) if len(part.arguments) == 2 else part,
    )
