"""Breaking text into lines as R's ``strwrap`` and ``cat(fill = TRUE)`` do."""

from __future__ import annotations

from collections.abc import Iterable

from glmmvi.results.rendering.text_width import text_width


def wrap_words(text: str, width: int, *, exdent: int = 0, prefix: str = "") -> list[str]:
    """Break a paragraph at blanks into lines shorter than `width`, as R's ``strwrap``.

    Parameters
    ----------
    text : str
        One paragraph.
    width : int
        Lines have less than `width` columns.
    exdent : int
        Indentation of all lines but the first.
    prefix : str
        Put before every line.

    Returns
    -------
    list of str
        The lines.

    Examples
    --------
    >>> wrap_words("fit by maximum likelihood", 14, exdent=2)
    ['fit by', '  maximum', '  likelihood']
    """
    lines: list[str] = []
    line = ""
    room = width - text_width(prefix)
    for word in text.split():
        if line and text_width(line) + 1 + text_width(word) >= room:
            lines.append(line)
            line = " " * exdent + word
        else:
            line = f"{line} {word}" if line else word
    lines.append(line)
    return [prefix + line for line in lines]


def fill_items(items: Iterable[str], *, width: int = 80, separator: str = " ") -> str:
    r"""Write items one after the other, a new line before one that would not fit.

    R's ``cat(..., fill = TRUE)``: the separator stays at the end of a broken line, and the text
    ends in a newline. Widths are counted in bytes, as R does.

    Examples
    --------
    >>> fill_items(["Formula:", "y ~ x"], width=10)
    'Formula: \ny ~ x\n'
    """
    parts: list[str] = []
    used = 0
    for i, item in enumerate(items):
        size = len(item.encode())
        if i:
            parts.append(separator)
        if used + size + len(separator) > width and i:
            parts.append("\n")
            used = 0
        parts.append(item)
        used += size + len(separator)
    return "".join(parts) + "\n"
