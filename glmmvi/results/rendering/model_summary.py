"""Text of ``summary(fit)``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from glmmvi.results.rendering.coefficients import coefficients_text
from glmmvi.results.rendering.correlation import (
    LARGEST_CORRELATION_SHOWN,
    correlation_text,
    symbolic_correlation_text,
)
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
from glmmvi.results.rendering.rounding import zapsmall
from glmmvi.results.rendering.var_corr import render_var_corr
from glmmvi.results.rendering.vectors import print_named_vector

if TYPE_CHECKING:
    from glmmvi.results.tables.model_summary import ModelSummary

CORRELATION_HINT = (
    "Use print(summary(fit), correlation=TRUE)  or\n    vcov(summary(fit))        if you need it\n"
)


def render_summary(
    summary: ModelSummary,
    *,
    digits: int = 4,
    correlation: bool | None = None,
    symbolic_cor: bool = False,
    signif_stars: bool = True,
    ranef_comp: str | Sequence[str] = ("Variance", "Std.Dev."),
    show_resids: bool = True,
    correlation_hint: str = CORRELATION_HINT,
    width: int = 80,
) -> str:
    """Write what R writes for ``print(summary(fit))``, and our notes under it.

    Parameters
    ----------
    summary : ModelSummary
        The numbers.
    digits : int
        Significant digits of residuals, random effects and fixed effects. The criterion always has
        one decimal, correlations of the fixed effects always have three.
    correlation : bool, optional
        Whether the correlations of the fixed effects are shown. None: up to 12 coefficients; beyond
        that, lme4's remark that they are not shown.
    symbolic_cor : bool
        Whether symbols stand for the correlations, with a legend (R's ``symnum``).
    signif_stars : bool
        Stars behind the p values, and their legend; only where there are p values.
    ranef_comp : str or sequence of str
        ``"Variance"``, ``"Std.Dev."`` or both: columns of the random effects' table.
    show_resids : bool
        Whether the quantiles of the scaled residuals are shown.
    correlation_hint : str
        End of that remark: how to get the correlations.
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
    parts = [
        title_text(summary.title, summary.class_name, width),
        family_text(summary.family, summary.link, width),
        call_text(summary.call, control=True, width=width),
        "\n",
        criterion_text(summary.criterion, 1, width),
        "\n",
        _residuals_text(summary, digits, width) if show_resids else "",
        "Random effects:\n",
        render_var_corr(summary.var_corr, ranef_comp, digits=digits, width=width),
        groups_text(summary, width),
    ]
    p = len(summary.coefficients.names)
    if p > 0:
        parts += [
            "\nFixed effects:\n",
            coefficients_text(summary.coefficients, digits, signif_stars, width),
        ]
        show = p <= LARGEST_CORRELATION_SHOWN if correlation is None else correlation
        if show and summary.correlation is not None:
            render = symbolic_correlation_text if symbolic_cor else correlation_text
            parts.append(render(summary.coefficients.names, summary.correlation, width))
        elif not show and correlation is None:
            limit = LARGEST_CORRELATION_SHOWN
            remark = f"Correlation matrix not shown by default, as p = {p} > {limit}."
            parts.append(f"\n{remark}\n{correlation_hint}\n")
    parts += [
        fit_messages_text(summary.fit_messages),
        optimizer_text(summary.optimizer, counts_only=False),
        notes_text(summary.notes),
    ]
    return "".join(parts)


def _residuals_text(summary: ModelSummary, digits: int, width: int) -> str:
    quantiles = zapsmall((float(q) for q in summary.residual_quantiles), digits + 1)
    cells = format_numbers(quantiles, digits)
    names = ["Min", "1Q", "Median", "3Q", "Max"]
    return "Scaled residuals: \n" + print_named_vector(names, cells, width=width) + "\n"
