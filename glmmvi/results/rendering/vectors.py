"""R's print of a named vector."""

from __future__ import annotations

from collections.abc import Sequence

from glmmvi.results.rendering.text_width import pad_left, text_width


def print_named_vector(
    names: Sequence[str], cells: Sequence[str], *, gap: int = 1, width: int = 80
) -> str:
    """Write names over values, as many side by side as fit.

    Parameters
    ----------
    names, cells : sequence of str
        Names and formatted values, equally many.
    gap : int
        Blanks behind every column, the last one too (R's ``print.gap``).
    width : int
        Columns of the page.

    Returns
    -------
    str
        Two lines a row of the page, each ending in a newline.

    Examples
    --------
    >>> print(print_named_vector(["Min", "Max"], ["-1.5", "2"]).replace(" ", "_"), end="")
    _Min__Max_
    -1.5____2_
    """
    column = max((text_width(t) for t in (*names, *cells)), default=0)
    per_line = max(1, width // (column + gap))
    space = " " * gap
    lines: list[str] = []
    for start in range(0, len(cells), per_line):
        for row in (names, cells):
            block = row[start : start + per_line]
            lines.append("".join(pad_left(t, column) + space for t in block) + "\n")
    return "".join(lines)


def print_vector(cells: Sequence[str], *, width: int = 80) -> str:
    """Write values without names, every line led by the number of its first one in brackets.

    Examples
    --------
    >>> print(print_vector(["1", "20", "3"], width=10), end="")
    [1]  1 20
    [3]  3
    """
    column = max((text_width(cell) for cell in cells), default=0)
    label = len(str(len(cells))) + 2
    per_line = max(1, (width - label) // (column + 1))
    lines: list[str] = []
    for start in range(0, len(cells), per_line):
        block = "".join(" " + pad_left(cell, column) for cell in cells[start : start + per_line])
        lines.append(pad_left(f"[{start + 1}]", label) + block + "\n")
    return "".join(lines)
