"""Text of ``print(fit)``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from glmmvi.results.rendering.model_parts import (
    call_text,
    criterion_text,
    family_text,
    fit_messages_text,
    groups_text,
    notes_text,
    optimizer_text,
    title_text,
)
from glmmvi.results.rendering.numbers import format_numbers
from glmmvi.results.rendering.var_corr import render_var_corr
from glmmvi.results.rendering.vectors import print_named_vector

if TYPE_CHECKING:
    from glmmvi.results.tables.model_summary import ModelSummary


def render_print(
    summary: ModelSummary,
    *,
    digits: int = 4,
    ranef_comp: str | Sequence[str] = ("Std.Dev.",),
    width: int = 80,
) -> str:
    """Write what R writes for ``print(fit)``, character for character, and our notes under it.

    Parameters
    ----------
    summary : ModelSummary
        The numbers.
    digits : int
        Significant digits of the random effects' table and of the fixed effects (the criterion
        always has 4 decimals, up to 7 significant digits).
    ranef_comp : str or sequence of str
        ``"Variance"``, ``"Std.Dev."`` or both: columns of the random effects' table.
    width : int
        Columns of the page.

    Returns
    -------
    str
        Lines, each ending in a newline.

    Examples
    --------
    See `ModelSummary`.
    """
    coefficients = summary.coefficients
    if coefficients.names:
        cells = format_numbers(coefficients.estimates, digits)
        fixed = "Fixed Effects:\n" + print_named_vector(
            coefficients.names, cells, gap=2, width=width
        )
    else:
        fixed = "No fixed effect coefficients\n"
    return "".join(
        [
            title_text(summary.title, summary.class_name, width),
            family_text(summary.family, summary.link, width),
            call_text(summary.call, control=False, width=width),
            criterion_text(summary.criterion, 4, width),
            "Random effects:\n",
            render_var_corr(summary.var_corr, ranef_comp, digits=digits, width=width),
            groups_text(summary, width),
            fixed,
            fit_messages_text(summary.fit_messages),
            optimizer_text(summary.optimizer, counts_only=True),
            notes_text(summary.notes),
        ]
    )
