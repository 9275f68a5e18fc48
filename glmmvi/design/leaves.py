"""The variables of a formula: its largest parts that are not formula operators."""

from __future__ import annotations

from collections.abc import Iterator

from glmmvi.formula.expression import Call, Constant, Expression, Number, Symbol

FORMULA_OPERATORS = frozenset({"+", "-", "*", "/", ":", "^", "**", "%in%", "(", "|", "||", "~"})


def formula_leaves(expression: Expression) -> Iterator[Expression]:
    """The variables of a right-hand side, in the order in which they are written.

    Parameters
    ----------
    expression : Expression
        A right-hand side, random-effects terms included.

    Yields
    ------
    Expression
        Repetitions are not removed.

    Examples
    --------
    >>> from glmmvi.formula.expression import Argument
    >>> bar = Call("|", (Argument(Symbol("x")), Argument(Symbol("g"))))
    >>> [leaf.name for leaf in formula_leaves(bar)]
    ['x', 'g']
    """
    if isinstance(expression, (Number, Constant)):
        return
    if isinstance(expression, Symbol) and expression.name == ".":
        return
    if isinstance(expression, Call) and expression.function in FORMULA_OPERATORS:
        arguments = expression.arguments
        if expression.function in ("^", "**"):
            arguments = arguments[:1]
        for argument in arguments:
            yield from formula_leaves(argument.value)
        return
    yield expression
