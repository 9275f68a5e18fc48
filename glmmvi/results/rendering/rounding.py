"""R's ``round`` (since 4.0.0) and ``zapsmall`` (before 4.4) on doubles."""

from __future__ import annotations

import math
from collections.abc import Iterable

DOUBLE_DIGITS = 15
LOG10_OF_2 = math.log10(2.0)


def r_round(x: float, digits: int = 0) -> float:
    """Round as R does: to the nearest of the two doubles that have `digits` decimals.

    Of the two candidates the nearer one to the double `x` is taken, as doubles subtract; on a tie
    the one whose last decimal is even. A number that has no more than about 15 significant digits
    down to that decimal (by its binary exponent) is left alone.

    Parameters
    ----------
    x : float
        A number; nan and infinities are returned as they are.
    digits : int
        Decimals; negative to round to tens, hundreds, ...

    Returns
    -------
    float
        The rounded number.

    References
    ----------
    .. [1] R 4.2.2, ``help(Round)``, section "Round to even"; checked against R by simulation.

    Examples
    --------
    >>> r_round(0.15, 1), r_round(2.5), r_round(-1234.5, -2)
    (0.1, 2.0, -1200.0)
    """
    if x == 0.0 or not math.isfinite(x):
        return x
    binary_exponent = math.frexp(x)[1] - 1
    if digits + (binary_exponent + 0.5) * LOG10_OF_2 > DOUBLE_DIGITS:
        return x
    if digits == 0:
        return float(round(x))
    r = abs(x)
    if digits > 0:
        power = 10.0**digits
        scaled = r * power
        low, high = math.floor(scaled) / power, math.ceil(scaled) / power
    else:
        power = 10.0**-digits
        scaled = r / power
        low, high = math.floor(scaled) * power, math.ceil(scaled) * power
    below, above = r - low, high - r
    take_low = below < above or (below == above and math.floor(scaled) % 2 == 0)
    return math.copysign(low if take_low else high, x)


def zapsmall(values: Iterable[float], digits: int = 7) -> list[float]:
    """Round all numbers to about `digits` significant digits of the largest.

    Parameters
    ----------
    values : iterable of float
        Numbers; nan is kept.
    digits : int
        Significant digits of the largest.

    Returns
    -------
    list of float
        The rounded numbers.

    Examples
    --------
    >>> zapsmall([3.14159265, 1e-20], 5)
    [3.14159, 0.0]
    """
    numbers = [float(v) for v in values]
    largest = max((abs(v) for v in numbers if not math.isnan(v)), default=0.0)
    if largest > 0 and math.isfinite(largest):
        decimals = math.floor(max(0.0, digits - math.log10(largest)) + 0.5)
    else:
        decimals = digits
    return [r_round(v, decimals) for v in numbers]
