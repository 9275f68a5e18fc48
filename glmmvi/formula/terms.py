"""R's terms algebra: an expression to an ordered list of terms."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from glmmvi.errors import FormulaError, FormulaMessage
from glmmvi.formula.deparse import deparse, variable_name
from glmmvi.formula.expression import Call, Constant, Expression, Number, Symbol, Text, operands
from glmmvi.formula.located_error import located_error

_OPERATORS = ("+", "-", "*", "/", ":", "^", "%in%")


@dataclass(frozen=True)
class Terms:
    """The terms of a one-sided formula, in R's order.

    Attributes
    ----------
    variables : tuple of Expression
        The variables, in the order of their first appearance (R's ``attr(, "variables")``
        without the response), offsets not included. As in R, a variable whose terms were all
        removed (``x`` in ``a - x``) is among them.
    factors : tuple of tuple of Expression
        One tuple a term, in R's order of terms (degree, then appearance); within a term
        the variables are in the order of `variables`. The intercept is not among them.
    intercept : bool
        Whether there is an intercept.
    offsets : tuple of Expression
        The arguments of the ``offset()`` calls.
    """

    variables: tuple[Expression, ...]
    factors: tuple[tuple[Expression, ...], ...]
    intercept: bool
    offsets: tuple[Expression, ...]

    @property
    def labels(self) -> tuple[str, ...]:
        """R's ``attr(, "term.labels")``."""
        return tuple(term_label(factor) for factor in self.factors)


def term_label(factor: Sequence[Expression]) -> str:
    """Return R's name of a term: its variables, with colons between them.

    Examples
    --------
    >>> from glmmvi.formula.expression import call
    >>> term_label((Symbol("a"), call("log", Symbol("x"))))
    'a:log(x)'
    """
    return ":".join(variable_name(variable) for variable in factor)


def expand_terms(
    expression: Expression,
    dot: Sequence[Expression] | None = None,
    *,
    response: Expression | None = None,
    text: str | None = None,
) -> Terms:
    """Expand a formula's right side by R's rules.

    Parameters
    ----------
    expression : Expression
        The right side, without random-effects terms.
    dot : sequence of Expression, optional
        What ``.`` stands for: the columns of the data that the response does not use.
    response : Expression, optional
        The left side. R counts it as the formula's first variable, which decides the order
        within a term if it appears on the right as well, and drops it as a term.
    text : str, optional
        The text that the spans in `expression` refer to, so that errors can point into it.

    Returns
    -------
    Terms
        Terms by degree, then by first appearance.

    Raises
    ------
    FormulaError
        For what is no term: ``x^y``, a number other than 0 and 1, a string, ``offset()`` in an
        interaction, ``.`` without data.

    Warns
    -----
    FormulaMessage
        If the response was dropped from the right side.

    Examples
    --------
    >>> from glmmvi.formula.grammar import parse_expression
    >>> expand_terms(parse_expression("b + a:b + x*a - 1")).labels
    ('b', 'x', 'a', 'b:a', 'a:x')
    >>> expand_terms(parse_expression("(a + b + x)^2 - a:x")).labels
    ('a', 'b', 'x', 'a:b', 'b:x')
    """
    expander = TermExpander(dot=dot, text=text)
    if response is not None:
        expander.index_of(response)
    masks = expander.expand(expression)
    if response is not None and masks.pop(1, False) is None:
        warnings.warn(
            f"the response {deparse(response)} appeared on the right-hand side and was dropped",
            FormulaMessage,
            stacklevel=2,
        )
    used = 0
    for mask in masks:
        used |= mask
    offsets = [i for i, variable in enumerate(expander.variables) if _is_offset(variable)]
    hidden = set(offsets)
    if response is not None and not used & 1:
        hidden.add(0)
    return Terms(
        variables=tuple(v for i, v in enumerate(expander.variables) if i not in hidden),
        factors=tuple(expander.factor(mask) for mask in sorted(masks, key=int.bit_count)),
        intercept=expander.intercept,
        offsets=tuple(_offset_argument(expander.variables[i]) for i in offsets),
    )


@dataclass
class TermExpander:
    """The state of one expansion: a term is a bit mask over the variables met so far.

    Attributes
    ----------
    dot : sequence of Expression or None
        What ``.`` stands for.
    text : str or None
        For errors.
    updating : bool
        Whether offsets and random-effects terms are ordinary variables, as they are for
        ``update()``.
    expand_double_bar : callable, optional
        With `updating`: what ``x || g`` stands for.
    """

    dot: Sequence[Expression] | None = None
    text: str | None = None
    updating: bool = False
    expand_double_bar: Callable[[Expression], Sequence[Expression]] | None = None
    intercept: bool = True
    variables: list[Expression] = field(default_factory=list)
    _index: dict[Expression, int] = field(default_factory=dict)
    _removing: bool = False

    def index_of(self, variable: Expression) -> int:
        """Return a variable's place, the next one if it is new."""
        index = self._index.setdefault(variable, len(self.variables))
        if index == len(self.variables):
            self.variables.append(variable)
        return index

    def factor(self, mask: int) -> tuple[Expression, ...]:
        """Return the variables of a term."""
        members: list[Expression] = []
        while mask:
            lowest = mask & -mask
            members.append(self.variables[lowest.bit_length() - 1])
            mask ^= lowest
        return tuple(members)

    def expand(self, expression: Expression) -> dict[int, None]:
        """Return the terms of an expression, in order (a dictionary serves as ordered set)."""
        # Operators group to the left: unroll that side, so that long sums do not recurse.
        chain: list[Call] = []
        while isinstance(expression, Call) and (
            expression.function in _OPERATORS and len(expression.arguments) == 2
        ):
            chain.append(expression)
            expression = expression.arguments[0].value
        terms = self._expand_operand(expression)
        for step in reversed(chain):
            right = step.arguments[1].value
            if step.function == "^":
                terms = self._power(terms, right, step)
            elif step.function == "-":
                terms = self._remove(terms, right)
            else:
                terms = self._combine(step, terms, self.expand(right))
        return terms

    def _expand_operand(self, part: Expression) -> dict[int, None]:
        if isinstance(part, Number) and part.value in (0, 1):
            self.intercept = bool(part.value) != self._removing
            return {}
        if isinstance(part, Constant) and part.name in ("TRUE", "FALSE"):
            self.intercept = (part.name == "TRUE") != self._removing
            return {}
        if isinstance(part, Constant) and part.name == "NULL":
            return {}
        if isinstance(part, (Number, Constant, Text)):
            raise self._error(
                f"`{deparse(part)}` is not a term of a model",
                "Only 0 and 1 may stand alone; a known part of the predictor is an `offset()`.",
                part,
            )
        if isinstance(part, Symbol):
            if part.name == "." and self.dot is None:
                raise self._error(
                    "`.` stands for the other columns of the data, and there are no data here",
                    "Name the columns.",
                    part,
                )
            members = self.dot if part.name == "." and self.dot is not None else (part,)
            return {1 << self.index_of(member): None for member in members}
        single = operands(part, "(", "+", "-")
        if single is not None and len(single) == 1:
            return self._remove({}, single[0]) if part.function == "-" else self.expand(single[0])
        return self._expand_call(part)

    def _expand_call(self, part: Call) -> dict[int, None]:
        if part.function == "||" and self.expand_double_bar is not None:
            return {1 << self.index_of(bar): None for bar in self.expand_double_bar(part)}
        if part.function in ("|", "||", "~") and not self.updating:
            raise self._error(
                f"`{part.function}` cannot stand here",
                "A random-effects term `(1 | g)` is added with `+`; a logical `or` goes in `I()`.",
                part,
            )
        if part.function == "offset" and not self.updating:
            _offset_argument(part)
            if self._removing:
                raise self._error(
                    f"`{deparse(part)}` is removed with `-`, and R would keep it",
                    "Delete it from the formula.",
                    part,
                )
            self.index_of(part)
            return {}
        return {1 << self.index_of(part): None}

    def _remove(self, terms: dict[int, None], right: Expression) -> dict[int, None]:
        self._removing = not self._removing
        removed = self.expand(right)
        self._removing = not self._removing
        return {mask: None for mask in terms if mask not in removed}

    def _combine(
        self, step: Call, left: dict[int, None], right: dict[int, None]
    ) -> dict[int, None]:
        operator = step.function
        if operator == "+":
            left.update(right)
            return left
        # R would drop the other side in silence: `1/x` and `1 * x` have no term, nor has `x:1`.
        if (right and not left) or (left and not right and operator == ":"):
            raise self._error(
                f"in `{deparse(step)}` one side of `{operator}` holds no variable",
                f"For arithmetic write `I({deparse(step)})`; "
                "an offset cannot be part of an interaction.",
                step,
            )
        if operator == "%in%":
            every = _union(right)
            return dict.fromkeys(mask | every for mask in left)
        if operator == "/":
            every = _union(left)
            return {**left, **dict.fromkeys(every | mask for mask in right)}
        products = dict.fromkeys(a | b for a in left for b in right)
        return products if operator == ":" else {**left, **right, **products}

    def _power(self, terms: dict[int, None], power: Expression, step: Call) -> dict[int, None]:
        if not isinstance(power, Number) or power.value < 2 or power.value != int(power.value):
            raise self._error(
                f"invalid power in formula: `{deparse(step)}`",
                "A power is a whole number from 2 on, and means interactions; "
                f"for arithmetic write `I({deparse(step)})`.",
                step,
            )
        result = dict(terms)
        for _ in range(int(power.value) - 1):
            larger = dict.fromkeys(a | b for a in result for b in terms)
            if list(larger) == list(result):
                break
            result = larger
        return result

    def _error(self, message: str, advice: str, at: Expression) -> FormulaError:
        return located_error(message, advice, text=self.text, at=at)


def _union(masks: dict[int, None]) -> int:
    union = 0
    for mask in masks:
        union |= mask
    return union


def _is_offset(variable: Expression) -> bool:
    return isinstance(variable, Call) and variable.function == "offset"


def _offset_argument(variable: Expression) -> Expression:
    arguments = operands(variable, "offset")
    if arguments is None or len(arguments) != 1:
        raise FormulaError(f"`{deparse(variable)}`: offset() takes one argument")
    return arguments[0]
