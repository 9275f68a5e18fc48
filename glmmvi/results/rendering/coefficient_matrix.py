"""R's ``printCoefmat``: estimates, tests, p values and stars."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence

from glmmvi.results.rendering.formatted_table import FormattedTable
from glmmvi.results.rendering.lines import fill_items, wrap_words
from glmmvi.results.rendering.matrices import print_columns
from glmmvi.results.rendering.numbers import format_numbers
from glmmvi.results.rendering.p_values import LEGEND, format_p_values, significance_stars
from glmmvi.results.rendering.rounding import r_round, zapsmall


def print_coefficient_matrix(
    columns: Sequence[Sequence[float]],
    column_names: Sequence[str],
    row_names: Sequence[str],
    *,
    digits: int = 5,
    estimates: Sequence[int] = (0, 1),
    tests: Sequence[int] = (2,),
    p_value: int | None = None,
    zap: Sequence[int] = (),
    stars: bool = True,
    legend: bool | None = None,
    na: str = "NA",
    eps: float = sys.float_info.epsilon,
    width: int = 80,
) -> str:
    """Write a table of coefficients.

    Parameters
    ----------
    columns : sequence of columns
        Numbers, nan where there is none.
    column_names, row_names : sequence of str
        Headings and row labels.
    digits : int
        Significant digits; statistics get ``digits - 1`` decimals (1 to 5), p values as many
        significant digits.
    estimates, tests : sequence of int
        Columns that share one format: estimates and standard errors; test statistics.
    p_value : int, optional
        The column of p values, the last.
    zap : sequence of int
        Columns in which tiny values become 0.
    stars, legend : bool
        Stars behind p values below 0.1, and the line that explains them (default: as `stars`).
    na : str
        Text of nan.
    eps : float
        p values under it are shown as ``<eps``.
    width : int
        Columns of the page.

    Returns
    -------
    str
        Lines, each ending in a newline.

    Examples
    --------
    >>> table = print_coefficient_matrix(
    ...     [[251.405, 10.467], [6.825, 1.546], [36.838, 6.771]],
    ...     ["Estimate", "Std. Error", "t value"],
    ...     ["(Intercept)", "Days"],
    ...     digits=4,
    ... )
    >>> print(table, end="")
                Estimate Std. Error t value
    (Intercept)  251.405      6.825  36.838
    Days          10.467      1.546   6.771
    """
    table = format_coefficient_matrix(
        columns,
        column_names,
        row_names,
        digits=digits,
        estimates=estimates,
        tests=tests,
        p_value=p_value,
        zap=zap,
        stars=stars,
        na=na,
        eps=eps,
    )
    text = print_columns(table.columns, table.headings, table.labels, width=width)
    if len(table.headings) > len(column_names) and (legend is None or legend):
        text += _legend(width)
    return text


def format_coefficient_matrix(
    columns: Sequence[Sequence[float]],
    column_names: Sequence[str],
    row_names: Sequence[str],
    *,
    digits: int = 5,
    estimates: Sequence[int] = (0, 1),
    tests: Sequence[int] = (2,),
    p_value: int | None = None,
    zap: Sequence[int] = (),
    stars: bool = True,
    na: str = "NA",
    eps: float = sys.float_info.epsilon,
) -> FormattedTable:
    """Format a table of coefficients, without laying it out.

    Parameters
    ----------
    columns, column_names, row_names, digits, estimates, tests, p_value, zap, stars, na, eps
        As for `print_coefficient_matrix`.

    Returns
    -------
    FormattedTable
        With a last column more, without a heading, where there are stars.

    Examples
    --------
    >>> format_coefficient_matrix([[2.0], [0.5], [4.0]], ["b", "se", "t"], ["x"]).columns
    [['2.0'], ['0.5'], ['4']]
    """
    numbers = [list(map(float, column)) for column in columns]
    test_digits = max(1, min(5, digits - 1))
    for j in zap:
        numbers[j] = zapsmall(numbers[j], digits)
    cells: dict[int, list[str]] = {}
    cells.update(
        _common(numbers, estimates, _estimate_decimals(numbers, estimates, digits), digits)
    )
    cells.update(_common(numbers, tests, test_digits, digits))
    for j, column in enumerate(numbers):
        if j not in cells and j != p_value:
            cells[j] = format_numbers(column, digits, na="NA")
    _restore_zeros(numbers, cells, tests, digits)
    texts = [
        [na if math.isnan(x) else t for x, t in zip(numbers[j], cells[j], strict=True)]
        for j in sorted(cells)
    ]
    headings = list(column_names)
    if p_value is not None:
        p_values = numbers[p_value]
        texts.append(format_p_values(p_values, test_digits, eps, na))
        stars = stars and any(p < 0.1 for p in p_values)
        if stars:
            texts.append(significance_stars(p_values))
            headings.append("")
    return FormattedTable(texts, headings, row_names)


def _estimate_decimals(
    numbers: Sequence[Sequence[float]], estimates: Sequence[int], digits: int
) -> int:
    sizes = [abs(x) for j in estimates for x in numbers[j] if math.isfinite(x) and x != 0.0]
    smallest = 1 + math.floor(math.log10(min(sizes))) if sizes else 1
    return max(1, digits - smallest)


def _common(
    numbers: Sequence[Sequence[float]], which: Sequence[int], decimals: int, digits: int
) -> dict[int, list[str]]:
    """Format some columns together, rounded first."""
    flat = format_numbers(
        (r_round(x, decimals) for j in which for x in numbers[j]), digits, na="NA"
    )
    n = len(numbers[0]) if numbers else 0
    return {j: flat[k * n : (k + 1) * n] for k, j in enumerate(which)}


def _restore_zeros(
    numbers: Sequence[Sequence[float]],
    cells: dict[int, list[str]],
    tests: Sequence[int],
    digits: int,
) -> None:
    """Write again, with the digits it needs, what is not 0 but looks like 0."""
    places = [
        (j, i)
        for j in sorted(cells)
        if j not in tests
        for i, x in enumerate(numbers[j])
        if not math.isnan(x) and (x == 0.0) != (float(cells[j][i]) == 0.0)
    ]
    texts = format_numbers((numbers[j][i] for j, i in places), max(1, digits - 1))
    for (j, i), text in zip(places, texts, strict=True):
        cells[j][i] = text


def _legend(width: int) -> str:
    lines = [LEGEND]
    if width < len(LEGEND):
        lines = wrap_words(LEGEND, width - 2, prefix="  ")
    extra = max(len(line.encode()) - len(line) for line in lines)
    return fill_items(["---\nSignif. codes:  ", *lines], width=width + 4 + extra, separator="")
