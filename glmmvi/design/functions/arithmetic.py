"""R's operators and elementwise mathematics."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glmmvi.design.functions.coerce import as_number, as_text, like, one_number
from glmmvi.design.functions.r_function import CallSite, RFunction
from glmmvi.design.moments import in_unit, parse_moments
from glmmvi.design.values import Factor, Logical, Matrix, Moments, Value, strings_of
from glmmvi.errors import DataError, GlmmviWarning

Array = NDArray[Any]


def _pair(site: CallSite, x: Value, y: Value) -> tuple[Array, Array]:
    a, b = as_number(x, site.name), as_number(y, site.name)
    if a.ndim == 2 and b.ndim == 1:
        b = b[:, None]
    elif b.ndim == 2 and a.ndim == 1:
        a = a[:, None]
    if len(a) != len(b) and 1 not in (len(a), len(b)):
        raise DataError(f"lengths {len(a)} and {len(b)} differ in {site.text()}.")
    return a, b


def _exact(operation: Callable[[Array, Array], Array], a: Array, b: Array) -> Array:
    """The operation on integers, or on floats where the result could be too large for them."""
    if a.dtype.kind == b.dtype.kind == "i":
        largest = operation(_largest(a), _largest(b)), _largest(a) + _largest(b)
        if np.max(largest) >= 2.0**53:
            return operation(_floats(a), _floats(b))
    return operation(a, b)


def _largest(a: Array) -> NDArray[np.float64]:
    return np.abs(a.astype(np.float64)).max(initial=0.0, keepdims=True)


def _binary(operation: Callable[[Array, Array], Array]) -> RFunction:
    def run(site: CallSite, x: Value, y: Value) -> Value:
        a, b = _pair(site, x, y)
        with np.errstate(all="ignore"):
            result = _exact(operation, a, b)
        if result.ndim == 2:
            return like(x if isinstance(x, Matrix) else y, result)
        return result

    return RFunction(("x", "y"), run)


def _minus(site: CallSite, x: Value, y: Value = None) -> Value:
    if y is None and len(site.call.arguments) == 1:
        return like(x, -as_number(x, "-"))
    if isinstance(x, Moments):
        return _later(site, x, y, -1.0)
    a, b = _pair(site, x, y)
    return like(x if isinstance(x, Matrix) else y, _exact(np.subtract, a, b))


def _plus(site: CallSite, x: Value, y: Value = None) -> Value:
    if y is None and len(site.call.arguments) == 1:
        return like(x, as_number(x, "+"))
    for moment, other in ((x, y), (y, x)):
        if isinstance(moment, Moments) and not isinstance(other, Moments):
            return _later(site, moment, other, 1.0)
    a, b = _pair(site, x, y)
    return like(x if isinstance(x, Matrix) else y, _exact(np.add, a, b))


def _later(site: CallSite, x: Moments, y: Value, sign: float) -> Value:
    """A date and a number make a date; a date less a date is a number of days (or seconds)."""
    if isinstance(y, Moments) and y.unit != x.unit:
        raise DataError(f"{site.text()} mixes dates and times: as.Date() makes dates of times.")
    a, b = _pair(site, x, y)
    values = a + sign * b
    return values if isinstance(y, Moments) else replace(x, values=values, style=None)


def _floats(x: Array) -> Array:
    return x.astype(np.float64, copy=False)


def _integer_division(a: Array, b: Array) -> Array:
    result = np.floor_divide(_floats(a), _floats(b))
    return result.astype(np.int64) if a.dtype.kind == b.dtype.kind == "i" and b.all() else result


def _modulo(a: Array, b: Array) -> Array:
    result = np.mod(_floats(a), _floats(b)) + 0.0  # R has no negative zero here
    return result.astype(np.int64) if a.dtype.kind == b.dtype.kind == "i" and b.all() else result


def _power(a: Array, b: Array) -> Array:
    if b.size == 1 and b.reshape(-1)[0] == 2:
        a = _floats(a)
        return a * a
    return np.power(_floats(a), _floats(b))


def _nan_of(*arrays: Array) -> NDArray[np.bool_] | None:
    masks = [np.isnan(a) for a in arrays if a.dtype.kind == "f"]
    if not masks:
        return None
    missing = masks[0]
    for mask in masks[1:]:
        missing = missing | mask
    return missing if missing.any() else None


def _compare(symbol: str, operation: Callable[[Any, Any], Any]) -> RFunction:
    equality = symbol in ("==", "!=")

    def run(site: CallSite, x: Value, y: Value) -> Value:
        x, y = _text_as_moments(site, x, y), _text_as_moments(site, y, x)
        if isinstance(x, Factor) or isinstance(y, Factor):
            return _compare_factors(site, x, y)
        a, b = _pair(site, x, y)
        missing = _nan_of(a, b)
        values = operation(a, b)
        if values.ndim == 2:
            values = _one_column(site, values)
            missing = None if missing is None else missing[:, 0]
        if missing is not None:
            missing = np.broadcast_to(missing, values.shape)
        return Logical(values, missing)

    def _compare_factors(site: CallSite, x: Value, y: Value) -> Value:
        ordered = next((v for v in (x, y) if isinstance(v, Factor) and v.ordered), None)
        factor = next((v for v in (x, y) if isinstance(v, Factor) and not v.character), None)
        if ordered is None and factor is not None and not equality:
            raise DataError(
                f"‘{symbol}’ not meaningful for factors ({site.text()}): compare with == or !=, or "
                "use an ordered factor."
            )
        if ordered is not None:
            table: tuple[str, ...] | list[str] = ordered.levels
        else:
            texts = {t for v in (x, y) for t in _levels(v)}
            from glmmvi.design.collation import sort_strings

            table = sort_strings(texts)
        rank = {level: i for i, level in enumerate(table)}
        a, b = _ranks(x, rank), _ranks(y, rank)
        missing = (a == -1) | (b == -1)
        if not equality and (a == -2).any() | (b == -2).any():
            missing = missing | (a == -2) | (b == -2)
        return Logical(operation(a, b) & ~missing, missing if missing.any() else None)

    return RFunction(("x", "y"), run)


def _text_as_moments(site: CallSite, value: Value, other: Value) -> Value:
    """Text that is compared with dates is a date, as in R."""
    if isinstance(value, Factor) and value.character and isinstance(other, Moments):
        return parse_moments(list(strings_of(value)), other.unit, site.text(), other.zone)
    if isinstance(value, Moments) and isinstance(other, Moments) and value.unit != other.unit:
        return in_unit(value, "second")
    return value


def _levels(value: Value) -> tuple[str, ...]:
    return value.levels if isinstance(value, Factor) else as_text(value).levels


def _ranks(value: Value, rank: dict[str, int]) -> NDArray[np.intp]:
    factor = value if isinstance(value, Factor) else as_text(value)
    table = np.array([*(rank.get(level, -2) for level in factor.levels), -1], dtype=np.intp)
    return table[factor.codes]


def _logical(value: Value, site: CallSite) -> Logical:
    if isinstance(value, Logical):
        return value
    number = as_number(value, site.name)
    number = _one_column(site, number) if number.ndim == 2 else number
    return Logical(np.nan_to_num(number) != 0, _nan_of(number))


def _one_column(site: CallSite, values: Array) -> Array:
    if values.shape[1] != 1:
        raise DataError(
            f"{site.text()} makes a condition of a matrix with {values.shape[1]} columns: write "
            "one condition for each column."
        )
    return values[:, 0]


def _flags(site: CallSite, x: Value, y: Value) -> tuple[Logical, Logical]:
    """Two logicals of one length; a single value counts for every row."""
    both = _logical(x, site), _logical(y, site)
    lengths = {len(flags.values) for flags in both}
    n = max(lengths)
    if not lengths <= {1, n}:
        shown = " and ".join(map(str, sorted(lengths)))
        raise DataError(f"lengths {shown} differ in {site.text()}.")
    a, b = (
        Logical(
            np.broadcast_to(flags.values, n),
            None if flags.missing is None else np.broadcast_to(flags.missing, n),
        )
        for flags in both
    )
    return a, b


def _mask(value: Logical) -> NDArray[np.bool_]:
    return np.zeros(len(value.values), bool) if value.missing is None else value.missing


def _and(site: CallSite, x: Value, y: Value) -> Value:
    a, b = _flags(site, x, y)
    ma, mb = _mask(a), _mask(b)
    false = (~a.values & ~ma) | (~b.values & ~mb)
    missing = (ma | mb) & ~false
    return Logical(~false & ~missing, missing if missing.any() else None)


def _or(site: CallSite, x: Value, y: Value) -> Value:
    a, b = _flags(site, x, y)
    ma, mb = _mask(a), _mask(b)
    true = (a.values & ~ma) | (b.values & ~mb)
    missing = (ma | mb) & ~true
    return Logical(true, missing if missing.any() else None)


def _not(site: CallSite, x: Value) -> Value:
    a = _logical(x, site)
    return Logical(~a.values, a.missing)


def _is_na(site: CallSite, x: Value) -> Value:
    from glmmvi.design.values import length_of, missing_in

    missing = missing_in(x)
    return Logical(np.zeros(length_of(x), bool) if missing is None else missing)


def _kind_of_number(test: Callable[[Array], Array], text: bool) -> RFunction:
    """``is.finite`` and its like: a flag for each value; `text` is R's answer for a level."""

    def run(site: CallSite, x: Value) -> Value:
        if isinstance(x, Factor):
            flags = np.full(len(x.codes), text and not x.character)
            return Logical(flags & (x.codes >= 0))
        number = as_number(x, site.name)
        return Logical(test(_one_column(site, number) if number.ndim == 2 else number))

    return RFunction(("x",), run)


def _find_interval(site: CallSite, x: Value, vec: Value) -> Value:
    number, points = _floats(as_number(x, site.name)), _floats(as_number(vec, "vec"))
    if (np.diff(points) < 0).any():
        raise DataError(f"'vec' must be sorted non-decreasingly in {site.text()}.")
    found = np.searchsorted(points, number, side="right").astype(np.float64)
    found[np.isnan(number)] = np.nan
    return found


def _normal(density: bool) -> RFunction:
    def run(site: CallSite, mean: Value = None, sd: Value = None, **first: Value) -> Value:
        from scipy.special import ndtr

        (x,) = first.values() if first else (None,)
        number = _floats(as_number(x, site.name))
        scale = 1.0 if sd is None else one_number(sd, "sd")
        z = (number - (0.0 if mean is None else one_number(mean, "mean"))) / scale
        if density:
            return like(x, np.exp(-0.5 * z * z) / (scale * np.sqrt(2.0 * np.pi)))
        return like(x, ndtr(z))

    return RFunction(("x" if density else "q", "mean", "sd"), run)


def _across(*, mean: bool) -> RFunction:
    """``rowSums``, ``rowMeans``: one number a row of a matrix."""

    def run(site: CallSite, x: Value, na_rm: Value = None) -> Value:
        number = as_number(x, site.name)
        if number.ndim != 2:
            raise DataError(f"'x' must be a matrix in {site.text()}, such as cbind(a, b).")
        skip = na_rm is not None and one_number(na_rm, "na.rm") != 0
        counted = ~np.isnan(number) if skip else np.ones(number.shape, dtype=bool)
        total = np.where(counted, number, 0.0).sum(axis=1)
        with np.errstate(invalid="ignore"):
            return total / counted.sum(axis=1) if mean else total

    return RFunction(("x", "na.rm"), run)


def _in(site: CallSite, x: Value, table: Value) -> Value:
    known = {t for t in strings_of(as_text(table)) if t is not None}
    factor = as_text(x)
    found = np.array([*(level in known for level in factor.levels), False])
    return Logical(found[factor.codes])


def _elementwise(operation: Callable[[Array], Array]) -> RFunction:
    def run(site: CallSite, x: Value) -> Value:
        with np.errstate(all="ignore"):
            number = _floats(as_number(x, site.name))
            return like(x, _noticed(site, number, operation(number)))

    return RFunction(("x",), run)


def _noticed(site: CallSite, before: Array, after: Array) -> Array:
    """R's warning where a function made NaN of a number; the rows will be left out."""
    if not np.isfinite(after.sum()):
        made = int((np.isnan(after) & ~np.isnan(before)).sum())
        if made:
            warnings.warn(
                f"NaNs produced: {site.text()} has {made}, which count as missing values",
                GlmmviWarning,
                stacklevel=2,
            )
    return after


def _log(site: CallSite, x: Value, base: Value = None) -> Value:
    number = _floats(as_number(x, "log"))
    with np.errstate(all="ignore"):
        if base is None:
            return like(x, _noticed(site, number, np.log(number)))
        b = one_number(base, "base")
        if b == 2:
            return like(x, np.log2(number))
        return like(x, np.log10(number) if b == 10 else np.log(number) / np.log(b))


def _round(site: CallSite, x: Value, digits: Value = None) -> Value:
    places = 0 if digits is None else int(one_number(digits, "digits"))
    return like(x, np.round(as_number(x, "round"), places))


def _signif(site: CallSite, x: Value, digits: Value = None) -> Value:
    number = _floats(as_number(x, "signif"))
    places = 6 if digits is None else max(int(one_number(digits, "digits")), 1)
    texts = [float(f"{v:.{places - 1}e}") for v in number.reshape(-1)]
    return like(x, np.array(texts).reshape(number.shape))


def _xor(site: CallSite, x: Value, y: Value) -> Value:
    a, b = _flags(site, x, y)
    missing = _mask(a) | _mask(b)
    return Logical((a.values ^ b.values) & ~missing, missing if missing.any() else None)


def _atan2(site: CallSite, y: Value, x: Value) -> Value:
    a, b = _pair(site, y, x)
    return like(y if isinstance(y, Matrix) else x, np.arctan2(a, b))


def _abs(site: CallSite, x: Value) -> Value:
    return like(x, np.abs(as_number(x, "abs")))


def _parallel(operation: Callable[[Array, Array], Array], quiet: Any) -> RFunction:
    def run(site: CallSite, rest: list[tuple[str | None, Value]], na_rm: Value = None) -> Value:
        if not rest:
            raise DataError(f"no arguments in {site.text()}.")
        arrays = [as_number(value, site.name) for _, value in rest]
        skip = na_rm is not None and bool(one_number(na_rm, "na.rm"))
        result = arrays[0]
        for other in arrays[1:]:
            result = (quiet if skip else operation)(result, other)
        return like(rest[0][1], result)

    return RFunction(("...", "na.rm"), run)


def _ifelse(site: CallSite, test: Value, yes: Value, no: Value) -> Value:
    flag = _logical(test, site)
    if isinstance(yes, Factor) or isinstance(no, Factor):
        from glmmvi.design.intake import factor_from_strings

        n = len(flag.values)
        a = np.resize(np.array(strings_of(as_text(yes)), dtype=object), n)
        b = np.resize(np.array(strings_of(as_text(no)), dtype=object), n)
        chosen = np.where(flag.values, a, b)
        if flag.missing is not None:
            chosen[flag.missing] = None
        return factor_from_strings(chosen)
    if isinstance(yes, Logical) and isinstance(no, Logical):
        missing = np.where(flag.values, _mask(yes), _mask(no)) | _mask(flag)
        return Logical(
            np.where(flag.values, yes.values, no.values), missing if missing.any() else None
        )
    result = np.where(flag.values, as_number(yes, "ifelse"), as_number(no, "ifelse"))
    return result if flag.missing is None else np.where(flag.missing, np.nan, result)


def _logistic(x: Array) -> Array:
    return 0.5 * (1.0 + np.tanh(0.5 * x))


def _logit(x: Array) -> Array:
    return np.log(x) - np.log1p(-x)


_ELEMENTARY: dict[str, Callable[[Array], Array]] = {
    "exp": np.exp,
    "sqrt": np.sqrt,
    "log1p": np.log1p,
    "expm1": np.expm1,
    "log2": np.log2,
    "log10": np.log10,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "asin": np.arcsin,
    "acos": np.arccos,
    "atan": np.arctan,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "tanh": np.tanh,
    "floor": np.floor,
    "ceiling": np.ceil,
    "trunc": np.trunc,
    "sign": np.sign,
    "plogis": _logistic,
    "qlogis": _logit,
}

ARITHMETIC: dict[str, RFunction] = {
    "+": RFunction(("x", "y"), _plus),
    "-": RFunction(("x", "y"), _minus),
    "*": _binary(np.multiply),
    "/": _binary(np.true_divide),
    "^": _binary(_power),
    "**": _binary(_power),
    "%%": _binary(_modulo),
    "%/%": _binary(_integer_division),
    "%in%": RFunction(("x", "table"), _in),
    "==": _compare("==", np.equal),
    "!=": _compare("!=", np.not_equal),
    "<": _compare("<", np.less),
    "<=": _compare("<=", np.less_equal),
    ">": _compare(">", np.greater),
    ">=": _compare(">=", np.greater_equal),
    "&": RFunction(("x", "y"), _and),
    "|": RFunction(("x", "y"), _or),
    "&&": RFunction(("x", "y"), _and),
    "||": RFunction(("x", "y"), _or),
    "!": RFunction(("x",), _not),
    "is.na": RFunction(("x",), _is_na),
    "is.finite": _kind_of_number(np.isfinite, text=True),
    "is.infinite": _kind_of_number(np.isinf, text=False),
    "findInterval": RFunction(("x", "vec"), _find_interval),
    "pnorm": _normal(density=False),
    "dnorm": _normal(density=True),
    "rowSums": _across(mean=False),
    "rowMeans": _across(mean=True),
    "log": RFunction(("x", "base"), _log),
    "round": RFunction(("x", "digits"), _round),
    "signif": RFunction(("x", "digits"), _signif),
    "xor": RFunction(("x", "y"), _xor),
    "atan2": RFunction(("y", "x"), _atan2),
    "abs": RFunction(("x",), _abs),
    "pmin": _parallel(np.minimum, np.fmin),
    "pmax": _parallel(np.maximum, np.fmax),
    "ifelse": RFunction(("test", "yes", "no"), _ifelse),
    **{name: _elementwise(operation) for name, operation in _ELEMENTARY.items()},
}
