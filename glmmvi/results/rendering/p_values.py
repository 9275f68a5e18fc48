"""R's ``format.pval`` and the stars behind p values."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence

from glmmvi.results.rendering.numbers import format_numbers

STARS = ((0.001, "***"), (0.01, "**"), (0.05, "*"), (0.1, "."), (1.0, " "))
LEGEND = "0 ‘***’ 0.001 ‘**’ 0.01 ‘*’ 0.05 ‘.’ 0.1 ‘ ’ 1"


def format_p_values(
    values: Sequence[float],
    digits: int = 5,
    eps: float = sys.float_info.epsilon,
    na: str = "NA",
) -> list[str]:
    """Write p values: fixed down to 1e-4, then scientific, then ``<eps``.

    Parameters
    ----------
    values : sequence of float
        Probabilities; nan where there is none.
    digits : int
        Significant digits.
    eps : float
        Smaller values are shown as ``< eps``.
    na : str
        Text of nan.

    Returns
    -------
    list of str
        Texts of unequal width.

    Examples
    --------
    >>> format_p_values([0.0474, 1.4e-9, 0.0], digits=3)
    ['0.0474', '1.4e-09', '< 2e-16']
    """
    present = [v for v in values if not math.isnan(v)]
    shown = [v for v in present if v >= eps]
    is_fixed = []
    for v in shown:
        exponent = math.floor(math.log10(v if v > 0 else 1e-50))
        is_fixed.append(exponent >= -3 or (exponent == -4 and digits > 1))
    flags = list(zip(shown, is_fixed, strict=True))
    fixed = iter(format_numbers((v for v, f in flags if f), digits))
    other = iter(format_numbers((v for v, f in flags if not f), digits))
    texts = [next(fixed) if f else next(other) for f in is_fixed]
    eps_digits = max(1, digits - 2)
    if texts:
        widest = max(len(t) for t in texts)
        if eps_digits > 1 and eps_digits + 6 > widest:
            eps_digits = max(1, widest - 7)
        separator = "" if eps_digits == 1 and widest <= 6 else " "
    else:
        separator = "" if eps_digits == 1 else " "
    tiny = "<" + separator + format_numbers((eps,), eps_digits)[0]
    rest = iter(texts)
    return [na if math.isnan(v) else next(rest) if v >= eps else tiny for v in values]


def significance_stars(values: Sequence[float]) -> list[str]:
    """Give the stars of every p value, padded to a common width.

    Examples
    --------
    >>> significance_stars([0.2, 0.03, 1e-9])
    ['   ', '*  ', '***']
    """
    stars = ["" if math.isnan(v) else next(s for cut, s in STARS if v <= cut) for v in values]
    width = max((len(s) for s in stars), default=0)
    return [s.ljust(width) for s in stars]
