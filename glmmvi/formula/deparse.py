"""From an expression back to text, as R's ``deparse`` writes it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from enum import Enum

from glmmvi.formula.expression import Call, Constant, Expression, Number, Symbol, Text

RESERVED_WORDS = frozenset(
    (
        "if", "else", "repeat", "while", "function", "for", "next", "break", "in",
        "TRUE", "FALSE", "NULL", "NA", "Inf", "NaN",
        "NA_integer_", "NA_real_", "NA_character_", "NA_complex_",
    )
)  # fmt: skip
_SYNTACTIC = re.compile(r"(?:[^\W\d_]|\.(?![0-9]))[\w.\u0300-\u036f]*\Z")
_NAMESPACED = re.compile(r"[A-Za-z][A-Za-z0-9.]*:::?[\w.]+\Z")

#: How tightly the operators bind (R's ``?Syntax``).
PRECEDENCE = {
    "~": 1, "|": 2, "||": 2, "&": 3, "&&": 3,
    "==": 5, "!=": 5, "<": 5, "<=": 5, ">": 5, ">=": 5,
    "+": 6, "-": 6, "*": 7, "/": 7, ":": 9, "^": 11, "::": 12, ":::": 12,
}  # fmt: skip
_SPECIAL_PRECEDENCE = 8
_UNARY_PRECEDENCE = {"~": 1, "!": 4, "-": 10, "+": 10}
_TIGHT = ("/", ":", "^", "%%", "%/%", "::", ":::")
_STRING_ESCAPES = {
    '"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t",
    "\a": "\\a", "\b": "\\b", "\f": "\\f", "\v": "\\v",
}  # fmt: skip


class Break(Enum):
    """Where R's ``deparse`` may break a line, and the stretch over which it then indents."""

    OPEN = 1
    HERE = 2
    CLOSE = 3


def deparse(expression: Expression) -> str:
    """Write an expression as R does, on one line.

    Parameters
    ----------
    expression : Expression
        What :func:`parse_expression` returns, or any expression made from such parts.

    Returns
    -------
    str
        R's text: blanks around ``+ - * ~ |``, comparisons and ``%in%``, none around
        ``: / ^ %%``; strings in double quotes; names that need them in backticks; numbers
        with up to 15 digits. Brackets are added where the text would otherwise mean
        something else.

    Examples
    --------
    >>> from glmmvi.formula.grammar import parse_expression
    >>> deparse(parse_expression("y~log( x,base=2 )+a :b+(1+x|'g')"))
    'y ~ log(x, base = 2) + a:b + (1 + x | "g")'
    >>> deparse(parse_expression("x**2 %% 1000000"))
    'x^2%%1e+06'
    """
    return "".join(piece for piece in pieces(expression) if isinstance(piece, str))


def variable_name(expression: Expression) -> str:
    """Name a variable of a model as R's terms do: the text of it, ``2L`` written as 2.

    Examples
    --------
    >>> from glmmvi.formula.grammar import parse_expression
    >>> variable_name(parse_expression("I(100000L*x)")), deparse(parse_expression("I(100000L*x)"))
    ('I(100000 * x)', 'I(100000L * x)')
    """
    shown = pieces(expression, integer_mark="")
    return "".join(piece for piece in shown if isinstance(piece, str))


def pieces(expression: Expression, integer_mark: str = "L") -> Iterator[str | Break]:
    """Yield the text of an expression piece by piece, with R's opportunities to break a line.

    Examples
    --------
    >>> from glmmvi.formula.grammar import parse_expression
    >>> [piece for piece in pieces(parse_expression("a:b")) if isinstance(piece, str)]
    ['a', ':', 'b']
    """
    pending: list[Expression | str | Break] = [expression]
    while pending:
        part = pending.pop()
        if isinstance(part, (str, Break)):
            yield part
        elif isinstance(part, Call):
            pending.extend(reversed(_call_pieces(part)))
        else:
            yield _leaf(part, integer_mark)


def _leaf(part: Symbol | Number | Text | Constant, integer_mark: str) -> str:
    if isinstance(part, Symbol):
        return quoted_name(part.name)
    if isinstance(part, Number):
        if part.integer:
            return f"{int(part.value)}{integer_mark}"
        return number_text(part.value)
    if isinstance(part, Text):
        return '"' + "".join(_character(character) for character in part.value) + '"'
    return part.name


def _call_pieces(call: Call) -> list[Expression | str | Break]:
    function = call.function
    values = [argument.value for argument in call.arguments]
    if all(argument.name is None for argument in call.arguments):
        if function == "(" and len(values) == 1:
            return ["(", values[0], ")"]
        if len(values) == 2 and (level := _precedence(function)) is not None:
            left = _bracketed(values[0], _needs_brackets(values[0], level, left=True, of=function))
            right = _bracketed(
                values[1], _needs_brackets(values[1], level, left=False, of=function)
            )
            if function in _TIGHT:
                return [*left, function, *right]
            return [*left, f" {function} ", Break.OPEN, Break.HERE, *right, Break.CLOSE]
        if len(values) == 1 and function in _UNARY_PRECEDENCE:
            level = _UNARY_PRECEDENCE[function]
            return [function, *_bracketed(values[0], _looser(values[0], level))]
    named = function if _NAMESPACED.match(function) else quoted_name(function)
    result: list[Expression | str | Break] = [named, "(", Break.OPEN]
    for position, argument in enumerate(call.arguments):
        if position:
            result += [", ", Break.HERE]
        if argument.name is not None:
            result.append(f"{quoted_name(argument.name)} = ")
        result.append(argument.value)
    return [*result, Break.CLOSE, ")"]


def _bracketed(value: Expression, brackets: bool) -> list[Expression | str | Break]:
    return ["(", value, ")"] if brackets else [value]


def _precedence(function: str) -> int | None:
    if len(function) > 1 and function[0] == "%" == function[-1]:
        return _SPECIAL_PRECEDENCE
    return PRECEDENCE.get(function)


def _is_unary(value: Expression) -> bool:
    return isinstance(value, Call) and len(value.arguments) == 1 and value.function in "~!-+"


def _needs_brackets(value: Expression, level: int, *, left: bool, of: str) -> bool:
    if not isinstance(value, Call):
        return False
    if _is_unary(value):
        # An operand that begins with a sign needs no brackets on the right: `a^-b`.
        return left and _UNARY_PRECEDENCE[value.function] < level
    inner = _precedence(value.function) if len(value.arguments) == 2 else None
    if inner is None:
        return False
    if inner == level:
        # `^` groups to the right, comparisons do not group at all.
        return left if of == "^" else (not left or level == PRECEDENCE["=="])
    return inner < level


def _looser(value: Expression, level: int) -> bool:
    if _is_unary(value) or not isinstance(value, Call) or len(value.arguments) != 2:
        return False
    inner = _precedence(value.function)
    return inner is not None and (inner < level or inner == PRECEDENCE["~"])


def quoted_name(name: str) -> str:
    """Put a name in backticks if R needs them there.

    Examples
    --------
    >>> quoted_name("a.b"), quoted_name("my var"), quoted_name("TRUE")
    ('a.b', '`my var`', '`TRUE`')
    """
    if not name or (_SYNTACTIC.match(name) and name not in RESERVED_WORDS):
        return name
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"


def _character(character: str) -> str:
    if character in _STRING_ESCAPES:
        return _STRING_ESCAPES[character]
    if character < " " or character == "\x7f":
        return f"\\{ord(character):03o}"
    return character


def number_text(value: float, integer: bool = False) -> str:
    """Write a number as R does: as few of 15 digits as give it, and the shorter notation.

    Examples
    --------
    >>> number_text(100000.0), number_text(123456.0), number_text(0.1), number_text(2.0, True)
    ('1e+05', '123456', '0.1', '2L')
    """
    if math.isinf(value) or math.isnan(value):
        return "NaN" if math.isnan(value) else ("Inf" if value > 0 else "-Inf")
    if integer:
        return f"{int(value)}L"
    digits = next(d for d in range(15) if float(f"{value:.{d}e}") == float(f"{value:.14e}"))
    scientific = f"{value:.{digits}e}"
    mantissa, exponent = scientific.split("e")
    decimals = max(0, digits - int(exponent))
    fixed = f"{value:.{decimals}f}"
    return fixed if len(fixed) <= len(scientific) else f"{mantissa}e{exponent}"
