"""Errors that point at a part of the formula, where its place in the text is known."""

from __future__ import annotations

from glmmvi.errors import FormulaError, FormulaSyntaxError
from glmmvi.formula.expression import Expression


def located_error(
    message: str,
    advice: str,
    *,
    text: str | None,
    at: Expression | int | None,
) -> FormulaError:
    """Make the error for a part of a formula.

    Parameters
    ----------
    message, advice : str
        What is wrong, and what would work.
    text : str or None
        The formula's text, if it is at hand.
    at : Expression, int or None
        The part that is wrong, or its column.

    Returns
    -------
    FormulaError
        A :class:`FormulaSyntaxError` with a caret where text and column are known.

    Examples
    --------
    >>> located_error("no", "yes", text=None, at=None)
    FormulaError('no. yes')
    """
    column = at if isinstance(at, int) or at is None else (at.span[0] if at.span else None)
    if text is None or column is None:
        return FormulaError(f"{message}. {advice}")
    return FormulaSyntaxError(message, text, column, advice)
