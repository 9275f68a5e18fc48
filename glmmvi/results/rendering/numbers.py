"""R's ``format`` of numbers: one common format, no more digits than needed."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

LONG_DOUBLE_BITS = 64
LARGEST_POWER = 27


@dataclass(frozen=True)
class NumberFormat:
    """How every number of a vector is written.

    Attributes
    ----------
    width : int
        Characters; shorter texts are padded on the left.
    decimals : int
        Digits after the point.
    scientific : bool
        ``1.5e-05`` instead of ``0.000015``.

    Examples
    --------
    >>> NumberFormat(8, 2, False).encode(3.14159)
    '    3.14'
    """

    width: int
    decimals: int
    scientific: bool

    def encode(self, x: float, na: str = "NaN") -> str:
        """Write one number, `na` for nan."""
        if math.isnan(x):
            return na.rjust(self.width)
        if math.isinf(x):
            return ("Inf" if x > 0 else "-Inf").rjust(self.width)
        if x == 0.0:
            x = 0.0
        kind = "e" if self.scientific else "f"
        return f"{x:{self.width}.{self.decimals}{kind}}"


def common_format(
    values: Iterable[float], digits: int = 7, nsmall: int = 0, na: str = "NaN"
) -> NumberFormat:
    """Choose R's common format of a vector.

    The element that needs most decimals when written with `digits` significant digits, trailing
    zeros dropped, decides the decimals of all. The notation is scientific where that is narrower.

    Parameters
    ----------
    values : iterable of float
        Numbers; nan and infinities only take part in the width.
    digits : int
        Significant digits, at least 1.
    nsmall : int
        Decimals at least, in fixed notation.
    na : str
        How nan is written: R distinguishes ``NaN`` from ``NA``.

    Returns
    -------
    NumberFormat
        Width, decimals, notation.

    Examples
    --------
    >>> common_format([251.405, 10.46728], digits=5)
    NumberFormat(width=7, decimals=3, scientific=False)
    """
    any_negative = any_finite = False
    width_left = 1
    decimals = 0
    low_exponent, high_exponent, significant = 999, -999, 1
    special = 0
    for x in values:
        if not math.isfinite(x):
            special = max(special, len(na) if math.isnan(x) else 4 if x < 0 else 3)
            continue
        any_finite = True
        exponent, n_digits, widened = _significant_digits(abs(x), digits)
        negative = x < 0
        any_negative = any_negative or negative
        left = exponent if widened else exponent + 1
        width_left = max(width_left, max(left, 1) + negative)
        decimals = max(decimals, n_digits - exponent - 1)
        low_exponent, high_exponent = min(low_exponent, exponent), max(high_exponent, exponent)
        significant = max(significant, n_digits)
    if not any_finite:
        return NumberFormat(special, 0, False)
    fixed_width = width_left + decimals + (decimals > 0)
    exponent_digits = 3 if high_exponent >= 100 or low_exponent <= -100 else 2
    scientific_width = any_negative + significant + (significant > 1) + 2 + exponent_digits
    if fixed_width <= scientific_width:
        decimals = max(decimals, nsmall)
        width = width_left + decimals + (decimals > 0)
        return NumberFormat(max(width, special), decimals, False)
    return NumberFormat(max(scientific_width, special), significant - 1, True)


def format_numbers(
    values: Iterable[float], digits: int = 7, nsmall: int = 0, na: str = "NaN"
) -> list[str]:
    """Write a vector in its common format, as R's ``format(x, digits, nsmall)``.

    Parameters
    ----------
    values, digits, nsmall, na
        As for `common_format`.

    Returns
    -------
    list of str
        Texts of equal width.

    Examples
    --------
    >>> format_numbers([24.74066, 5.92214, 25.5918], digits=4)
    ['24.741', ' 5.922', '25.592']
    >>> format_numbers([1e-10, 1.0])
    ['1e-10', '1e+00']
    """
    numbers = [float(v) for v in values]
    chosen = common_format(numbers, digits, nsmall, na)
    return [chosen.encode(v, na) for v in numbers]


def format_number(value: float, digits: int = 7) -> str:
    """Write one number with at most `digits` significant digits, as R's ``cat`` does.

    Examples
    --------
    >>> format_number(1743.6283), format_number(0.1), format_number(1e5)
    ('1743.628', '0.1', '1e+05')
    """
    return format_numbers((value,), digits)[0]


def _significant_digits(r: float, digits: int) -> tuple[int, int, bool]:
    """Exponent, significant digits needed, and whether only rounding brought the exponent."""
    if r == 0.0:
        return 0, 1, False
    text = f"{r:.{digits - 1}e}"
    mantissa, _, exponent_text = text.partition("e")
    exponent = int(exponent_text)
    figures = mantissa.replace(".", "")
    if digits <= 15:
        longer = f"{r:.16e}"
        tail = (longer[0] + longer[2:18])[digits:]
        if tail in (_HALF[len(tail)], _BELOW_HALF[len(tail)]):
            exponent, figures = _long_double_figures(r, digits)
    needed = len(figures.rstrip("0")) or 1
    widened = False
    if 0 < exponent <= LARGEST_POWER and r < 10.0**exponent:
        cut = min(max(digits - exponent, 0), LARGEST_POWER)
        widened = r < 10.0**exponent - 0.5 / 10.0**cut
    return exponent, needed, widened


_HALF = {k: "5" + "0" * (k - 1) for k in range(1, 18)}
_BELOW_HALF = {k: "4" + "9" * (k - 1) for k in range(1, 18)}


def _long_double_figures(r: float, digits: int) -> tuple[int, str]:
    """Exponent and figures where the rounding is nearly a tie.

    R scales the number to an integer of `digits` figures in 80-bit arithmetic and rounds that half
    to even, so a double within 2**-64 of a tie counts as one.
    """
    power = math.floor(math.log10(r)) - digits + 1
    scaled = _scale(r, power)
    if scaled < 10 ** (digits - 1):
        power -= 1
        scaled = _scale(r, power)
    integer = round(scaled)  # of a Fraction: half to even
    if integer >= 10**digits:
        integer //= 10
        power += 1
    return power + digits - 1, str(integer)


def _scale(r: float, power: int) -> Fraction:
    if abs(power) < 10:
        return _to_long_double(Fraction(r) / Fraction(10) ** power)
    return _to_long_double(Fraction(r) / _to_long_double(Fraction(10) ** power))


def _to_long_double(x: Fraction) -> Fraction:
    """Round a positive fraction to a 64-bit mantissa, half to even."""
    shift = LONG_DOUBLE_BITS - (x.numerator.bit_length() - x.denominator.bit_length())
    scale = Fraction(2) ** shift
    mantissa = round(x * scale)
    if mantissa.bit_length() > LONG_DOUBLE_BITS:
        scale /= 2 ** (mantissa.bit_length() - LONG_DOUBLE_BITS)
        mantissa = round(x * scale)
    return Fraction(mantissa) / scale
