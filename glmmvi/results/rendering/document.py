"""A printout as blocks: what Markdown, HTML and LaTeX are written from."""

from __future__ import annotations

from dataclasses import dataclass

from glmmvi.results.rendering.formatted_table import FormattedTable


@dataclass(frozen=True)
class Heading:
    """A heading; level 1 is the title of the printout."""

    text: str
    level: int = 2


@dataclass(frozen=True)
class Facts:
    """Short named texts: the formula, the data, the criterion."""

    items: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Paragraph:
    """Lines that stay lines."""

    lines: tuple[str, ...]


Block = Heading | Facts | Paragraph | FormattedTable
Document = tuple[Block, ...]
