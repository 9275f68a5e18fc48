"""From the tokens of the grammar to expressions: what each rule of ``formula.lark`` builds."""

from __future__ import annotations

import math
import re
import unicodedata
from typing import Any

from lark import Token, Transformer

from glmmvi.formula.expression import (
    Argument,
    Call,
    Constant,
    Expression,
    Number,
    Symbol,
    Text,
)

_ESCAPE = re.compile(
    r"\\(?:x([0-9a-fA-F]{1,2})|u\{([0-9a-fA-F]{1,4})\}|u([0-9a-fA-F]{1,4})"
    r"|U\{([0-9a-fA-F]{1,8})\}|U([0-9a-fA-F]{1,8})|([0-7]{1,3})|([\s\S]))"
)
_SIMPLE_ESCAPES = {
    "n": "\n", "r": "\r", "t": "\t", "a": "\a", "b": "\b", "f": "\f", "v": "\v",
    "\\": "\\", "'": "'", '"': '"', "`": "`", " ": " ", "\n": "\n",
}  # fmt: skip


class InvalidTokenError(Exception):
    """A token has the right shape and a content that R refuses.

    Parameters
    ----------
    message : str
        What is wrong.
    column : int
        Where, zero-based.
    advice : str
        What would work.
    """

    def __init__(self, message: str, column: int, advice: str) -> None:
        self.message = message
        self.column = column
        self.advice = advice
        super().__init__(message)


class SyntaxTree(Transformer[Token, Expression]):
    """Builds the expression while the text is parsed (one method a rule, no tree in between)."""

    def binary(self, children: list[Any]) -> Call:
        """``a + b``; ``**`` is another way to write ``^``."""
        left, operator, right = children
        function = "^" if operator == "**" else str(operator)
        return Call(function, (Argument(left), Argument(right)), (left.span[0], right.span[1]))

    def unary(self, children: list[Any]) -> Call:
        """``-a``, ``!a`` and ``~a``."""
        operator, operand = children
        return Call(str(operator), (Argument(operand),), (operator.start_pos, operand.span[1]))

    def brackets(self, children: list[Any]) -> Call:
        """``(a)``."""
        opening, inner, closing = children
        return Call("(", (Argument(inner),), (opening.start_pos, closing.end_pos))

    def symbol(self, children: list[Any]) -> Symbol:
        """``a``."""
        (token,) = children
        if not token.isascii():
            _check_letters(token)
        return Symbol(str(token), (token.start_pos, token.end_pos))

    def quoted_symbol(self, children: list[Any]) -> Symbol:
        """A name in backticks."""
        (token,) = children
        return Symbol(_unquoted(token), (token.start_pos, token.end_pos))

    def namespaced(self, children: list[Any]) -> Call:
        """``stats::sd`` as a value."""
        (token,) = children
        package, operator, name = re.split("(:::?)", token, maxsplit=1)
        span = (token.start_pos, token.end_pos)
        return Call(operator, (Argument(Symbol(package)), Argument(Symbol(name))), span)

    def number(self, children: list[Any]) -> Number | Constant:
        """``1``, ``1e6``, ``1L``, ``0x1F``."""
        (token,) = children
        digits = token.removesuffix("L")
        value = float.fromhex(digits) if digits[:2] in ("0x", "0X") else float(digits)
        if math.isinf(value):
            return Constant("Inf", (token.start_pos, token.end_pos))
        # R: a whole number that fits 32 bits is an integer, anything else stays a double.
        integer = len(digits) < len(token) and value < 2**31 and value == math.floor(value)
        return Number(value, integer, (token.start_pos, token.end_pos))

    def string(self, children: list[Any]) -> Text:
        """``"a"`` or ``'a'``."""
        (token,) = children
        return Text(_unquoted(token), (token.start_pos, token.end_pos))

    def constant(self, children: list[Any]) -> Constant:
        """``TRUE`` and the other reserved words."""
        (token,) = children
        return Constant(str(token), (token.start_pos, token.end_pos))

    def call(self, children: list[Any]) -> Call:
        """``f(a, b)``."""
        token, _, arguments, closing = children
        return Call(str(token), arguments, (token.start_pos, closing.end_pos))

    def quoted_call(self, children: list[Any]) -> Call:
        """A call of a function named in backticks."""
        token, _, arguments, closing = children
        name = _unquoted(token)
        if "::" in name:
            raise InvalidTokenError(
                "a function's name in backticks cannot hold `::`",
                token.start_pos,
                "Write `package::function(x)` without backticks.",
            )
        return Call(name, arguments, (token.start_pos, closing.end_pos))

    namespaced_call = call

    def arguments(self, children: list[Any]) -> tuple[Argument, ...]:
        """Between the brackets of a call; a lone empty argument is no argument."""
        found = tuple(child for child in children if isinstance(child, Argument))
        if len(found) == 1 and found[0] == Argument(Symbol("")):
            return ()
        return found

    def positional(self, children: list[Any]) -> Argument:
        """``a`` in ``f(a)``."""
        return Argument(children[0])

    def empty(self, children: list[Any]) -> Argument:
        """What stands before the bracket in ``f(a, )``."""
        return Argument(Symbol(""))

    def named(self, children: list[Any]) -> Argument:
        """``name = a``, or ``name =``."""
        return _named(str(children[0]), children)

    def quoted_named(self, children: list[Any]) -> Argument:
        """``name = a`` with the name in quotes or backticks."""
        return _named(_unquoted(children[0]), children)

    text_named = quoted_named


def _check_letters(token: Token) -> None:
    # Python's `\w` holds more than letters and digits: `x²` is not a name in R.
    for position, character in enumerate(token):
        if unicodedata.category(character)[0] not in "LM" and not (
            character.isdecimal() or character in "._"
        ):
            raise InvalidTokenError(
                f"`{character}` ({unicodedata.name(character, 'unnamed').lower()}) "
                "cannot be part of a name",
                int(token.start_pos or 0) + position,
                "Put a column's name in backticks; a power of a column is `I(x^2)`.",
            )


def _named(name: str, children: list[Any]) -> Argument:
    if not name:
        raise InvalidTokenError(
            "an argument's name cannot be empty", children[0].start_pos, "Write a name before `=`."
        )
    return Argument(children[2] if len(children) == 3 else Symbol(""), name)


def _unquoted(token: Token) -> str:
    if "\\" not in token:
        return str(token[1:-1])

    def replace(match: re.Match[str]) -> str:
        *codes, octal, simple = match.groups()
        code = next((code for code in codes if code is not None), None)
        if simple is not None:
            if simple not in _SIMPLE_ESCAPES:
                raise InvalidTokenError(
                    f"`\\{simple}` is not an escape that R knows",
                    column(match),
                    "Double the backslash to mean one.",
                )
            return _SIMPLE_ESCAPES[simple]
        number = int(octal, 8) if code is None else int(code, 16)
        if not 0 < number <= 0x10FFFF or 0xD800 <= number < 0xE000:
            raise InvalidTokenError(
                f"`{match[0]}` is not a character",
                column(match),
                "Type the character itself, or double the backslash to mean one.",
            )
        return chr(number)

    def column(match: re.Match[str]) -> int:
        return int(token.start_pos or 0) + 1 + match.start()

    return _ESCAPE.sub(replace, token[1:-1])
