"""A table of formatted cells, before any layout: what text, Markdown, HTML and LaTeX share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class FormattedTable:
    """Cells that are texts already.

    Attributes
    ----------
    columns : sequence of columns
        Cells, column by column.
    headings : sequence of str
        One a column.
    labels : sequence of str
        One a row; all empty where rows have no labels.
    right : bool
        Whether R right-justifies the cells.
    text_columns : int
        How many leading columns hold words: left-justified outside R's layout.

    Examples
    --------
    >>> table = FormattedTable([[" 1.5", "10.0"]], ["x"], ["a", "b"])
    >>> list(table.rows)
    [('a', ('1.5',)), ('b', ('10.0',))]
    """

    columns: Sequence[Sequence[str]]
    headings: Sequence[str]
    labels: Sequence[str]
    right: bool = True
    text_columns: int = 0

    @property
    def rows(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Label and cells of every row, without padding."""
        return tuple(
            (label, tuple(column[i].strip() for column in self.columns))
            for i, label in enumerate(self.labels)
        )

    @property
    def has_labels(self) -> bool:
        """Whether any row has a label."""
        return any(self.labels)
