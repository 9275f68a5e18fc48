"""The parser of ``grammar/formula.lark``."""

from __future__ import annotations

from functools import cache

from lark import Lark
from lark.exceptions import UnexpectedCharacters, UnexpectedToken

from glmmvi.errors import ArgumentError, FormulaSyntaxError
from glmmvi.formula.expression import Call, Expression
from glmmvi.formula.parser_tables import load_parser
from glmmvi.formula.syntax_errors import explain
from glmmvi.formula.syntax_tree import InvalidTokenError, SyntaxTree

#: How deep brackets, calls, signs and powers may nest: R's own limit for brackets.
NESTING_LIMIT = 50


@cache
def parser() -> Lark:
    """Return the parser; it is made on the first call and kept.

    Examples
    --------
    >>> parser() is parser()
    True
    """
    return load_parser(SyntaxTree())


def parse_expression(text: str) -> Expression:
    """Parse one R expression.

    Parameters
    ----------
    text : str
        An expression such as ``log(x) + a:b``, or a formula. White space, line breaks
        and comments do not matter.

    Returns
    -------
    Expression
        As R would parse it; the `span` of each part is its place in `text`.

    Raises
    ------
    FormulaSyntaxError
        If the text is not an R expression; the error says where and what would work.
    ArgumentError
        If `text` is not a string.

    Examples
    --------
    >>> parse_expression("a:b").function
    ':'
    """
    if not isinstance(text, str):
        raise ArgumentError(f"a formula is a string, not {type(text).__name__}: {text!r}")
    try:
        expression: Expression = parser().parse(text)
    except UnexpectedToken as error:
        column = len(text) if error.token.type == "$END" else error.token.start_pos
        raise explain(text, int(column or 0)) from None
    except UnexpectedCharacters as error:
        raise explain(text, error.pos_in_stream) from None
    except InvalidTokenError as error:
        raise FormulaSyntaxError(error.message, text, error.column, error.advice) from None
    _check_nesting(expression, text)
    return expression


def _check_nesting(expression: Expression, text: str) -> None:
    pending = [(expression, 0)]
    while pending:
        part, depth = pending.pop()
        if depth > NESTING_LIMIT:
            column = part.span[0] if part.span else 0
            raise FormulaSyntaxError(
                f"the formula is nested more than {NESTING_LIMIT} levels deep", text, column
            )
        if isinstance(part, Call):
            # The left operand of an operator is no deeper: sums may be as long as they like.
            chained = len(part.arguments) == 2 and not _is_function(part)
            for position, argument in enumerate(part.arguments):
                step = 0 if chained and position == 0 else 1
                pending.append((argument.value, depth + step))


def _is_function(call: Call) -> bool:
    return call.function[0].isalpha() or call.function[0] == "."
