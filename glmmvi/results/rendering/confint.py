"""Text of confidence intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glmmvi.results.rendering.formatted_table import FormattedTable
from glmmvi.results.rendering.matrices import print_data_frame
from glmmvi.results.rendering.numbers import format_numbers

if TYPE_CHECKING:
    from glmmvi.results.tables.confidence_intervals import ConfidenceIntervals


def bound_names(level: float) -> tuple[str, str]:
    """Name the bounds as R does, in percent.

    Examples
    --------
    >>> bound_names(0.95), bound_names(0.9)
    (('2.5 %', '97.5 %'), ('5 %', '95 %'))
    """
    tail = (1.0 - level) / 2.0
    low, high = format_numbers((100.0 * tail, 100.0 * (1.0 - tail)), digits=3)
    return f"{low.strip()} %", f"{high.strip()} %"


def render_confint(intervals: ConfidenceIntervals, *, digits: int = 7, width: int = 80) -> str:
    """Write what R writes for ``print(confint(fit))``.

    Parameters
    ----------
    intervals : ConfidenceIntervals
        The numbers.
    digits : int
        Significant digits, at least, of every bound of a column.
    width : int
        Columns of the page.

    Returns
    -------
    str
        Lines, each ending in a newline.

    Examples
    --------
    See `ConfidenceIntervals`.
    """
    table = format_confint(intervals, digits=digits)
    return print_data_frame(table.columns, table.headings, table.labels, width=width)


def format_confint(intervals: ConfidenceIntervals, *, digits: int = 7) -> FormattedTable:
    """Format the table of `render_confint` without laying it out."""
    bounds = (intervals.lower, intervals.upper)
    columns = [format_numbers(bound, digits, na="NA") for bound in bounds]
    return FormattedTable(columns, bound_names(intervals.level), intervals.names)
