"""Grouping factors: what may stand right of the bar, and what ``/`` and ``*`` make of it."""

from __future__ import annotations

from glmmvi.errors import FormulaError
from glmmvi.formula.deparse import PRECEDENCE, deparse
from glmmvi.formula.expression import Call, Expression, Symbol, call, operands
from glmmvi.formula.located_error import located_error
from glmmvi.formula.terms import expand_terms

_NOT_A_FUNCTION = (*PRECEDENCE, "!", "(")


def expand_group(group: Expression, text: str | None = None) -> tuple[Expression, ...]:
    """Expand nesting and crossing right of the bar.

    Parameters
    ----------
    group : Expression
        What stands right of the bar.
    text : str, optional
        Where its span points, for errors.

    Returns
    -------
    tuple of Expression
        The grouping factors, in lme4's order and with lme4's names: ``a/b/c`` is
        ``c:(b:a)``, ``b:a``, ``a``. ``a*b`` is ``a``, ``b``, ``a:b`` as in lme4 from 1.1-36
        on (older versions refuse it).

    Raises
    ------
    FormulaError
        If it is not a grouping factor.

    Examples
    --------
    >>> from glmmvi.formula.grammar import parse_expression
    >>> [deparse(factor) for factor in expand_group(parse_expression("a/b/c"))]
    ['c:(b:a)', 'b:a', 'a']
    >>> [deparse(factor) for factor in expand_group(parse_expression("a*b"))]
    ['a', 'b', 'a:b']
    """
    if operands(group, "*") is not None:
        for level in _chain(group, "*", text):
            _check_factor(level, text)
        factors = expand_terms(group, text=text).factors
        return tuple(_interaction(factor) for factor in factors)
    levels = _chain(group, "/", text)
    for level in levels:
        _check_factor(level, text)
    expanded = [levels[0]]
    for level in levels[1:]:
        expanded.insert(0, call(":", level, expanded[0]))
    return tuple(expanded)


def _chain(group: Expression, operator: str, text: str | None) -> list[Expression]:
    levels: list[Expression] = []
    while (sides := operands(group, operator)) is not None and len(sides) == 2:
        levels.insert(0, sides[1])
        group = sides[0]
    return [group, *levels]


def _interaction(factor: tuple[Expression, ...]) -> Expression:
    result = factor[0]
    for variable in factor[1:]:
        result = call(":", result, variable)
    return result


def _check_factor(factor: Expression, text: str | None) -> None:
    pending = [factor]
    while pending:
        part = pending.pop()
        inner = operands(part, ":", "(")
        if inner is not None:
            pending.extend(reversed(inner))
        elif not _is_factor(part):
            raise _refusal(part, text)


def _is_factor(part: Expression) -> bool:
    if isinstance(part, Symbol):
        return part.name not in (".", "")
    return (
        isinstance(part, Call)
        and part.function not in _NOT_A_FUNCTION
        and not part.function.startswith("%")
    )


def _refusal(part: Expression, text: str | None) -> FormulaError:
    written = deparse(part)
    advice = "Name a column, `a:b`, `a/b`, or a function of columns such as `factor(a)`."
    sides = operands(part, "+", "%in%", "*", "/")
    if sides is not None and len(sides) == 2 and isinstance(part, Call):
        a, b = (deparse(side) for side in sides)
        advice = {
            "+": f"Write one term each: `(1 | {a}) + (1 | {b})`; for the combinations "
            f"`(1 | {a}:{b})`.",
            "%in%": f"Write `(1 | {a}:{b})`, or `(1 | {b}/{a})` for both levels.",
        }.get(part.function, "Mix `/`, `*` and brackets by writing one term each.")
    return located_error(f"`{written}` is not a grouping factor", advice, text=text, at=part)
