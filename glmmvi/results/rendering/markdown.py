"""Blocks as GitHub's Markdown."""

from __future__ import annotations

import re

from glmmvi.results.rendering.document import Block, Document, Facts, Heading, Paragraph
from glmmvi.results.rendering.formatted_table import FormattedTable

SPECIAL = re.compile(r"([\\`*_|<>\[\]])")


def write_markdown(document: Document) -> str:
    r"""Write blocks as Markdown with pipe tables.

    Parameters
    ----------
    document : tuple of blocks
        From `summary_document` and its like.

    Returns
    -------
    str
        Markdown, ending in a newline.

    Examples
    --------
    >>> table = FormattedTable([["1.5 "], ["* "]], ["Estimate", ""], ["a_b"])
    >>> print(write_markdown((Heading("Fixed effects"), table)), end="")
    ## Fixed effects
    <BLANKLINE>
    |  | Estimate |  |
    |:---|---:|---:|
    | a\_b | 1.5 | \* |
    """
    return "\n\n".join(_block(block) for block in document) + "\n"


def _block(block: Block) -> str:
    if isinstance(block, Heading):
        return f"{'#' * block.level} {_escape(block.text)}"
    if isinstance(block, Facts):
        return "\n".join(f"- **{_escape(name)}**: {_code(value)}" for name, value in block.items)
    if isinstance(block, Paragraph):
        return "  \n".join(_escape(line) for line in block.lines)
    return _table(block)


def _table(table: FormattedTable) -> str:
    first = [""] if table.has_labels else []
    rule = [":---"] * (len(first) + table.text_columns)
    rule += ["---:"] * (len(table.columns) - table.text_columns)
    lines = [_row([*first, *table.headings]), "|" + "|".join(rule) + "|"]
    for label, cells in table.rows:
        lines.append(_row([*([label] if first else []), *cells]))
    return "\n".join(lines)


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(_escape(cell) for cell in cells) + " |"


def _escape(text: str) -> str:
    return SPECIAL.sub(r"\\\1", text)


def _code(text: str) -> str:
    fence = "``" if "`" in text else "`"
    space = " " if "`" in text else ""
    return f"{fence}{space}{text}{space}{fence}"
