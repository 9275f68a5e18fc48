"""Dates and times: numbers that count from 1970, and that are text where a level needs a name."""

from __future__ import annotations

import datetime
import re
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from glmmvi.design.values import Moments
from glmmvi.errors import DataError

_STYLES = {"day": "%Y-%m-%d", "second": "%Y-%m-%d %H:%M:%S"}
_ISO = re.compile(r"\s*(\d{1,4})([-/])(\d{1,2})\2(\d{1,2})(?:[T ](\d{1,2}):(\d\d)(?::(\d\d))?)?")


def moments_from_array(array: NDArray[Any]) -> Moments:
    """A ``datetime64`` array: days count in days, anything finer in seconds, as R's classes.

    Examples
    --------
    >>> moments_from_array(np.array(["1970-01-03", "NaT"], dtype="datetime64[D]"))
    Moments(values=array([ 2., nan]), unit='day', style=None, zone=None)
    """
    unit = "day" if np.datetime_data(array.dtype)[0] == "D" else "second"
    step = np.timedelta64(1, "D" if unit == "day" else "s")
    counts = (array - np.datetime64(0, "s")) / step
    return Moments(np.where(np.isnat(array), np.nan, counts), unit)


def wall_clock(moments: Moments) -> pd.DatetimeIndex:
    """Calendar and clock of each moment in its time zone; NaT where it is missing.

    Examples
    --------
    >>> wall_clock(Moments(np.array([18264.0]), "day"))[0].day_name()
    'Friday'
    """
    missing = ~np.isfinite(moments.values)
    whole = np.floor(np.where(missing, 0.0, moments.values))
    code = "D" if moments.unit == "day" else "s"
    times = whole.astype(np.int64).astype(f"datetime64[{code}]").astype("datetime64[s]")
    times[missing] = np.datetime64("NaT")
    index = pd.DatetimeIndex(times)
    if moments.zone is None:
        return index
    return index.tz_localize("UTC").tz_convert(moments.zone).tz_localize(None)


def style_of(moments: Moments) -> str:
    """How R's ``as.character`` writes a vector of times: as dates if all are midnights.

    Examples
    --------
    >>> style_of(Moments(np.array([0.0, 86400.0]), "second"))
    'day'
    """
    if moments.style is not None:
        return moments.style
    if moments.unit == "day":
        return "day"
    clock = wall_clock(moments).dropna()
    return "day" if (clock == clock.normalize()).all() else "second"


def moment_texts(moments: Moments, pattern: str | None = None) -> NDArray[np.object_]:
    """Each moment as text, None where it is missing.

    Parameters
    ----------
    moments : Moments
        The dates or times.
    pattern : str, optional
        As in ``strftime``; by default R's ``as.character`` (4.2).

    Returns
    -------
    object, shape (n,)

    Examples
    --------
    >>> moment_texts(Moments(np.array([18264.0, np.nan]), "day")).tolist()
    ['2020-01-03', None]
    """
    clock = wall_clock(moments)
    texts = clock.strftime(pattern or _STYLES[style_of(moments)]).to_numpy(dtype=object).copy()
    texts[np.asarray(clock.isna())] = None
    return texts


def parse_moments(
    texts: NDArray[np.object_] | list[Any], unit: str, what: str, zone: Any = None
) -> Moments:
    """Texts such as ``2020-01-31`` or ``2020/1/31 10:30`` as dates or times.

    Parameters
    ----------
    texts : sequence of str or None
        None is missing; so is, as in R, what has not the form of the first text.
    unit : {"day", "second"}
        Dates or times.
    what : str
        The call, for the error.
    zone : tzinfo, optional
        Whose clock the texts tell.

    Returns
    -------
    Moments

    Raises
    ------
    DataError
        R's ``character string is not in a standard unambiguous format``.

    Examples
    --------
    >>> parse_moments(["1970-01-02", None], "day", "as.Date(x)").values
    array([ 1., nan])
    """
    values = np.full(len(texts), np.nan)
    separator = None
    for i, text in enumerate(texts):
        if text is None:
            continue
        found = _ISO.match(text)
        if separator is None:
            if found is None or _moment(found, unit) is None:
                raise DataError(
                    f"character string is not in a standard unambiguous format: {what} met "
                    f"{text!r}, where 2020-01-31 or 2020/01/31 is expected."
                )
            separator = found.group(2)
        if found is not None and found.group(2) == separator:
            value = _moment(found, unit)
            values[i] = np.nan if value is None else value
    if zone is None or unit == "day":
        return Moments(values, unit)
    clock = wall_clock(Moments(values, unit)).tz_localize(
        zone, nonexistent="shift_forward", ambiguous="NaT"
    )
    utc = clock.tz_convert("UTC").tz_localize(None).to_numpy()
    return replace(moments_from_array(utc), zone=zone)


def _moment(found: re.Match[str], unit: str) -> float | None:
    year, month, day, hour, minute, second = (
        int(part or 0) for part in found.group(1, 3, 4, 5, 6, 7)
    )
    try:
        moment = datetime.datetime(year, month, day, hour, minute, min(second, 59))
    except ValueError:
        return None
    days = (moment.date() - datetime.date(1970, 1, 1)).days
    return days if unit == "day" else days * 86400.0 + hour * 3600 + minute * 60 + second


def in_unit(moments: Moments, unit: str) -> Moments:
    """The same moments counted in days or in seconds (a time's date is that of its zone).

    Examples
    --------
    >>> in_unit(Moments(np.array([90000.0]), "second"), "day").values
    array([1.])
    """
    if moments.unit == unit:
        return moments
    if unit == "second":
        return replace(moments, values=moments.values * 86400.0, unit=unit, style=None)
    return moments_from_array(wall_clock(moments).to_numpy().astype("datetime64[D]"))
