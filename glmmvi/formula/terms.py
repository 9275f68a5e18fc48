"""R's terms algebra: an expression to an ordered list of terms."""

from __future__ import annotations

from dataclasses import dataclass

from glmmvi.formula.expression import Expression


@dataclass(frozen=True)
class Terms:
    """The terms of a one-sided formula, in R's order.

    Attributes
    ----------
    variables : tuple of Expression
        The variables, in the order of their first appearance (R's ``attr(, "variables")``
        without the response), offsets not included.
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
