"""What every table that can be shown has in common."""

from __future__ import annotations

from glmmvi.results.rendering.document import Document
from glmmvi.results.rendering.html import write_html
from glmmvi.results.rendering.latex import write_latex
from glmmvi.results.rendering.markdown import write_markdown


class Renderable:
    """A table that shows itself as Markdown, HTML (in notebooks) and LaTeX.

    Examples
    --------
    >>> import numpy as np
    >>> from glmmvi.results.tables import ConfidenceIntervals
    >>> intervals = ConfidenceIntervals(("Days",), np.array([7.44]), np.array([13.5]))
    >>> print(intervals.to_markdown(), end="")
    |  | 2.5 % | 97.5 % |
    |:---|---:|---:|
    | Days | 7.44 | 13.5 |
    """

    def _document(self) -> Document:
        raise NotImplementedError

    def to_markdown(self) -> str:
        """Write the table as Markdown."""
        return write_markdown(self._document())

    def to_html(self) -> str:
        """Write the table as a fragment of HTML."""
        return write_html(self._document())

    def to_latex(self) -> str:
        """Write the table as LaTeX that needs no packages."""
        return write_latex(self._document())

    def _repr_html_(self) -> str:
        return self.to_html()
