"""The parts that ``print(fit)`` and ``summary(fit)`` have in common, each with R's line breaks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glmmvi.results.rendering.lines import fill_items, wrap_words
from glmmvi.results.rendering.numbers import format_number, format_numbers
from glmmvi.results.rendering.rounding import r_round
from glmmvi.results.rendering.vectors import print_named_vector

if TYPE_CHECKING:
    from glmmvi.results.tables.criteria import (
        EvidenceLowerBound,
        InformationCriteria,
        RemlCriterion,
    )
    from glmmvi.results.tables.model_summary import ModelCall, ModelSummary
    from glmmvi.results.tables.optimizer_report import OptimizerReport


def title_text(title: str, class_name: str, width: int = 80) -> str:
    r"""Write the title with its class tag; a long one is wrapped and has no quotes.

    Examples
    --------
    >>> title_text("Linear mixed model fit by REML", "lmerMod")
    "Linear mixed model fit by REML ['lmerMod']\n"
    """
    if len(title) + 5 + len(class_name) > width:
        lines = wrap_words(title, width - 2, exdent=2)
        return fill_items([*lines, " [", class_name, "]"], width=width, separator="")
    return f"{title} ['{class_name}']\n"


def family_text(family: str | None, link: str | None, width: int = 80) -> str:
    r"""Write the line of the family, nothing for `lmer`.

    Examples
    --------
    >>> family_text("binomial", "logit")
    ' Family: binomial  ( logit )\n'
    """
    if family is None:
        return ""
    items = [" Family:", family]
    if link is not None:
        items.append(f" ( {link} )")
    return fill_items(items, width=width)


def call_text(call: ModelCall, *, control: bool, width: int = 80) -> str:
    """Write formula, data and the other arguments of the call.

    Parameters
    ----------
    call : ModelCall
        The texts.
    control : bool
        Whether the argument `control` is shown.
    width : int
        Columns of the page.

    Returns
    -------
    str
        Lines, each ending in a newline.
    """
    text = fill_items(["Formula:", *call.formula], width=width)
    arguments = [
        ("   Data:", call.data),
        ("Weights:", call.weights),
        (" Offset:", call.offset),
        ("Control:", call.control if control and call.control != "lmerControl()" else None),
        (" Subset:", call.subset),
    ]
    for label, value in arguments:
        if value is not None:
            text += fill_items([label, value], width=width)
    return text


def criterion_text(
    criterion: RemlCriterion | InformationCriteria | EvidenceLowerBound,
    decimals: int,
    width: int = 80,
) -> str:
    """Write one number after its name, or the row of AIC, BIC, logLik, deviance, df.resid.

    Parameters
    ----------
    criterion : RemlCriterion, InformationCriteria or EvidenceLowerBound
        The numbers.
    decimals : int
        Decimals: 4 in ``print(fit)``, 1 in ``summary(fit)``.
    width : int
        Columns of the page.

    Returns
    -------
    str
        Lines, each ending in a newline.
    """
    if criterion.headline is not None:
        shown = format_number(r_round(float(criterion.value), decimals))
        return fill_items([f"{criterion.headline}:", shown], width=width)
    table = criterion.named_values
    cells = format_numbers(r_round(x, decimals) for x in table.values())
    cells[-1] = format_number(table["df.resid"])
    return print_named_vector(list(table), cells, width=width)


def groups_text(summary: ModelSummary, width: int = 80) -> str:
    """Write the numbers of observations and of levels."""
    levels = "; ".join(f"{name}, {n}" for name, n in summary.n_groups.items())
    return fill_items([f"Number of obs: {summary.n_obs}, groups: ", levels], width=width)


def fit_messages_text(messages: tuple[str, ...]) -> str:
    """Write lme4's ``fit warnings:``, nothing where there are none."""
    if not any(messages):
        return ""
    return "fit warnings:\n" + "".join(f"{message}\n" for message in messages)


def optimizer_text(report: OptimizerReport | None, *, counts_only: bool) -> str:
    """Write what the optimiser and lme4's checks said, nothing where all is well.

    Parameters
    ----------
    report : OptimizerReport or None
        The messages.
    counts_only : bool
        Their number (``print``) instead of their texts (``summary``).

    Returns
    -------
    str
        Lines, each ending in a newline.
    """
    if report is None or report.is_silent:
        return ""
    words = "OK" if report.code == 0 else report.message
    words = f"({words})" if words else ""
    line = f"optimizer ({report.optimizer}) convergence code: {report.code} {words}"
    if counts_only:
        n_optimizer, n_model = len(report.warnings), len(report.model_messages)
        return f"{line} ; {n_optimizer} optimizer warnings; {n_model} lme4 warnings \n"
    return "\n".join([line, *report.model_messages, *report.warnings]) + "\n\n"


def notes_text(notes: tuple[str, ...]) -> str:
    """Write our own lines, under R's layout."""
    return "".join(f"{note}\n" for note in notes)
