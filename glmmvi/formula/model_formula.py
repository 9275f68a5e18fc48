"""A model formula: response, fixed part, random-effects terms."""

from __future__ import annotations

from dataclasses import dataclass

from glmmvi.formula.expression import Expression


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


@dataclass(frozen=True)
class ModelFormula:
    """A parsed model formula, ``||`` and ``/`` in the random part expanded.

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
    """

    response: Expression | None
    rhs: Expression
    fixed: Expression
    random: tuple[RandomFormula, ...]
