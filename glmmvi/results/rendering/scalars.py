"""Text of the small answers: ``fixef``, ``vcov``, ``ngrps``, ``logLik``, ``c(AIC =, BIC =)``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from glmmvi.results.rendering.matrices import print_columns
from glmmvi.results.rendering.numbers import format_number, format_numbers
from glmmvi.results.rendering.vectors import print_named_vector

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from glmmvi.results.tables.log_likelihood import LogLikelihood


def render_named_numbers(numbers: Mapping[str, float], *, digits: int = 7, width: int = 80) -> str:
    """Write a named vector of numbers: ``fixef(fit)``, ``ngrps(fit)``, ``c(AIC = ..., BIC = ...)``.

    Parameters
    ----------
    numbers : mapping of str to float
        Names and numbers, in order.
    digits : int
        Significant digits, at least, of every element.
    width : int
        Columns of the page.

    Returns
    -------
    str
        Lines, each ending in a newline.

    Examples
    --------
    >>> text = render_named_numbers({"AIC": 1755.62822, "BIC": 1774.78597})
    >>> print(text.replace(" ", "_"), end="")
    _____AIC______BIC_
    1755.628_1774.786_
    """
    cells = format_numbers(numbers.values(), digits)
    return print_named_vector(list(numbers), cells, width=width)


def render_fixef(
    names: Sequence[str], estimates: Sequence[float], *, digits: int = 7, width: int = 80
) -> str:
    """Write what R writes for ``print(fixef(fit))``.

    Examples
    --------
    >>> text = render_fixef(["(Intercept)", "Days"], [251.405104848, 10.467285959])
    >>> print(text.replace(" ", "_"), end="")
    (Intercept)________Days_
    __251.40510____10.46729_
    """
    return print_named_vector(names, format_numbers(estimates, digits), width=width)


def render_ngrps(n_groups: Mapping[str, int], *, width: int = 80) -> str:
    """Write what R writes for ``print(ngrps(fit))``.

    Examples
    --------
    >>> print(render_ngrps({"herd": 15}).replace(" ", "_"), end="")
    herd_
    __15_
    """
    return print_named_vector(list(n_groups), [str(n) for n in n_groups.values()], width=width)


def render_log_lik(log_lik: LogLikelihood, *, digits: int = 7) -> str:
    r"""Write what R writes for ``print(logLik(fit))``.

    Examples
    --------
    >>> from glmmvi.results.tables import LogLikelihood
    >>> render_log_lik(LogLikelihood(-92.026566, df=5, n_obs=56))
    "'log Lik.' -92.02657 (df=5)\n"
    """
    value = format_number(float(log_lik.value), digits)
    return f"'log Lik.' {value} (df={format_number(log_lik.df)})\n"


def render_vcov(names: Sequence[str], matrix: NDArray, *, digits: int = 7, width: int = 80) -> str:
    """Write what R writes for ``print(vcov(fit))``: every column in its own format.

    Examples
    --------
    >>> import numpy as np
    >>> print(render_vcov(["a", "b"], np.array([[4.0, -1.5], [-1.5, 9.0]])), end="")
    2 x 2 Matrix of class "dpoMatrix"
         a    b
    a  4.0 -1.5
    b -1.5  9.0
    """
    p = len(names)
    columns = [format_numbers(column, digits) for column in matrix.T]
    text = print_columns(columns, names, names, width=width)
    return f'{p} x {p} Matrix of class "dpoMatrix"\n{text}'
