"""Linear hypotheses as text: ``"a = b"``, ``"2*a - b = 0.5"``, ``"a"``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glmmvi.errors import ArgumentError, nearest_hint
from glmmvi.results.rendering import format_number

_NUMBER = re.compile(r"(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
_WORD = re.compile(r"[\w.]")
_UNKNOWN = re.compile(r"[^\s+\-*/=]+")


@dataclass(frozen=True)
class LinearForm:
    """A linear combination of coefficients and a constant.

    Attributes
    ----------
    weights : float64, shape (p,)
    constant : float
    """

    weights: NDArray[np.float64]
    constant: float

    def scaled(self, factor: float) -> LinearForm:
        """The form times a number."""
        return LinearForm(factor * self.weights, factor * self.constant)

    def plus(self, other: LinearForm) -> LinearForm:
        """The sum of two forms."""
        return LinearForm(self.weights + other.weights, self.constant + other.constant)

    @property
    def is_number(self) -> bool:
        """Whether no coefficient is in it."""
        return not self.weights.any()


def parse_hypothesis(text: str, names: Sequence[str]) -> LinearForm:
    """A hypothesis as the form that is 0 under it.

    Parameters
    ----------
    text : str
        Coefficients by R's names (``Product2:Information2``, ``I(x^2)``, ``(Intercept)``),
        numbers, ``+ - * / ( )``, and one ``=`` or none (then ``= 0``).
    names : sequence of str
        Of the coefficients.

    Returns
    -------
    LinearForm

    Raises
    ------
    ArgumentError
        With the place in the text that was not understood.

    Examples
    --------
    >>> form = parse_hypothesis("2*a - (b + 1)/2 = a", ["a", "a:b", "b"])
    >>> form.weights.tolist(), form.constant
    ([1.0, 0.0, -0.5], -0.5)
    """
    return _Parser(text, names).hypothesis()


class _Parser:
    """A parser by recursive descent over the text itself."""

    def __init__(self, text: str, names: Sequence[str]) -> None:
        self.text, self.names = text, names
        self.longest_first = sorted(range(len(names)), key=lambda j: -len(names[j]))
        self.position = 0

    def hypothesis(self) -> LinearForm:
        left = self.sum()
        if self.take("="):
            self.take("=")
            left = left.plus(self.sum().scaled(-1.0))
        if self.peek():
            raise self.error("expected +, -, *, / or =")
        if left.is_number:
            raise self.error("there is no coefficient left in the hypothesis")
        return left

    def sum(self) -> LinearForm:
        form = self.product()
        while self.peek() in ("+", "-"):
            sign = 1.0 if self.take("+") else -1.0
            if sign < 0.0:
                self.take("-")
            form = form.plus(self.product().scaled(sign))
        return form

    def product(self) -> LinearForm:
        form = self.factor()
        while self.peek() in ("*", "/"):
            divides = not self.take("*")
            if divides:
                self.take("/")
            other = self.factor()
            if divides and other.is_number and other.constant != 0.0:
                form = form.scaled(1.0 / other.constant)
            elif not divides and other.is_number:
                form = form.scaled(other.constant)
            elif not divides and form.is_number:
                form = other.scaled(form.constant)
            else:
                raise self.error("a hypothesis has to be linear in the coefficients")
        return form

    def factor(self) -> LinearForm:
        if self.take("-"):
            return self.factor().scaled(-1.0)
        if self.take("+"):
            return self.factor()
        zeros = np.zeros(len(self.names))
        self.peek()
        for j in self.longest_first:
            end = self.position + len(self.names[j])
            followed = _WORD.match(self.text[end : end + 1])
            if self.text.startswith(self.names[j], self.position) and not followed:
                self.position = end
                weights = zeros.copy()
                weights[j] = 1.0
                return LinearForm(weights, 0.0)
        number = _NUMBER.match(self.text, self.position)
        if number:
            self.position = number.end()
            return LinearForm(zeros, float(number.group()))
        if self.take("("):
            form = self.sum()
            if not self.take(")"):
                raise self.error("a bracket is not closed")
            return form
        unknown = _UNKNOWN.match(self.text, self.position)
        what = unknown.group() if unknown else ""
        raise self.error(
            f"there is no coefficient {what!r}; there are {', '.join(self.names)}"
            f"{nearest_hint(what, self.names)}"
        )

    def peek(self) -> str:
        while self.position < len(self.text) and self.text[self.position].isspace():
            self.position += 1
        return self.text[self.position : self.position + 1]

    def take(self, character: str) -> bool:
        if self.peek() != character:
            return False
        self.position += 1
        return True

    def error(self, message: str) -> ArgumentError:
        caret = " " * self.position + "^"
        return ArgumentError(f"{message}\n    {self.text}\n    {caret}")


def hypothesis_line(weights: NDArray[np.float64], rhs: float, names: Sequence[str]) -> str:
    """A hypothesis as text, coefficients on the left.

    Examples
    --------
    >>> import numpy as np
    >>> hypothesis_line(np.array([-1.0, 2.0, 0.0]), 0.5, ["a", "b", "c"])
    '- a + 2 b = 0.5'
    """
    parts = []
    for weight, name in zip(weights, names, strict=True):
        if weight != 0.0:
            size = "" if abs(weight) == 1.0 else f"{format_number(abs(weight), 7)} "
            parts.append(("- " if weight < 0.0 else "+ ") + size + name)
    text = " ".join(parts)
    return f"{text[2:] if text.startswith('+ ') else text} = {format_number(rhs, 7)}"
