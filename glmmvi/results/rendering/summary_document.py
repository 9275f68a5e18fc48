"""The contents of ``summary(fit)`` as blocks, for Markdown, HTML and LaTeX."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from glmmvi.results.rendering.coefficients import format_coefficients
from glmmvi.results.rendering.correlation import LARGEST_CORRELATION_SHOWN, format_correlation
from glmmvi.results.rendering.document import Block, Document, Facts, Heading, Paragraph
from glmmvi.results.rendering.formatted_table import FormattedTable
from glmmvi.results.rendering.model_parts import optimizer_text
from glmmvi.results.rendering.numbers import format_number, format_numbers
from glmmvi.results.rendering.p_values import LEGEND
from glmmvi.results.rendering.rounding import r_round, zapsmall
from glmmvi.results.rendering.var_corr import format_var_corr

if TYPE_CHECKING:
    from glmmvi.results.tables.model_summary import ModelSummary


def summary_document(
    summary: ModelSummary,
    *,
    digits: int = 4,
    correlation: bool | None = None,
    signif_stars: bool = True,
    ranef_comp: str | Sequence[str] = ("Variance", "Std.Dev."),
    show_resids: bool = True,
) -> Document:
    """Collect the blocks of a summary; the numbers are formatted as `render_summary` does.

    Parameters
    ----------
    summary : ModelSummary
        The numbers.
    digits, correlation, signif_stars, ranef_comp, show_resids
        As for `render_summary`.

    Returns
    -------
    tuple of blocks
        To be written by `write_markdown`, `write_html` or `write_latex`.
    """
    return tuple(_blocks(summary, digits, correlation, signif_stars, ranef_comp, show_resids))


def _blocks(
    summary: ModelSummary,
    digits: int,
    correlation: bool | None,
    signif_stars: bool,
    ranef_comp: str | Sequence[str],
    show_resids: bool,
) -> Iterator[Block]:
    criterion = summary.criterion
    yield Heading(f"{summary.title.strip()} [{summary.class_name}]", 1)
    yield Facts(_facts(summary))
    if criterion.headline is None:
        criteria = criterion.named_values
        cells = format_numbers(r_round(x, 1) for x in criteria.values())
        cells[-1] = format_number(criteria["df.resid"])
        yield _one_row(list(criteria), cells)
    if show_resids:
        quantiles = zapsmall((float(q) for q in summary.residual_quantiles), digits + 1)
        yield Heading("Scaled residuals")
        yield _one_row(["Min", "1Q", "Median", "3Q", "Max"], format_numbers(quantiles, digits))
    yield Heading("Random effects")
    yield format_var_corr(summary.var_corr, ranef_comp, digits=digits)
    levels = "; ".join(f"{name}, {n}" for name, n in summary.n_groups.items())
    yield Paragraph((f"Number of obs: {summary.n_obs}, groups: {levels}",))
    names = summary.coefficients.names
    if names:
        yield Heading("Fixed effects")
        table = format_coefficients(summary.coefficients, digits, signif_stars)
        yield table
        if len(table.headings) > len(summary.coefficients.column_names):
            yield Paragraph((f"Signif. codes: {LEGEND}",))
    show = len(names) <= LARGEST_CORRELATION_SHOWN if correlation is None else correlation
    if show and summary.correlation is not None and len(names) > 1:
        yield Heading("Correlation of Fixed Effects")
        yield format_correlation(names, summary.correlation)
    messages = optimizer_text(summary.optimizer, counts_only=False).splitlines()
    below = (*summary.fit_messages, *(m for m in messages if m), *summary.notes)
    if below:
        yield Paragraph(below)


def _facts(summary: ModelSummary) -> tuple[tuple[str, str], ...]:
    call = summary.call
    formula = " ".join(line.strip() for line in call.formula)
    family = None if summary.family is None else f"{summary.family} ({summary.link})"
    items = [
        ("Family", family),
        ("Formula", formula),
        ("Data", call.data),
        ("Weights", call.weights),
        ("Offset", call.offset),
        ("Control", call.control),
        ("Subset", call.subset),
    ]
    criterion = summary.criterion
    if criterion.headline is not None:
        items.append((criterion.headline, format_number(r_round(float(criterion.value), 1))))
    return tuple((name, value) for name, value in items if value is not None)


def _one_row(headings: Sequence[str], cells: Sequence[str]) -> FormattedTable:
    return FormattedTable([[cell] for cell in cells], headings, [""])
