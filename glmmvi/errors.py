"""Errors, warnings and messages, named after the phase that raised them.

Every error names the culprit, says what was expected and what to do. What R sends through
``message()`` or ``warning()`` arrives here through :mod:`warnings`, under classes that can be
filtered one by one.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class GlmmviError(Exception):
    """Base class of every error that the package raises on purpose."""


class FormulaError(GlmmviError, ValueError):
    """The formula is well formed but means nothing that can be fitted."""


class FormulaSyntaxError(FormulaError):
    """The text is not a formula.

    Parameters
    ----------
    message : str
        What is wrong, in one sentence.
    text : str
        The whole formula.
    column : int
        Zero-based position in `text` of the first character that does not fit.
    advice : str, optional
        What would work.
    """

    def __init__(self, message: str, text: str, column: int, advice: str | None = None) -> None:
        self.message = message
        self.text = text
        self.column = column
        self.advice = advice
        super().__init__(message, text, column, advice)

    def __str__(self) -> str:
        start = self.text.rfind("\n", 0, self.column) + 1
        end = self.text.find("\n", start)
        line = self.text[start:] if end < 0 else self.text[start:end]
        caret = " " * (self.column - start) + "^"
        parts = [f"{self.message} (column {self.column + 1})", f"    {line}", f"    {caret}"]
        if self.advice:
            parts.append(self.advice)
        return "\n".join(parts)


class DataError(GlmmviError, ValueError):
    """The data do not fit the formula: a column is missing, has a wrong type, one level, ..."""


class ArgumentError(GlmmviError, TypeError):
    """An argument is unknown, or has a value that makes no sense."""


class FitError(GlmmviError, RuntimeError):
    """The engine cannot fit the model."""


class GlmmviWarning(UserWarning):
    """Base class of the package's warnings (R's ``warning()``)."""


class ConvergenceWarning(GlmmviWarning):
    """The optimiser stopped before it reached the optimum."""


class SeparationWarning(GlmmviWarning):
    """A fixed effect predicts responses perfectly: its estimate is infinite."""


class GlmmviMessage(UserWarning):
    """Base class of what R says through ``message()``: worth knowing, nothing is wrong."""


class SingularFitMessage(GlmmviMessage):
    """The optimum lies on the boundary: a random-effects covariance matrix is singular."""


class RankDeficientMessage(GlmmviMessage):
    """Columns of the fixed-effects matrix are linear combinations of others; they are dropped."""


class FormulaMessage(GlmmviMessage):
    """The formula was read by one of R's rules that a reader may not expect."""


def nearest_hint(name: str, known: Iterable[str]) -> str:
    """Advice to end a sentence about an unknown name with, empty where nothing is near.

    Examples
    --------
    >>> nearest_hint("sleepstdy", ["radon", "sleepstudy"])
    ' (did you mean "sleepstudy"?)'
    >>> nearest_hint("zzz", ["radon", "sleepstudy"])
    ''
    """
    lowered = {candidate.lower(): candidate for candidate in known}
    found = difflib.get_close_matches(name.lower(), lowered, n=1, cutoff=0.6)
    return f' (did you mean "{lowered[found[0]]}"?)' if found else ""
