"""What may stand inside the calls of a model formula."""

from __future__ import annotations

from glmmvi.errors import FormulaError
from glmmvi.formula.deparse import deparse
from glmmvi.formula.expression import Call, Expression, Number, operands
from glmmvi.formula.located_error import located_error

#: Covariance structures that lme4 2.0 and glmmTMB write as a function around the bar, and what
#: says the same here.
_STRUCTURES = {
    "us": "`(x | g)`", "diag": "`(x || g)`", "cs": None, "csh": None, "homcs": None,
    "homdiag": None, "ar1": None, "hetar1": None, "ou": None, "toep": None, "toeph": None,
    "exp": None, "mat": None, "gau": None, "rr": None, "propto": None, "equalto": None,
}  # fmt: skip


def check_function_calls(expression: Expression, text: str) -> None:
    """Refuse what R would take and do something else with than meant.

    Inside a function's arguments ``|`` and ``&`` are the logical operators. ``||`` and ``&&``
    take single values there, a covariance structure such as ``ar1(x | g)`` is not a function
    of columns, and ``x (1 | g)`` is a term whose operator was forgotten.

    Parameters
    ----------
    expression : Expression
        The whole formula.
    text : str
        Its text.

    Raises
    ------
    FormulaSyntaxError
        At the first of them.

    Examples
    --------
    >>> from glmmvi.formula.grammar import parse_expression
    >>> check_function_calls(parse_expression("y ~ I(a | b)"), "y ~ I(a | b)")
    """
    pending: list[tuple[Expression, bool]] = [(expression, False)]
    while pending:
        part, inside_function = pending.pop()
        if not isinstance(part, Call):
            continue
        if part.function == "&&" or (part.function == "||" and inside_function):
            raise _single_values(part, text)
        is_function = part.function[0].isalpha() or part.function[0] == "."
        if is_function and len(part.arguments) == 1:
            _check_single_bar(part, text)
        pending.extend(
            (argument.value, inside_function or is_function)
            for argument in reversed(part.arguments)
        )


def _single_values(part: Call, text: str) -> FormulaError:
    single = part.function[0]
    left, right = (argument.value for argument in part.arguments)
    column = None
    if left.span is not None:
        rest = text[left.span[1] :]
        column = left.span[1] + len(rest) - len(rest.lstrip())
    return located_error(
        f"`{part.function}` compares single values, not columns",
        f"Write `{single}`, inside `I()`: `I({deparse(left)} {single} {deparse(right)})`.",
        text=text,
        at=column,
    )


def _check_single_bar(part: Call, text: str) -> None:
    bar = part.arguments[0].value
    sides = operands(bar, "|", "||")
    if sides is None:
        return
    if part.function in _STRUCTURES:
        instead = _STRUCTURES[part.function]
        raise located_error(
            f"`{part.function}()` around a random-effects term is not supported",
            f"The same model is {instead}."
            if instead
            else "Unstructured `(x | g)` and independent `(x || g)` covariance matrices are.",
            text=text,
            at=part,
        )
    opening = text.find("(", part.span[0]) if part.span else -1
    detached = opening > 0 and text[opening - 1].isspace()
    if _has_intercept(sides[0]) or (detached and operands(bar, "|") is not None):
        raise located_error(
            f"an operator is missing between `{part.function}` and `({deparse(bar)})`",
            f"Write `{part.function} + ({deparse(bar)})`.",
            text=text,
            at=opening if opening > 0 else None,
        )


def _has_intercept(expression: Expression) -> bool:
    """Whether a 0 or 1 is added: no logical value is written so, but random effects are."""
    pending = [expression]
    while pending:
        part = pending.pop()
        if isinstance(part, Number) and part.value in (0, 1):
            return True
        pending.extend(operands(part, "+", "-", "(") or ())
    return False
