"""R expressions as frozen values: what the grammar produces, what everything else reads.

As in R, an operator is a call of a function with that name: ``a + b`` is
``Call("+", (Argument(a), Argument(b)))``, brackets are ``Call("(", ...)``, a unary minus is
``Call("-", ...)`` with one argument. A function of a package is named in full:
``Call("stats::poly", ...)``. Positions in the source (`span`) do not take part in comparisons.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

Span = tuple[int, int]


@dataclass(frozen=True)
class Symbol:
    """A name: a variable, or a function handed over as a value. Backticks are not part of it.

    An argument that was left empty, as in ``f(x, )``, is the symbol with the empty name.
    """

    name: str
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Number:
    """A number; `integer` for R's integers (``1L``)."""

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


@dataclass(frozen=True, eq=False)
class Call:
    """A function, or an operator, applied to arguments.

    Equality and hash look at function and arguments, not at positions. Neither recurses, so
    that a sum of a thousand terms (a chain of calls a thousand deep) can be compared.

    Examples
    --------
    >>> x = Symbol("x")
    >>> Call("log", (Argument(x),)) == Call("log", (Argument(x),), span=(0, 6))
    True
    """

    function: str
    arguments: tuple[Argument, ...]
    span: Span | None = field(default=None, compare=False, repr=False)
    _hash: int = field(default=0, init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        parts = tuple((argument.name, argument.value) for argument in self.arguments)
        object.__setattr__(self, "_hash", hash((self.function, parts)))

    def __hash__(self) -> int:
        return self._hash

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        # Pickled as a flat list: nesting does not recurse, and `_hash` (which differs between
        # processes) is made anew.
        return _from_postfix, (_postfix(self),)

    def __deepcopy__(self, memo: object) -> Call:
        return self  # immutable all the way down

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Call):
            return NotImplemented
        pending: list[tuple[Expression, Expression]] = [(self, other)]
        while pending:
            left, right = pending.pop()
            if left is right:
                continue
            if not (isinstance(left, Call) and isinstance(right, Call)):
                if left != right:
                    return False
            elif (
                left._hash != right._hash
                or left.function != right.function
                or [a.name for a in left.arguments] != [a.name for a in right.arguments]
            ):
                return False
            else:
                pending.extend(
                    (a.value, b.value) for a, b in zip(left.arguments, right.arguments, strict=True)
                )
        return True


Expression = Symbol | Number | Text | Constant | Call


def call(function: str, *values: Expression) -> Call:
    """Apply a function to arguments given by position.

    Examples
    --------
    >>> call("+", Symbol("a"), Symbol("b")).function
    '+'
    """
    spans = [value.span for value in values if value.span is not None]
    span = (min(s[0] for s in spans), max(s[1] for s in spans)) if spans else None
    return Call(function, tuple(Argument(value) for value in values), span)


def operands(expression: Expression, *functions: str) -> tuple[Expression, ...] | None:
    """Return the operands of a call of one of the operators, and None for anything else.

    Examples
    --------
    >>> operands(call("+", Symbol("a"), Symbol("b")), "+", "-")
    (Symbol(name='a'), Symbol(name='b'))
    >>> operands(Symbol("a"), "+") is None
    True
    """
    if isinstance(expression, Call) and expression.function in functions:
        return tuple(argument.value for argument in expression.arguments)
    return None


def without_brackets(expression: Expression) -> Expression:
    """Strip the brackets around a whole expression.

    Examples
    --------
    >>> without_brackets(call("(", call("(", Symbol("a"))))
    Symbol(name='a')
    """
    while (inner := operands(expression, "(")) is not None and len(inner) == 1:
        expression = inner[0]
    return expression


def walk(expression: Expression) -> Iterator[Expression]:
    """Visit an expression and all its parts, each before its own parts, left to right.

    Examples
    --------
    >>> [part.name for part in walk(call("+", Symbol("a"), Symbol("b")))
    ...  if isinstance(part, Symbol)]
    ['a', 'b']
    """
    pending = [expression]
    while pending:
        part = pending.pop()
        yield part
        if isinstance(part, Call):
            pending.extend(argument.value for argument in reversed(part.arguments))


def substitute(expression: Expression, name: str, value: Expression) -> Expression:
    """Put an expression in the place of a symbol, everywhere.

    Examples
    --------
    >>> substitute(call("+", Symbol("."), Symbol("b")), ".", Symbol("a"))
    ... # doctest: +ELLIPSIS
    Call(function='+', arguments=(Argument(value=Symbol(name='a'), name=None), ...
    """
    replaced: list[Expression | _Head] = [
        value if item == Symbol(name) else item for item in _postfix(expression)
    ]
    return _from_postfix(replaced)


# A call without its arguments: function, names of the arguments, span.
_Head = tuple[str, tuple[str | None, ...], Span | None]


def _postfix(expression: Expression) -> list[Expression | _Head]:
    """List the parts of an expression, each call after its arguments."""
    items: list[Expression | _Head] = []
    for part in _preorder_from_the_right(expression):
        if isinstance(part, Call):
            names = tuple(argument.name for argument in part.arguments)
            items.append((part.function, names, part.span))
        else:
            items.append(part)
    return items[::-1]


def _preorder_from_the_right(expression: Expression) -> Iterator[Expression]:
    pending = [expression]
    while pending:
        part = pending.pop()
        yield part
        if isinstance(part, Call):
            pending.extend(argument.value for argument in part.arguments)


def _from_postfix(items: Sequence[Expression | _Head]) -> Expression:
    """Put together what :func:`_postfix` took apart."""
    done: list[Expression] = []
    for item in items:
        if isinstance(item, tuple):
            function, names, span = item
            first = len(done) - len(names)
            arguments = tuple(map(Argument, done[first:], names))
            done[first:] = [Call(function, arguments, span)]
        else:
            done.append(item)
    return done[0]
