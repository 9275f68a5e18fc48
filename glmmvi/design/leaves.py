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
    pending = [expression]
    while pending:  # a sum of a thousand terms is a thousand deep
        part = pending.pop()
        if isinstance(part, (Number, Constant)) or part == Symbol("."):
            continue
        if isinstance(part, Call) and part.function in FORMULA_OPERATORS:
            arguments = part.arguments
            if part.function in ("^", "**"):
                arguments = arguments[:1]
            pending.extend(argument.value for argument in reversed(arguments))
        else:
            yield part
