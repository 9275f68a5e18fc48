"""Brackets, vectors, sequences and the like."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from glmmvi.design.functions.coerce import as_number, as_text, one_number, one_string
from glmmvi.design.functions.r_function import CallSite, RFunction
from glmmvi.design.intake import factor_from_strings
from glmmvi.design.values import Factor, Logical, Moments, Value, strings_of
from glmmvi.errors import DataError


def _identity(site: CallSite, x: Value) -> Value:
    return x


def _combine(site: CallSite, rest: list[tuple[str | None, Value]]) -> Value:
    values = [value for _, value in rest if value is not None]
    if not values:
        return None
    if any(isinstance(value, Factor) for value in values):
        texts: list[str | None] = []
        for value in values:
            texts.extend(strings_of(as_text(value)))
        return factor_from_strings(texts)
    if all(isinstance(value, Logical) for value in values):
        flags = [value.values for value in values if isinstance(value, Logical)]
        return Logical(np.concatenate(flags))
    moments = [value for value in values if isinstance(value, Moments)]
    if len(moments) == len(values) and len({moment.unit for moment in moments}) == 1:
        joined = np.concatenate([moment.values for moment in moments])
        return replace(moments[0], values=joined, style=None)
    return np.concatenate([as_number(value, "c").reshape(-1) for value in values])


def _colon(site: CallSite, a: Value, b: Value) -> Value:
    if isinstance(a, Factor) and isinstance(b, Factor):
        from glmmvi.design.functions.factors import cross_factors

        return cross_factors(a, b, ":", first_slowest=True)
    low, high = one_number(a, "from"), one_number(b, "to")
    step = 1.0 if high >= low else -1.0
    sequence = low + step * np.arange(int(np.floor(abs(high - low) + 1e-10)) + 1)
    return sequence.astype(np.int64) if low == int(low) else sequence


def _seq(
    site: CallSite,
    from_: Value = None,
    to: Value = None,
    by: Value = None,
    length_out: Value = None,
    **other: Value,
) -> Value:
    start = other.get("from", from_)
    low = 1.0 if start is None else one_number(start, "from")
    if to is None:
        raise DataError(f"seq() needs from, to and by or length.out here: {site.text()}.")
    high = one_number(to, "to")
    if length_out is not None:
        return np.linspace(low, high, int(one_number(length_out, "length.out")))
    step = 1.0 if by is None else one_number(by, "by")
    return low + step * np.arange(int(np.floor((high - low) / step + 1e-10)) + 1)


def _rep(site: CallSite, x: Value, times: Value = None, each: Value = None) -> Value:
    repeats = 1 if times is None else int(one_number(times, "times"))
    every = 1 if each is None else int(one_number(each, "each"))
    return np.tile(np.repeat(as_number(x, "rep"), every), repeats)


def _quoted_name(site: CallSite, name: Value) -> Value:
    return site.evaluator.variable(one_string(name, "Q"))


def _offset(site: CallSite, object: Value) -> Value:
    return object


def _vector(site: CallSite, x: Value) -> Value:
    number: Any = x
    if isinstance(x, (Factor, Logical, Moments)) or x is None:
        return x
    number = as_number(x, "as.vector")
    return number[:, 0] if number.ndim == 2 and number.shape[1] == 1 else number.T.reshape(-1)


STRUCTURE: dict[str, RFunction] = {
    "(": RFunction(("x",), _identity),
    "I": RFunction(("x",), _identity),
    "identity": RFunction(("x",), _identity),
    "c": RFunction(("...",), _combine),
    ":": RFunction(("a", "b"), _colon),
    "seq": RFunction(("from", "to", "by", "length.out"), _seq),
    "rep": RFunction(("x", "times", "each"), _rep),
    "Q": RFunction(("name",), _quoted_name),
    "offset": RFunction(("object",), _offset),
    "as.vector": RFunction(("x",), _vector),
}
