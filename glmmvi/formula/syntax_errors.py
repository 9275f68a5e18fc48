"""From the place where the parser stopped to a sentence that helps."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from glmmvi.errors import FormulaSyntaxError

_TOKEN = re.compile(
    r"""(?P<space>\s+|\#[^\n]*)
    |(?P<quoted>"(?:[^"\\]|\\[\s\S])*"|'(?:[^'\\]|\\[\s\S])*'|`(?:[^`\\]|\\[\s\S])*`)
    |(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?L?)
    |(?P<name>(?:[^\W\d_]|\.(?![0-9]))[\w.]*)
    |(?P<operator>%[^%\n]*%|\*\*|\|\||&&|[<>=!]=|[-+*/^:~|&!<>=])
    |(?P<opening>\()
    |(?P<closing>\))
    |(?P<comma>,)
    |(?P<other>[\s\S])""",
    re.VERBOSE,
)
_OPERANDS = ("quoted", "number", "name", "closing")
_RESERVED = ("if", "else", "repeat", "while", "function", "for", "next", "break", "in")

_ADVICE_FOR_CHARACTERS = {
    "$": "Name the column itself (`y`, not `data$y`) and hand the frame over as `data`.",
    "@": "Name the column itself and hand the frame over as `data`.",
    "[": "Indexing is not part of a formula: select rows with `subset`, or make a new column.",
    "]": "Indexing is not part of a formula: select rows with `subset`, or make a new column.",
    "{": "Group with round brackets.",
    "}": "Group with round brackets.",
    ";": "One formula is one expression: remove `;` and what follows it.",
    "?": "`?` is not part of a model formula.",
    "\\": "R's short functions `\\(x)` are not part of a model formula: make a new column.",
    "_": "A name cannot begin with `_`: put it in backticks, as in `` `_x` ``.",
    "%": "An operator such as `%in%` or `%%` needs both of its `%`.",
}
_LOOKALIKES = {
    **dict.fromkeys("\u2212\u2010\u2011\u2012\u2013\u2014\ufe63\uff0d", "-"),
    **dict.fromkeys("\u00d7\u2217\u22c5\u00b7\uff0a", "*"),
    **dict.fromkeys("\u223c\u02dc\u301c\uff5e\u02dc", "~"),
    **dict.fromkeys("\u2223\u2502\uff5c\u00a6", "|"),
    **dict.fromkeys("\u2215\u2044\u00f7", "/"),
    **dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb", '"'),
    **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u00b4", "'"),
    "\u2264": "<=", "\u2265": ">=", "\u2260": "!=", "\u02c6": "^", "\uff0b": "+",
    "\u00b2": "^2", "\u00b3": "^3", "\u2236": ":", "\uff1a": ":",
}  # fmt: skip


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    start: int


def explain(text: str, column: int) -> FormulaSyntaxError:
    """Describe why the parser could not go on at a column.

    Parameters
    ----------
    text : str
        The whole formula.
    column : int
        Where the parser stopped; ``len(text)`` if it needed more text.

    Returns
    -------
    FormulaSyntaxError
        To be raised by the caller; its column may lie before `column`, at the bracket or
        quote that was left open.

    Examples
    --------
    >>> print(explain("y ~ x z", 6))
    an operator is missing between `x` and `z` (column 7)
        y ~ x z
              ^
    Write `x + z`, `x * z` or `x:z`; a name with a blank in it goes in backticks.
    """
    tokens = [
        _Token(str(match.lastgroup), match[0], match.start())
        for match in _TOKEN.finditer(text)
        if match.lastgroup != "space"
    ]
    before = [token for token in tokens if token.start < column]
    at = next((token for token in tokens if token.start >= column), None)
    if not tokens:
        return FormulaSyntaxError(
            "the formula is empty", text, 0, "Write one such as `y ~ x + (1 | g)`."
        )
    if at is None:
        return _explain_end(text, before)
    if at.kind == "other" or at.start > column:
        return _explain_character(text, column)
    return _explain_token(text, before, at)


def _explain_end(text: str, before: list[_Token]) -> FormulaSyntaxError:
    last = before[-1]
    opened = _open_brackets(before)
    if opened and last.kind in _OPERANDS:
        return FormulaSyntaxError(
            "this bracket is never closed", text, opened[-1].start, "Add the missing `)`."
        )
    return FormulaSyntaxError(
        f"the formula ends where something should follow `{last.text}`",
        text,
        len(text.rstrip()),
        f"Write what belongs right of `{last.text}`, or remove it.",
    )


def _explain_character(text: str, column: int) -> FormulaSyntaxError:
    character = text[column]
    if character in "`\"'":
        what = "backtick" if character == "`" else "quote"
        return FormulaSyntaxError(
            f"this {what} is never closed", text, column, f"Add the closing {character}."
        )
    if character in _LOOKALIKES:
        plain = _LOOKALIKES[character]
        return FormulaSyntaxError(
            f"`{character}` ({unicodedata.name(character).lower()}) is not `{plain}`",
            text,
            column,
            f"Type a plain {plain} instead: text copied from a document often has these.",
        )
    if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn"):
        return FormulaSyntaxError(
            f"an invisible character (U+{ord(character):04X}) stands here",
            text,
            column,
            "Remove it.",
        )
    return FormulaSyntaxError(
        f"`{character}` does not belong in a formula",
        text,
        column,
        _ADVICE_FOR_CHARACTERS.get(character),
    )


def _explain_token(text: str, before: list[_Token], at: _Token) -> FormulaSyntaxError:
    last = before[-1] if before else None
    after_operand = last is not None and last.kind in _OPERANDS

    def error(message: str, advice: str | None = None) -> FormulaSyntaxError:
        return FormulaSyntaxError(message, text, at.start, advice)

    if at.kind == "name" and at.text in _RESERVED:
        return error(
            f"`{at.text}` is a reserved word of R",
            f"A column of that name goes in backticks: `` `{at.text}` ``.",
        )
    pair = text[at.start : at.start + 2]
    if pair == "``":
        return error("a name cannot be empty", "Write the name between the backticks.")
    if pair in ("<-", "->", ":="):
        return error(
            f"`{pair}` is an assignment in R",
            "A formula is written with `~`."
            if not any(token.text == "~" for token in before)
            else "For a comparison put a blank between: `< -`."
            if pair == "<-"
            else "Assignments are not part of a model formula.",
        )
    if at.kind == "closing":
        return _explain_closing(text, before, at)
    if at.kind == "comma":
        if _inside_call(before) and not after_operand:
            return error("an argument is missing before this comma")
        return error(
            "a comma can only stand between the arguments of a function",
            "Write `+` between terms.",
        )
    if at.text == "=":
        return error(*_explain_equals(before))
    if at.text == "~" and any(token.text == "~" for token in before):
        if last is not None and last.text == "~":
            return error("`~~` is not an operator of R", "Write one `~`: `response ~ terms`.")
        return error(
            "a formula has one `~`", "Left of `~` stands the response, right of it the terms."
        )
    if at.kind == "operator" and not after_operand:
        place = f"after `{last.text}`" if last is not None else "at the start"
        return error(
            f"`{at.text}` cannot stand {place}: it needs something on its left",
            f"Remove `{at.text}`" + (f" or `{last.text}`." if last is not None else "."),
        )
    if pair == "::":
        return error(
            "`::` stands between a package and a function, without blanks",
            "Write `stats::sd`; for an interaction one `:`.",
        )
    if at.kind == "operator" and at.text in ("==", "!=", "<", "<=", ">", ">="):
        return error(
            f"comparisons cannot be chained with `{at.text}`",
            "Use brackets, or `&`: `I(a < x & x < b)`.",
        )
    if last is None or not after_operand:
        return error(f"`{at.text}` does not belong here")
    if last.kind == "number" and last.start + len(last.text) == at.start and at.kind == "name":
        return error(
            f"`{last.text}{at.text}` is neither a number nor a name",
            f"Write `{last.text} * {at.text}`, or put a name that begins with a digit "
            "in backticks.",
        )
    if at.kind == "opening":
        return error(
            f"an operator is missing between `{last.text}` and the bracket",
            "Only a name can be called as a function; between terms write `+`, `*` or `:`.",
        )
    return error(
        f"an operator is missing between `{last.text}` and `{at.text}`",
        f"Write `{last.text} + {at.text}`, `{last.text} * {at.text}` or "
        f"`{last.text}:{at.text}`; a name with a blank in it goes in backticks.",
    )


def _explain_closing(text: str, before: list[_Token], at: _Token) -> FormulaSyntaxError:
    if not _open_brackets(before):
        return FormulaSyntaxError(
            "this bracket closes nothing",
            text,
            at.start,
            "Remove it, or add the opening `(` that it belongs to.",
        )
    last = before[-1]
    if last.kind == "opening":
        return FormulaSyntaxError(
            "there is nothing between these brackets",
            text,
            at.start,
            "Write a term between them, or remove them.",
        )
    advice = f"Write what belongs right of `{last.text}`, or remove it."
    if last.text in ("|", "||"):
        advice = "A random-effects term names its grouping factor: `(1 | g)`."
    return FormulaSyntaxError(
        f"something is missing between `{last.text}` and `)`", text, at.start, advice
    )


def _explain_equals(before: list[_Token]) -> tuple[str, str]:
    if _inside_call(before):
        return (
            "`=` gives an argument its name, and a name must stand left of it",
            "For a comparison write `==`.",
        )
    if not any(token.text == "~" for token in before):
        return "a formula is written with `~`, not with `=`", "Write `response ~ terms`."
    return "`=` does not belong here", "For a comparison write `==`."


def _open_brackets(tokens: list[_Token]) -> list[_Token]:
    opened: list[_Token] = []
    for token in tokens:
        if token.kind == "opening":
            opened.append(token)
        elif token.kind == "closing" and opened:
            opened.pop()
    return opened


def _inside_call(before: list[_Token]) -> bool:
    opened = _open_brackets(before)
    if not opened:
        return False
    position = before.index(opened[-1])
    return position > 0 and before[position - 1].kind in ("name", "quoted")
