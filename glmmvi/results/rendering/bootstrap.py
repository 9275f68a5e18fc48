"""R's print of a bootstrap (package boot)."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from glmmvi.results.rendering.matrices import print_columns
from glmmvi.results.rendering.numbers import format_numbers

_CUTOFF = 60  # R's width.cutoff: a line of a call ends after the argument that passes it


def render_bootstrap(sim: str, call: Sequence[str], statistics: pd.DataFrame) -> str:
    """Write what R's ``print.boot`` writes.

    Parameters
    ----------
    sim : str
        ``"parametric"``, or anything else.
    call : sequence of str
        Function and arguments: ``["bootMer", "x = fit", "FUN = fixef"]``.
    statistics : DataFrame
        ``original``, ``bias`` and ``std. error``, one row a statistic.

    Returns
    -------
    str

    Examples
    --------
    >>> table = pd.DataFrame({"original": [25.5918], "bias": [-2.466763], "se": [3.055636]})
    >>> print(render_bootstrap("parametric", ["bootMer", "x = fm", "nsim = 10"], table))
    <BLANKLINE>
    PARAMETRIC BOOTSTRAP
    <BLANKLINE>
    <BLANKLINE>
    Call:
    bootMer(x = fm, nsim = 10)
    <BLANKLINE>
    <BLANKLINE>
    Bootstrap Statistics :
        original    bias    std. error
    t1*  25.5918 -2.466763    3.055636
    """
    # boot knows no name for lme4's semiparametric bootstrap: it prints "parametric" for both
    title = "PARAMETRIC BOOTSTRAP" if "parametric" in sim else "BOOTSTRAP"
    all_missing = statistics.iloc[:, 1].isna()
    shown = statistics[~all_missing]
    numbers = [f"t{i + 1}*" for i in range(len(statistics)) if not all_missing.iloc[i]]
    columns = [format_numbers(shown.iloc[:, j].tolist(), 7) for j in range(3)]
    table = print_columns(columns, ["original", " bias  ", " std. error"], numbers)
    missing = "".join(
        f"WARNING: All values of t{i + 1}* are NA\n"
        for i in range(len(statistics))
        if all_missing.iloc[i]
    )
    shown = "\n".join(call_lines(call))
    return (f"\n{title}\n\n\nCall:\n{shown}\n\n\nBootstrap Statistics :\n{table}{missing}").rstrip(
        "\n"
    )


def call_lines(call: Sequence[str]) -> list[str]:
    """R's ``deparse`` of a call: a function's name and its arguments.

    Examples
    --------
    >>> call_lines(["f", "x = 1", "y = 2"])
    ['f(x = 1, y = 2)']
    """
    lines, line = [], f"{call[0]}("
    for i, argument in enumerate(call[1:]):
        if len(line) > _CUTOFF:
            lines.append(line)
            line = "    "
        line += argument + (", " if i < len(call) - 2 else ")")
    return [*lines, line]
