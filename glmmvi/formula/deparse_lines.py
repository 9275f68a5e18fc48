"""R's line breaks in long expressions."""

from __future__ import annotations

from glmmvi.formula.deparse import Break, pieces
from glmmvi.formula.expression import Expression

_FULL_INDENTS = 4


def deparse_lines(expression: Expression, width: int = 60) -> list[str]:
    """Write an expression as R's ``deparse`` does, as lines.

    R starts a new line after an operator or a comma as soon as the line is longer than
    `width` (counted in bytes, so an accented letter counts twice). The continuation is
    indented by four blanks a level, and the blank after the operator stays at the end of
    the line.

    Parameters
    ----------
    expression : Expression
        What to write.
    width : int
        R's ``width.cutoff``.

    Returns
    -------
    list of str
        The lines.

    Examples
    --------
    >>> from glmmvi.formula.grammar import parse_expression
    >>> text = "response ~ first_covariate + second_covariate + third_covariate + (1 | group)"
    >>> deparse_lines(parse_expression(text))
    ['response ~ first_covariate + second_covariate + third_covariate + ', '    (1 | group)']
    """
    lines: list[str] = []
    line = ""
    indent = 0
    indented: list[bool] = []  # one flag a stretch: has it been broken yet?
    for piece in pieces(expression):
        if piece is Break.OPEN:
            indented.append(False)
        elif piece is Break.CLOSE:
            indent -= indented.pop()
        elif piece is Break.HERE:
            if len(line.encode("utf-8", "surrogatepass")) > width:
                lines.append(line)
                line = ""
                indent += not indented[-1]
                indented[-1] = True
        else:
            line = (line or _indentation(indent)) + piece
    return [*lines, line]


def _indentation(indent: int) -> str:
    full = min(indent, _FULL_INDENTS)
    return "    " * full + "  " * (indent - full)
