"""R's print of matrices and data frames, broken into blocks of columns at the page's width."""

from __future__ import annotations

from collections.abc import Sequence

from glmmvi.results.rendering.text_width import pad_left, pad_right, text_width

MAX_PRINT = 99999
NO_ROWS_LABEL_WIDTH = 4  # R leaves room for a label that never comes


def print_columns(
    columns: Sequence[Sequence[str]],
    column_names: Sequence[str],
    row_names: Sequence[str],
    *,
    right: bool = True,
    width: int = 80,
) -> str:
    """Write a table of texts.

    Parameters
    ----------
    columns : sequence of columns
        Formatted cells, column by column.
    column_names, row_names : sequence of str
        Headings and row labels; labels may all be empty.
    right : bool
        Whether cells and headings are right-justified (numbers) or left-justified (texts).
    width : int
        A block of columns is narrower than this; further columns follow under it.

    Returns
    -------
    str
        Lines, each ending in a newline.

    Examples
    --------
    >>> print(print_columns([["1", "10"], ["a", "b"]], ["x", "y"], ["1", "2"]), end="")
       x y
    1  1 a
    2 10 b
    """
    justify = pad_left if right else pad_right
    label_width = max((text_width(name) for name in row_names), default=NO_ROWS_LABEL_WIDTH)
    labels = [pad_right(name, label_width) for name in row_names]
    widths = [
        max(max((text_width(cell) for cell in column), default=0), text_width(name))
        for column, name in zip(columns, column_names, strict=True)
    ]
    lines: list[str] = []
    start, n_columns = 0, len(columns)
    while start < n_columns:
        used = label_width + widths[start] + 1
        stop = start + 1
        while stop < n_columns and used + widths[stop] + 1 < width:
            used += widths[stop] + 1
            stop += 1
        block = range(start, stop)
        heading = "".join(" " + justify(column_names[j], widths[j]) for j in block)
        lines.append(" " * label_width + heading + "\n")
        for i, label in enumerate(labels):
            cells = "".join(" " + justify(columns[j][i], widths[j]) for j in block)
            lines.append(label + cells + "\n")
        start = stop
    return "".join(lines)


def print_data_frame(
    columns: Sequence[Sequence[str]],
    column_names: Sequence[str],
    row_names: Sequence[str],
    *,
    width: int = 80,
) -> str:
    """Write a data frame whose columns are formatted; long ones stop at R's ``max.print``.

    Examples
    --------
    >>> print(print_data_frame([["2.5", "1.0"]], ["x"], ["308", "309"]), end="")
          x
    308 2.5
    309 1.0
    """
    n_rows = len(row_names)
    if not columns:
        rows = "1 row" if n_rows == 1 else f"{n_rows} rows"
        return f"data frame with 0 columns and {rows}\n"
    limit = MAX_PRINT // len(columns)
    shown = [column[:limit] for column in columns]
    text = print_columns(shown, column_names, row_names[:limit], width=width)
    if n_rows > limit:
        reached = " [ reached 'max' / getOption(\"max.print\") -- omitted"
        text += f"{reached} {n_rows - limit} rows ]\n"
    return text
