"""R expressions as frozen values: what the grammar produces, what everything else reads.

As in R, an operator is a call of a function with that name: ``a + b`` is
``Call("+", (Argument(a), Argument(b)))``, brackets are ``Call("(", ...)``, a unary minus is
``Call("-", ...)`` with one argument. Positions in the source (`span`) do not take part in
comparisons.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Union

Span = tuple[int, int]


@dataclass(frozen=True)
class Symbol:
    """A name: a variable, or a function handed over as a value. Backticks are not part of it."""

    name: str
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Number:
    """A number; `text` is R's way to print it (``1e+06`` for ``1000000``), `value` its value."""

    value: float
    integer: bool = False
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Text:
    """A string, without its quotes and escapes."""

    value: str
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Constant:
    """A reserved word: ``TRUE``, ``FALSE``, ``NULL``, ``NA``, ``Inf``, ``NaN``."""

    name: str
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Argument:
    """One argument of a call, with its name if it was given by name."""

    value: Expression
    name: str | None = None


@dataclass(frozen=True)
class Call:
    """A function, or an operator, applied to arguments."""

    function: str
    arguments: tuple[Argument, ...]
    span: Span | None = field(default=None, compare=False, repr=False)


Expression = Union[Symbol, Number, Text, Constant, Call]
