"""Blocks as HTML, for notebooks."""

from __future__ import annotations

from html import escape

from glmmvi.results.rendering.document import Block, Document, Facts, Heading, Paragraph
from glmmvi.results.rendering.formatted_table import FormattedTable

RIGHT = ' style="text-align: right"'
LEFT = ' style="text-align: left"'


def write_html(document: Document) -> str:
    """Write blocks as a fragment of HTML, everything escaped, without scripts or style sheets.

    Parameters
    ----------
    document : tuple of blocks
        From `summary_document` and its like.

    Returns
    -------
    str
        One ``<div class="glmmvi">``, ending in a newline.

    Examples
    --------
    >>> print(write_html((Paragraph(("p < 0.05",)),)), end="")
    <div class="glmmvi">
    <p>p &lt; 0.05</p>
    </div>
    """
    blocks = "\n".join(_block(block) for block in document)
    return f'<div class="glmmvi">\n{blocks}\n</div>\n'


def _block(block: Block) -> str:
    if isinstance(block, Heading):
        level = block.level + 2
        return f"<h{level}>{escape(block.text)}</h{level}>"
    if isinstance(block, Facts):
        items = "<br>\n".join(
            f"{escape(name)}: <code>{escape(value)}</code>" for name, value in block.items
        )
        return f"<p>{items}</p>"
    if isinstance(block, Paragraph):
        return "<p>" + "<br>\n".join(escape(line) for line in block.lines) + "</p>"
    return _table(block)


def _table(table: FormattedTable) -> str:
    align = [LEFT if j < table.text_columns else RIGHT for j in range(len(table.columns))]
    corner = "<th></th>" if table.has_labels else ""
    headings = "".join(
        f"<th{style}>{escape(text)}</th>" for style, text in zip(align, table.headings, strict=True)
    )
    lines = ["<table>", f"<thead><tr>{corner}{headings}</tr></thead>", "<tbody>"]
    for label, cells in table.rows:
        row = "".join(
            f"<td{style}>{escape(cell)}</td>" for style, cell in zip(align, cells, strict=True)
        )
        head = f'<th scope="row"{LEFT}>{escape(label)}</th>' if table.has_labels else ""
        lines.append(f"<tr>{head}{row}</tr>")
    return "\n".join([*lines, "</tbody>", "</table>"])
