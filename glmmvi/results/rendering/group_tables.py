"""Text of ``ranef(fit)`` and ``coef(fit)``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from glmmvi.results.rendering.matrices import print_data_frame
from glmmvi.results.rendering.numbers import format_numbers
from glmmvi.results.rendering.vectors import print_named_vector, print_vector

if TYPE_CHECKING:
    from glmmvi.results.tables.group_coefficients import GroupCoefficients
    from glmmvi.results.tables.group_table import GroupTable
    from glmmvi.results.tables.random_effects import RandomEffects

SYNTACTIC_NAME = re.compile(r"(?:[^\W\d_]|\.(?!\d))[\w.]*|\.", re.UNICODE)


def render_ranef(effects: RandomEffects, *, digits: int = 7, width: int = 80) -> str:
    """Write what R writes for ``print(ranef(fit))``.

    Parameters
    ----------
    effects : RandomEffects
        The numbers. Conditional standard deviations are not shown; a last line says whether there
        are any.
    digits : int
        Significant digits, at least, of every element of a column.
    width : int
        Columns of the page.

    Returns
    -------
    str
        Lines, each ending in a newline.

    Examples
    --------
    See `RandomEffects`.
    """
    text = _tables_text(effects.groups, digits, width, drop=effects.drop)
    with_sd = [f"“{table.group}”" for table in effects.groups if table.sd is not None]
    if with_sd:
        text += f"with conditional variances for {' '.join(with_sd)} \n"
    return text


def render_coef(
    coefficients: GroupCoefficients,
    *,
    head: int | None = None,
    digits: int = 7,
    width: int = 80,
) -> str:
    """Write what R writes for ``print(coef(fit))``.

    Parameters
    ----------
    coefficients : GroupCoefficients
        The numbers.
    head : int, optional
        Show the first rows only, as ``lapply(coef(fit), head, n)`` does: the format is that of
        the rows shown, and R's line of the class is left out.
    digits : int
        Significant digits, at least, of every element of a column.
    width : int
        Columns of the page.

    Returns
    -------
    str
        Lines, each ending in a newline.

    Examples
    --------
    >>> import numpy as np
    >>> from glmmvi.results.tables import GroupCoefficients, GroupTable
    >>> table = GroupTable("g", ("a", "b"), ("x",), np.array([[1.5], [20.0]]))
    >>> print(render_coef(GroupCoefficients((table,))), end="")
    $g
         x
    a  1.5
    b 20.0
    <BLANKLINE>
    attr(,"class")
    [1] "coef.mer"
    """
    text = _tables_text(coefficients.groups, digits, width, head)
    return text if head is not None else text + 'attr(,"class")\n[1] "coef.mer"\n'


def _tables_text(
    tables: Sequence[GroupTable],
    digits: int,
    width: int,
    head: int | None = None,
    *,
    drop: bool = False,
) -> str:
    parts: list[str] = []
    for table in tables:
        values = table.values[:head]
        columns = [format_numbers(column, digits) for column in values.T]
        is_plain = SYNTACTIC_NAME.fullmatch(table.group)
        parts.append(f"${table.group}\n" if is_plain else f"$`{table.group}`\n")
        if drop and len(columns) == 1:
            parts.append(print_named_vector(table.levels[:head], columns[0], width=width))
            if table.sd is not None:
                variances = format_numbers(np.square(table.sd[:head, 0]), digits)
                parts.append('attr(,"postVar")\n' + print_vector(variances, width=width))
        else:
            parts.append(print_data_frame(columns, table.names, table.levels[:head], width=width))
        parts.append("\n")
    return "".join(parts)
