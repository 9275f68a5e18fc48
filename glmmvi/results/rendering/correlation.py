"""Text of the correlations of the fixed effects, as numbers or as symbols."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from glmmvi.results.rendering.abbreviate import abbreviate
from glmmvi.results.rendering.formatted_table import FormattedTable
from glmmvi.results.rendering.matrices import print_columns
from glmmvi.results.rendering.numbers import format_numbers
from glmmvi.results.rendering.rounding import r_round

LARGEST_CORRELATION_SHOWN = 12  # coefficients, lme4's option lme4.summary.cor.max
HEADING = "\nCorrelation of Fixed Effects:\n"
SYMBOLS = ((0.3, " "), (0.6, "."), (0.8, ","), (0.9, "+"), (0.95, "*"), (1.0, "B"))
SYMBOL_LEGEND = "0 ‘ ’ 0.3 ‘.’ 0.6 ‘,’ 0.8 ‘+’ 0.9 ‘*’ 0.95 ‘B’ 1"
SYMBOL_TOLERANCE = 1e-5


def correlation_text(
    names: Sequence[str], correlation: NDArray[np.float64], width: int = 80
) -> str:
    """Write the lower triangle, without its first row and last column, with three decimals.

    Parameters
    ----------
    names : sequence of str, length p
        Coefficient names; shortened to 6 letters above and 11 at the left.
    correlation : float64, shape (p, p)
        The correlations.
    width : int
        Columns of the page.

    Returns
    -------
    str
        Lines, each ending in a newline, and an empty one in front; nothing for one coefficient.

    Examples
    --------
    >>> print(correlation_text(["(Intercept)", "Days"], np.array([[1, -0.138], [-0.138, 1]])))
    <BLANKLINE>
    Correlation of Fixed Effects:
         (Intr)
    Days -0.138
    <BLANKLINE>
    """
    if len(names) < 2:
        return ""
    table = format_correlation(names, correlation)
    return HEADING + print_columns(
        table.columns, table.headings, table.labels, right=False, width=width
    )


def format_correlation(names: Sequence[str], correlation: NDArray[np.float64]) -> FormattedTable:
    """Format the lower triangle of `correlation_text` without laying it out."""
    p = len(names)
    flat = format_numbers((r_round(float(c), 3) for c in correlation.ravel()), nsmall=3)
    columns = [[flat[i * p + j] if i > j else "" for i in range(1, p)] for j in range(p - 1)]
    headings = abbreviate(names, 6)[:-1]
    labels = abbreviate(names, 11)[1:]
    return FormattedTable(columns, headings, labels, right=False)


def symbolic_correlation_text(
    names: Sequence[str], correlation: NDArray[np.float64], width: int = 80
) -> str:
    """Write the lower triangle with a symbol for the size of each correlation, and the legend.

    Parameters
    ----------
    names, correlation, width
        As for `correlation_text`.

    Returns
    -------
    str
        Lines, each ending in a newline, and an empty one in front.

    Examples
    --------
    >>> text = symbolic_correlation_text(["a", "b"], np.array([[1, -0.7], [-0.7, 1]]))
    >>> print(text)  # doctest: +NORMALIZE_WHITESPACE
    <BLANKLINE>
    Correlation of Fixed Effects:
      a b
    a 1
    b , 1
    attr(,"legend")
    [1] 0 ‘ ’ 0.3 ‘.’ 0.6 ‘,’ 0.8 ‘+’ 0.9 ‘*’ 0.95 ‘B’ 1
    <BLANKLINE>
    """
    p = len(names)
    if p < 2:
        return ""
    columns = [
        [_symbol(float(correlation[i, j])) if i >= j else "" for i in range(p)] for j in range(p)
    ]
    headings = abbreviate(abbreviate(names, 1, strict=True), 1)
    table = print_columns(columns, headings, abbreviate(names, 11), right=False, width=width)
    return f'{HEADING}{table}attr(,"legend")\n[1] {SYMBOL_LEGEND}\n'


def _symbol(correlation: float) -> str:
    size = abs(correlation)
    if size != size:
        return "?"
    if size >= 1.0 - SYMBOL_TOLERANCE:
        return "1"
    return next(symbol for cut, symbol in SYMBOLS if size <= cut)
