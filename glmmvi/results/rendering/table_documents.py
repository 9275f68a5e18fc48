"""The other tables as blocks, for Markdown, HTML and LaTeX."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from glmmvi.results.rendering.anova import format_anova
from glmmvi.results.rendering.coefficients import format_coefficients
from glmmvi.results.rendering.confint import format_confint
from glmmvi.results.rendering.document import Block, Document, Heading, Paragraph
from glmmvi.results.rendering.formatted_table import FormattedTable
from glmmvi.results.rendering.numbers import format_numbers
from glmmvi.results.rendering.p_values import LEGEND
from glmmvi.results.rendering.var_corr import format_var_corr

if TYPE_CHECKING:
    from glmmvi.results.tables.anova_table import AnovaTable
    from glmmvi.results.tables.coefficient_table import CoefficientTable
    from glmmvi.results.tables.confidence_intervals import ConfidenceIntervals
    from glmmvi.results.tables.group_table import GroupTable
    from glmmvi.results.tables.var_corr import VarCorr


def var_corr_document(
    var_corr: VarCorr, comp: str | Sequence[str] = ("Std.Dev.",), *, digits: int = 5
) -> Document:
    """Collect the block of ``VarCorr(fit)``; arguments as for `render_var_corr`."""
    return (format_var_corr(var_corr, comp, digits=digits),)


def coefficients_document(
    table: CoefficientTable, *, digits: int = 4, signif_stars: bool = True
) -> Document:
    """Collect the blocks of the fixed effects' table; arguments as for `coefficients_text`."""
    formatted = format_coefficients(table, digits, signif_stars)
    return (formatted, *_legend(formatted, len(table.column_names)))


def anova_document(table: AnovaTable, *, digits: int = 5, signif_stars: bool = True) -> Document:
    """Collect the blocks of a table of tests; arguments as for `render_anova`."""
    formatted = format_anova(table, digits=digits, signif_stars=signif_stars)
    heading = tuple(line.strip() for line in table.heading)
    legend = _legend(formatted, len(table.column_names))
    return (*((Paragraph(heading),) if heading else ()), formatted, *legend)


def confint_document(intervals: ConfidenceIntervals, *, digits: int = 7) -> Document:
    """Collect the block of confidence intervals; arguments as for `render_confint`."""
    return (format_confint(intervals, digits=digits),)


def groups_document(tables: Sequence[GroupTable], *, digits: int = 7) -> Document:
    """Collect the blocks of ``ranef(fit)`` or ``coef(fit)``: a table a grouping factor."""
    blocks: list[Block] = []
    for table in tables:
        columns = [format_numbers(column, digits) for column in table.values.T]
        blocks += [Heading(table.group), FormattedTable(columns, table.names, table.levels)]
    return tuple(blocks)


def _legend(formatted: FormattedTable, n_columns: int) -> tuple[Paragraph, ...]:
    if len(formatted.headings) == n_columns:
        return ()
    return (Paragraph((f"Signif. codes: {LEGEND}",)),)
