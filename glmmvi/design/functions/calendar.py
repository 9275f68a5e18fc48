"""R's functions of dates and times."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from glmmvi.design.functions.coerce import as_number, as_text, one_string, string_list
from glmmvi.design.functions.r_function import CallSite, RFunction
from glmmvi.design.intake import factor_from_strings
from glmmvi.design.moments import (
    in_unit,
    moment_texts,
    moments_from_array,
    parse_moments,
    style_of,
    wall_clock,
)
from glmmvi.design.values import Factor, Logical, Moments, Value, strings_of
from glmmvi.errors import DataError

_CALENDAR_STEPS = {"month": 1, "quarter": 3, "year": 12}
_FIXED_STEPS = {"sec": 1, "min": 60, "hour": 3600, "day": 86400, "week": 7 * 86400}


def as_moments(value: Value, unit: str, what: str) -> Moments:
    """Dates or times of a value: dates and times as they are, text in R's standard formats.

    Parameters
    ----------
    value : Value
        Dates, times, text or nothing but missing values.
    unit : {"day", "second"}
        What is wanted.
    what : str
        The call, for the error.

    Returns
    -------
    Moments

    Raises
    ------
    DataError
        If the text is not a date, or the value is a number.

    Examples
    --------
    >>> as_moments(factor_from_strings(["1970-01-02"]), "day", "as.Date(x)").values
    array([1.])
    """
    if isinstance(value, Moments):
        return in_unit(value, unit)
    if isinstance(value, Factor):
        table = parse_moments(list(strings_of(value)), unit, what)
        return table
    if isinstance(value, Logical) and value.missing is not None and value.missing.all():
        return Moments(np.full(len(value.values), np.nan), unit)
    raise DataError(
        f"'origin' must be supplied: {what} met numbers, not dates or text. For days since a date "
        'write as.Date(x, origin = "1970-01-01").'
    )


def _as_date(
    site: CallSite, x: Value, format: Value = None, origin: Value = None, tz: Value = None
) -> Value:
    if format is not None:
        table = as_text(x)
        parsed = pd.to_datetime(
            pd.Series([*table.levels, None], dtype=object),
            format=one_string(format, "format"),
            errors="coerce",
        )
        return moments_from_array(parsed.to_numpy().astype("datetime64[D]")[table.codes])
    if origin is not None and not isinstance(x, (Moments, Factor)):
        start = as_moments(origin, "day", site.text())
        return replace(start, values=start.values + as_number(x, "as.Date"))
    return as_moments(x, "day", site.text())


def _dates_only(site: CallSite, x: Value) -> Moments:
    if not isinstance(x, Moments):
        raise DataError(
            f"no applicable method: {site.name}() is for dates and times, and {site.text()} met "
            "something else; as.Date() makes dates of text."
        )
    return x


def _format(site: CallSite, x: Value, format: Value = None) -> Value:
    pattern = None if format is None else one_string(format, "format")
    return factor_from_strings(moment_texts(_dates_only(site, x), pattern))


def _calendar(pattern: str) -> RFunction:
    def run(site: CallSite, x: Value) -> Value:
        return factor_from_strings(moment_texts(_dates_only(site, x), pattern))

    return RFunction(("x",), run)


def _quarters(site: CallSite, x: Value) -> Value:
    quarter = wall_clock(_dates_only(site, x)).quarter
    return factor_from_strings([None if np.isnan(q) else f"Q{int(q)}" for q in quarter])


def cut_moments(site: CallSite, x: Moments, breaks: Value, labels: Value, right: bool) -> Factor:
    """R's ``cut`` of dates and times: intervals named after dates, closed on the left.

    For a number of intervals R names each after the first of its dates in the order of the
    rows; so do we (R mixes these names up where the intervals do not appear in order).

    Parameters
    ----------
    site : CallSite
        Keeps the breaks and the names of the fit.
    x : Moments
        Dates or times.
    breaks : Value
        A number of intervals, dates, or a text such as ``"2 weeks"``.
    labels : Value
        Names in place of the dates, or None.
    right : bool
        Whether the intervals are closed on the right.

    Returns
    -------
    Factor
    """
    state = site.state
    if "breaks" not in state:
        state["breaks"] = _breaks(site, x, breaks)
    points = state["breaks"]
    count = len(points) - 1
    codes = np.searchsorted(points, x.values, side="left" if right else "right") - 1
    outside = (codes < 0) | (codes >= count) | np.isnan(x.values)
    codes = np.where(outside, -1, codes).astype(np.intp)
    if labels is not None:
        names = string_list(labels, "labels")
        if len(names) != count:
            raise DataError(
                f"number of intervals and length of 'labels' differ: {count} and {len(names)}."
            )
        return Factor(codes, tuple(names))
    if "names" not in state:
        starts = points[:-1].copy()
        if isinstance(breaks, np.ndarray):  # the first date of each interval
            found, first = np.unique(codes, return_index=True)
            starts[found[found >= 0]] = x.values[first[found >= 0]]
            style = style_of(x)
        else:
            style = style_of(Moments(starts, x.unit, zone=x.zone))
        texts = moment_texts(Moments(starts, x.unit, style, x.zone))
        state["names"] = tuple(str(text) for text in texts)
    return Factor(codes, state["names"])


def _breaks(site: CallSite, x: Moments, breaks: Value) -> np.ndarray:
    low, high = float(np.nanmin(x.values)), float(np.nanmax(x.values))
    if isinstance(breaks, Moments):
        points = np.sort(in_unit(breaks, x.unit).values)
        if len(points) < 2 or (np.diff(points) == 0).any():
            raise DataError("'breaks' are not unique: cut() needs distinct break points.")
        return points
    if isinstance(breaks, Factor) and len(breaks.codes) == 1:
        return _stepped(site, x, breaks.levels[0], low, high)
    if not isinstance(breaks, np.ndarray) or breaks.size != 1:
        raise DataError(
            f"invalid specification of 'breaks': {site.text()} cuts dates by a number of "
            'intervals, by dates, as.Date(c("2020-01-01", ...)), or by a text such as "month".'
        )
    if not breaks[0] >= 2:
        raise DataError("invalid number of intervals: cut() needs at least 2.")
    span = (high - low) or abs(low) or 1.0
    points = np.linspace(low, high, int(breaks[0]) + 1)
    points[0], points[-1] = low - span / 1000, high + span / 1000
    return points


def _stepped(site: CallSite, x: Moments, text: str, low: float, high: float) -> np.ndarray:
    number, _, word = text.rpartition(" ")
    name = word.removesuffix("s")
    known = [*_FIXED_STEPS, *_CALENDAR_STEPS]
    known = known[3:] if x.unit == "day" else known
    if name not in known or (number and not number.isdigit()) or number == "0":
        raise DataError(
            f"invalid specification of 'breaks' in {site.text()}: {text!r} is not one of "
            f"{', '.join(known)}, with or without a number before it."
        )
    step = int(number or 1)
    clock = wall_clock(replace(x, values=np.array([low, high])))
    start, end = clock[0], clock[1]
    if name in _CALENDAR_STEPS:
        months = _CALENDAR_STEPS[name]
        start = start.normalize().replace(day=1, month=(start.month - 1) // months * months + 1)
        if name == "year":
            start = start.replace(month=1)
        offset: pd.DateOffset = pd.DateOffset(months=months * step)
    else:
        units = {"sec": "s", "min": "min", "hour": "h"}
        start = start.floor(units.get(name, "D"))
        if name == "week":
            start -= pd.Timedelta(days=start.weekday())
        offset = pd.DateOffset(seconds=_FIXED_STEPS[name] * step)
    points = [start]
    while points[-1] <= end:
        points.append(points[-1] + offset)
    index = pd.DatetimeIndex(points)
    if x.zone is not None:
        index = index.tz_localize(x.zone, nonexistent="shift_forward", ambiguous=True)
        index = index.tz_convert("UTC").tz_localize(None)
    return in_unit(moments_from_array(index.to_numpy().astype("datetime64[s]")), x.unit).values


CALENDAR: dict[str, RFunction] = {
    "as.Date": RFunction(("x", "format", "origin", "tz"), _as_date),
    "format": RFunction(("x", "format"), _format),
    "months": _calendar("%B"),
    "weekdays": _calendar("%A"),
    "quarters": RFunction(("x",), _quarters),
}
"""Dates and times; ``cut`` is with the other functions that learn from the data."""
