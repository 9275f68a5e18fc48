"""Text of the table of the fixed effects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from glmmvi.results.rendering.coefficient_matrix import (
    format_coefficient_matrix,
    print_coefficient_matrix,
)
from glmmvi.results.rendering.formatted_table import FormattedTable

if TYPE_CHECKING:
    from glmmvi.results.tables.coefficient_table import CoefficientTable


def coefficients_text(
    table: CoefficientTable, digits: int = 4, signif_stars: bool = True, width: int = 80
) -> str:
    """Write the table of the fixed effects, as R's ``printCoefmat`` does.

    Parameters
    ----------
    table : CoefficientTable
        The numbers.
    digits : int
        Significant digits, at least, of estimates and standard errors.
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
    >>> import numpy as np
    >>> from glmmvi.results.tables import CoefficientTable
    >>> table = CoefficientTable(("Days",), np.array([10.467]), np.array([1.546]))
    >>> print(coefficients_text(table), end="")
         Estimate Std. Error t value
    Days   10.467      1.546    6.77
    """
    columns, options = _matrix(table, digits, signif_stars)
    return print_coefficient_matrix(
        columns, table.column_names, table.names, width=width, **options
    )


def format_coefficients(
    table: CoefficientTable, digits: int = 4, signif_stars: bool = True
) -> FormattedTable:
    """Format the table of `coefficients_text` without laying it out."""
    columns, options = _matrix(table, digits, signif_stars)
    return format_coefficient_matrix(columns, table.column_names, table.names, **options)


def _matrix(
    table: CoefficientTable, digits: int, signif_stars: bool
) -> tuple[list[list[float]], dict[str, Any]]:
    columns = [[float(x) for x in column] for column in table.columns]
    has_p = table.p_values is not None
    statistic = len(columns) - 1 - has_p
    options = {
        "digits": digits,
        "estimates": range(statistic),
        "tests": (statistic,),
        "p_value": statistic + 1 if has_p else None,
        "stars": signif_stars,
    }
    return columns, options
