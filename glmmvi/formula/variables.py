"""The names that an expression needs a value for."""

from __future__ import annotations

from glmmvi.formula.expression import Call, Expression, Symbol, walk


def variables_of(expression: Expression) -> tuple[str, ...]:
    """Return the names of the variables in an expression, R's ``all.vars``.

    Parameters
    ----------
    expression : Expression
        Any expression.

    Returns
    -------
    tuple of str
        In the order of their first appearance, each once; without the names of the functions
        that are called, of arguments and packages, and without ``.``. A function handed over
        by name (``contr.sum`` in ``C(a, contr.sum)``) and R's ``pi`` look like variables and
        are among them.

    Examples
    --------
    >>> from glmmvi.formula.grammar import parse_expression
    >>> variables_of(parse_expression("log(x, base = b) + x:`my var` + stats::sd(z)"))
    ('x', 'b', 'my var', 'z')
    """
    packages = [
        argument.value
        for part in walk(expression)
        if isinstance(part, Call) and part.function in ("::", ":::")
        for argument in part.arguments
    ]
    skipped = {id(part) for part in packages}
    names = (
        part.name
        for part in walk(expression)
        if isinstance(part, Symbol) and part.name not in ("", ".") and id(part) not in skipped
    )
    return tuple(dict.fromkeys(names))
