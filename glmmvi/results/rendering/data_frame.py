"""R's print of a data frame of numbers, integers and texts."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from typing import Any

from glmmvi.results.rendering.matrices import print_data_frame
from glmmvi.results.rendering.numbers import format_numbers


def render_data_frame(
    columns: Mapping[str, Sequence[Any]],
    *,
    row_names: Sequence[str] | None = None,
    digits: int = 7,
    width: int = 80,
) -> str:
    """Write what R's ``print.data.frame`` writes.

    Parameters
    ----------
    columns : mapping of str to sequence
        Columns of numbers or of texts; a pandas DataFrame fits too (its index is not looked at).
        Missing values are ``NA`` among numbers (nan) and ``<NA>`` among texts (None).
    row_names : sequence of str, optional
        Row labels; ``1``, ``2``, ... without.
    digits : int
        Significant digits, at least, of every number of a column.
    width : int
        Columns of the page.

    Returns
    -------
    str
        Lines, each ending in a newline.

    Examples
    --------
    >>> print(render_data_frame({"grp": ["g", None], "sdcor": [0.64207, 12.5]}), end="")
       grp    sdcor
    1    g  0.64207
    2 <NA> 12.50000
    """
    texts = [_column_texts(list(columns[name]), digits) for name in columns]
    n_rows = len(texts[0]) if texts else 0
    labels = [str(i + 1) for i in range(n_rows)] if row_names is None else list(row_names)
    return print_data_frame(texts, [str(name) for name in columns], labels, width=width)


def _column_texts(values: list[Any], digits: int) -> list[str]:
    missing = [v is None or (isinstance(v, float) and math.isnan(v)) for v in values]
    present = [v for v, gone in zip(values, missing, strict=True) if not gone]
    is_numeric = all(isinstance(v, Real) for v in present) and None not in values
    rest = iter(_number_texts(present, digits) if is_numeric else map(str, present))
    na = "NA" if is_numeric else "<NA>"
    return [na if gone else next(rest) for gone in missing]


def _number_texts(values: list[Any], digits: int) -> list[str]:
    if all(isinstance(v, bool) for v in values):
        return [str(v).upper() for v in values]
    if all(isinstance(v, Integral) for v in values):
        return [str(v) for v in values]
    return format_numbers(values, digits)
