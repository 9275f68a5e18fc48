"""Blocks as LaTeX, without packages."""

from __future__ import annotations

import re

from glmmvi.results.rendering.document import Block, Document, Facts, Heading, Paragraph
from glmmvi.results.rendering.formatted_table import FormattedTable

NUMBER = re.compile(r"(<\s?)?-?(?:\d+\.?\d*(?:e[+-]\d+)?|Inf)")
SPECIAL = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "‘": "`",
    "’": "'",
    "[": "{[}",  # after a row's end a bare one would be read as a length
    "]": "{]}",
    **{c: "\\" + c for c in "&%$#_{}"},
}


def write_latex(document: Document) -> str:
    r"""Write blocks as LaTeX: ``tabular`` environments, numbers in math mode.

    Parameters
    ----------
    document : tuple of blocks
        From `summary_document` and its like.

    Returns
    -------
    str
        A fragment for the body of a document, ending in a newline.

    Examples
    --------
    >>> print(write_latex((FormattedTable([["-1.5"]], ["Estimate"], ["a_b"]),)), end="")
    \begin{tabular}{lr}
    \hline
     & Estimate \\
    \hline
    a\_b & $-1.5$ \\
    \hline
    \end{tabular}
    """
    return "\n\n".join(_block(block) for block in document) + "\n"


def _block(block: Block) -> str:
    if isinstance(block, Heading):
        return f"\\paragraph{{{_escape(block.text)}}}"
    if isinstance(block, Facts):
        return " \\\\\n".join(
            f"{_escape(name)}: \\texttt{{{_escape(value)}}}" for name, value in block.items
        )
    if isinstance(block, Paragraph):
        return " \\\\\n".join(_escape(line) for line in block.lines)
    return _table(block)


def _table(table: FormattedTable) -> str:
    first = "l" if table.has_labels else ""
    spec = first + "l" * table.text_columns + "r" * (len(table.columns) - table.text_columns)
    corner = [""] if first else []
    rows = [_row([*corner, *(_escape(text) for text in table.headings)]), "\\hline"]
    for label, cells in table.rows:
        rows.append(_row([*([_escape(label)] if first else []), *(_cell(c) for c in cells)]))
    lines = [f"\\begin{{tabular}}{{{spec}}}", "\\hline", *rows, "\\hline", "\\end{tabular}"]
    return "\n".join(lines)


def _row(cells: list[str]) -> str:
    return " & ".join(cells) + " \\\\"


def _cell(text: str) -> str:
    if not NUMBER.fullmatch(text):
        return _escape(text)
    mantissa, e, exponent = text.partition("e")
    if e:
        return f"${mantissa} \\cdot 10^{{{int(exponent)}}}$"
    return f"${text}$"


def _escape(text: str) -> str:
    return "".join(SPECIAL.get(c, c) for c in text)
