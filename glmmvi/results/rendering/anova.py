"""Text of tables of tests (R's ``print.anova``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from glmmvi.results.rendering.coefficient_matrix import (
    format_coefficient_matrix,
    print_coefficient_matrix,
)
from glmmvi.results.rendering.formatted_table import FormattedTable

if TYPE_CHECKING:
    from glmmvi.results.tables.anova_table import AnovaTable

TEST_STATISTICS = ("F", "Cp", "Chisq")


def render_anova(
    table: AnovaTable, *, digits: int = 5, signif_stars: bool = True, width: int = 80
) -> str:
    """Write what R writes for ``print(anova(...))`` and ``print(drop1(...))``.

    Parameters
    ----------
    table : AnovaTable
        The numbers.
    digits : int
        Significant digits; test statistics get ``digits - 1`` decimals.
    signif_stars : bool
        Stars behind the p values, and their legend; only where there are p values.
    width : int
        Columns of the page.

    Returns
    -------
    str
        Lines, each ending in a newline.

    Examples
    --------
    See `AnovaTable`.
    """
    options = _matrix_options(table, digits, signif_stars)
    columns = [[float(x) for x in column] for column in table.columns]
    body = print_coefficient_matrix(
        columns, table.column_names, table.row_names, width=width, **options
    )
    return "".join(f"{line}\n" for line in table.heading) + body


def format_anova(
    table: AnovaTable, *, digits: int = 5, signif_stars: bool = True
) -> FormattedTable:
    """Format the table of `render_anova` without laying it out."""
    options = _matrix_options(table, digits, signif_stars)
    columns = [[float(x) for x in column] for column in table.columns]
    return format_coefficient_matrix(columns, table.column_names, table.row_names, **options)


def _matrix_options(table: AnovaTable, digits: int, signif_stars: bool) -> dict[str, Any]:
    """Find out which columns are tests, p values, or may be rounded to 0."""
    names = table.column_names
    last = len(names) - 1
    p_value = last if names[last].startswith(("P(", "Pr(")) else None
    tests = [j for j, name in enumerate(names) if name[1:7] == " value" or name in TEST_STATISTICS]
    zap = [
        j
        for j, name in enumerate(names)
        if j != p_value and j not in tests and not name.endswith("Df")
    ]
    return {
        "digits": digits,
        "estimates": (),
        "tests": tests,
        "p_value": p_value,
        "zap": zap,
        "stars": signif_stars,
        "na": "",
    }
