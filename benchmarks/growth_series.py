"""What grows in ``benchmarks.growth``: rows, levels, a crossed factor, nesting."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from benchmarks.problems import (
    Problem,
    simulated_crossed,
    simulated_nested,
    simulated_slopes,
)

_ROWS_OF_LEVELS = 2_000_000
_CROSSED_ROWS, _CROSSED_FIRST = 200_000, 10_000


@dataclass(frozen=True)
class Series:
    """One model at growing sizes.

    Attributes
    ----------
    kind : str
        ``"rows"``, ``"levels"``, ``"crossed"`` or ``"nested"``: one picture each.
    axis : str
        What the size counts.
    constant : str
        What stays as it is, or grows along.
    formula, family : str
    sizes : tuple of int
        Ascending.
    data : callable
        From a size to the data.
    """

    kind: str
    axis: str
    constant: str
    formula: str
    family: str
    sizes: tuple[int, ...]
    data: Callable[[int], pd.DataFrame]

    def problem(self, size: int) -> Problem:
        """The model at one size: fitted three times up to a tenth of the largest, then once."""
        gaussian = self.family == "gaussian"
        return Problem(
            dataset=f"{self.kind}_{size}",
            formula=self.formula,
            family=self.family,
            repeats=3 if 10 * size <= self.sizes[-1] else 1,
            warm_up="sleepstudy" if gaussian else "cbpp",
        )


def _powers(first: int, last: int, per_decade: int = 1) -> tuple[int, ...]:
    """Sizes from `first` to `last`, so many a decade, two digits each.

    >>> _powers(10, 1000, 2)
    (10, 32, 100, 320, 1000)
    """
    sizes, position = [], 0
    while True:
        size = first * 10.0 ** (position / per_decade)
        digits = 10 ** max(len(str(round(size))) - 2, 0)
        if round(size / digits) * digits > last:
            return tuple(sizes)
        sizes.append(round(size / digits) * digits)
        position += 1


def _rows(family: str) -> Series:
    return Series(
        "rows",
        "rows",
        "5 fixed effects, intercept and slope by group, 100 rows a group",
        "y ~ x1 + x2 + x3 + x4 + (x1 | g)",
        family,
        _powers(10_000, 10_000_000, 2),
        lambda n: simulated_slopes(n, n // 100, family=family),
    )


def _levels(family: str) -> Series:
    return Series(
        "levels",
        "levels of the factor",
        f"{_ROWS_OF_LEVELS:,} rows",
        "y ~ x1 + (1 | g)",
        family,
        _powers(1_000, 1_000_000, 2),
        lambda n: simulated_slopes(_ROWS_OF_LEVELS, n, family=family),
    )


def _crossed(family: str) -> Series:
    return Series(
        "crossed",
        "levels of the second factor",
        f"{_CROSSED_ROWS:,} rows, {_CROSSED_FIRST:,} levels of the first factor",
        "y ~ x + (1 | f) + (1 | h)",
        family,
        (50, 160, 500, 1_600, 5_000),
        lambda n: simulated_crossed(_CROSSED_ROWS, _CROSSED_FIRST, n, family=family),
    )


def _nested(family: str) -> Series:
    return Series(
        "nested",
        "innermost levels of three",
        "10 rows an innermost level, 10 levels within the next",
        "y ~ x + (1 | a) + (1 | b) + (1 | c)",
        family,
        _powers(1_000, 100_000, 2),
        lambda n: simulated_nested(10 * n, n, family=family),
    )


_MAKERS = {"rows": _rows, "levels": _levels, "crossed": _crossed, "nested": _nested}

SERIES = {
    f"{kind}_{name}": make(family)
    for kind, make in _MAKERS.items()
    for name, family in (("gaussian", "gaussian"), ("bernoulli", "binomial"))
}
