"""A model formula: response, fixed part, random-effects terms."""

from __future__ import annotations

from dataclasses import dataclass, field

from glmmvi.formula.deparse import deparse
from glmmvi.formula.expression import Call, Expression, Symbol, call


@dataclass(frozen=True)
class RandomFormula:
    """One random-effects term ``(lhs | group)``, after ``/`` and ``||`` were expanded.

    Attributes
    ----------
    lhs : Expression
        What stands left of the bar.
    group : Expression
        The grouping factor: a symbol, ``a:b``, or a call.
    """

    lhs: Expression
    group: Expression

    @property
    def group_name(self) -> str:
        """lme4's name of the grouping factor: R's text, a lone name without backticks."""
        return self.group.name if isinstance(self.group, Symbol) else deparse(self.group)

    def __str__(self) -> str:
        return deparse(call("|", self.lhs, self.group))


@dataclass(frozen=True, repr=False)
class ModelFormula:
    """A parsed model formula, ``||`` and ``/`` in the random part expanded.

    ``str(formula)`` is what R prints.

    Attributes
    ----------
    response : Expression or None
        Left side, ``None`` for a one-sided formula.
    rhs : Expression
        The whole right side as R prints it back (``||`` expanded, ``/`` as written).
    fixed : Expression
        The right side without random-effects terms (``1`` where nothing is left).
    random : tuple of RandomFormula
        In the order written.
    text : str or None
        The text that was parsed; the spans of the expressions refer to it.
    encoded : object or None
        A formula of another library which makes the columns of the fixed part by its own rules
        (a ``formulaic.Formula``); `fixed` then only says what to print.
    """

    response: Expression | None
    rhs: Expression
    fixed: Expression
    random: tuple[RandomFormula, ...]
    text: str | None = field(default=None, compare=False)
    encoded: object = field(default=None, compare=False)

    @property
    def expression(self) -> Call:
        """The whole formula as one expression, a call of ``~``."""
        if self.response is None:
            return call("~", self.rhs)
        return call("~", self.response, self.rhs)

    def __str__(self) -> str:
        return deparse(self.expression)

    def __repr__(self) -> str:
        return f"ModelFormula({str(self)!r})"
