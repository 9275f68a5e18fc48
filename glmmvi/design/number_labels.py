"""Numbers as R's ``as.character`` prints them: the level labels of a numeric factor."""

from __future__ import annotations

import math


def number_label(value: float, *, integer: bool = False, digits: int = 15) -> str:
    """Text of a number, as R's ``as.character`` gives it.

    Parameters
    ----------
    value : float
        The number.
    integer : bool
        Whether R would hold it as an integer (then there is no exponent).
    digits : int
        Significant digits at most.

    Returns
    -------
    str
        The fixed or the scientific form, whichever is shorter (fixed on a tie).

    Examples
    --------
    >>> number_label(1.0), number_label(2.5), number_label(100000.0), number_label(0.1 + 0.2)
    ('1', '2.5', '1e+05', '0.3')
    >>> number_label(100000, integer=True)
    '100000'
    """
    if integer:
        return str(int(value))
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Inf" if value > 0 else "-Inf"
    if value == int(value) and abs(value) < 1e5:
        return str(int(value))
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    power = int(exponent)
    scientific = f"{mantissa}e{'-' if power < 0 else '+'}{abs(power):02d}"
    significant = len(mantissa.replace("-", "").replace(".", ""))
    fixed = f"{value:.{max(significant - 1 - power, 0)}f}"
    return fixed if len(fixed) <= len(scientific) else scientific
