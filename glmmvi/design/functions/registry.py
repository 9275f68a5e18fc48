"""The table of R functions that a formula can call."""

from __future__ import annotations

from glmmvi.design.functions.arithmetic import ARITHMETIC
from glmmvi.design.functions.bases import BASES
from glmmvi.design.functions.calendar import CALENDAR
from glmmvi.design.functions.factors import FACTORS
from glmmvi.design.functions.r_function import RFunction
from glmmvi.design.functions.structure import STRUCTURE

FUNCTIONS: dict[str, RFunction] = {
    **ARITHMETIC,
    **BASES,
    **CALENDAR,
    **FACTORS,
    **STRUCTURE,
}
REMEMBERING = frozenset(BASES) | {
    "factor",
    "ordered",
    "as.factor",
    "as.ordered",
    "addNA",
    "droplevels",
    "relevel",
    "interaction",
    "as.numeric",
    "as.double",
    "as.integer",
    "dummy",
}
"""Functions whose result depends on the data: they keep what they learned."""
