"""Text of the random effects' standard deviations and correlations (lme4's ``formatVC``)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from glmmvi.errors import ArgumentError
from glmmvi.results.rendering.formatted_table import FormattedTable
from glmmvi.results.rendering.matrices import print_columns
from glmmvi.results.rendering.numbers import format_numbers
from glmmvi.results.rendering.rounding import r_round

if TYPE_CHECKING:
    from glmmvi.results.tables.var_corr import VarCorr

COMPONENTS = ("Variance", "Std.Dev.")


def render_var_corr(
    var_corr: VarCorr,
    comp: str | Sequence[str] = ("Std.Dev.",),
    *,
    digits: int = 5,
    width: int = 80,
) -> str:
    """Write the table that lme4's ``print(VarCorr(fit))`` writes.

    Parameters
    ----------
    var_corr : VarCorr
        The numbers.
    comp : str or sequence of str
        ``"Variance"``, ``"Std.Dev."`` or both; beginnings of the words will do.
    digits : int
        Significant digits; correlations are shown with ``max(2, digits - 2)`` decimals.
    width : int
        Columns of the page.

    Returns
    -------
    str
        Lines, each ending in a newline.

    Raises
    ------
    ArgumentError
        If `comp` names something else.

    Examples
    --------
    >>> import numpy as np
    >>> from glmmvi.results.tables import VarCorr, VarCorrTerm
    >>> vc = VarCorr((VarCorrTerm("g", ("(Intercept)",), np.array([0.5]), np.eye(1)),), 2.0)
    >>> print(render_var_corr(vc, "Variance"), end="")  # doctest: +NORMALIZE_WHITESPACE
     Groups   Name        Variance
     g        (Intercept) 0.25
     Residual             4.00
    """
    table = format_var_corr(var_corr, comp, digits=digits)
    return print_columns(table.columns, table.headings, table.labels, right=False, width=width)


def format_var_corr(
    var_corr: VarCorr, comp: str | Sequence[str] = ("Std.Dev.",), *, digits: int = 5
) -> FormattedTable:
    """Format the table of `render_var_corr` without laying it out."""
    shown = _components(comp)
    sds = [float(s) for term in var_corr.terms for s in term.sd]
    names = [name for term in var_corr.terms for name in term.names]
    groups = [
        label for term in var_corr.terms for label in (term.label, *[""] * (len(term.names) - 1))
    ]
    if var_corr.sigma is not None:
        sds.append(float(var_corr.sigma))
        names.append("")
        groups.append("Residual")
    columns = [groups, names]
    headings = ["Groups", "Name"]
    for component in shown:
        numbers = [s * s for s in sds] if component == "Variance" else sds
        columns.append(format_numbers(numbers, digits))
        headings.append(component)
    correlations = _correlation_columns(var_corr, len(sds), max(2, digits - 2))
    columns += correlations
    headings += ["Corr", *[""] * (len(correlations) - 1)][: len(correlations)]
    return FormattedTable(columns, headings, [""] * len(sds), right=False, text_columns=2)


def _components(comp: str | Sequence[str]) -> list[str]:
    requested = [comp] if isinstance(comp, str) else list(comp)
    shown = []
    for word in requested:
        matches = [name for name in COMPONENTS if word and name.startswith(word)]
        if len(matches) != 1:
            raise ArgumentError(f"illegal comp {word!r}: choose from {list(COMPONENTS)}")
        shown.append(matches[0])
    if not shown:
        raise ArgumentError("must *either* show variances or standard deviations")
    return shown


def _correlation_columns(var_corr: VarCorr, n_rows: int, decimals: int) -> list[list[str]]:
    """Lower triangles of all terms under each other, without the last column."""
    n_columns = max((len(term.names) for term in var_corr.terms), default=1) - 1
    columns = [[""] * n_rows for _ in range(n_columns)]
    first = 0
    for term in var_corr.terms:
        d = len(term.names)
        if n_columns:
            flat = [r_round(float(c), decimals) for c in term.correlation.ravel()]
            texts = format_numbers(flat, nsmall=decimals)
            for i in range(d):
                for j in range(i):
                    columns[j][first + i] = texts[i * d + j]
        first += d
    return columns
