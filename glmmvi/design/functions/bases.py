"""R's functions that learn from the data: ``poly ns bs scale cut`` and the summaries."""

from __future__ import annotations

import warnings
from dataclasses import replace
from itertools import pairwise, product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glmmvi.design.formulaic_bridge import b_spline_basis, orthogonal_polynomials
from glmmvi.design.functions.calendar import cut_moments
from glmmvi.design.functions.coerce import as_number, one_flag, one_number, string_list
from glmmvi.design.functions.r_function import CallSite, RFunction
from glmmvi.design.values import Factor, Logical, Matrix, Moments, Value
from glmmvi.errors import DataError, GlmmviWarning
from glmmvi.formula.expression import Constant, Expression

Floats = NDArray[np.float64]


def _vector(value: Value, function: str) -> Floats:
    number = as_number(value, function)
    if number.ndim == 2:
        if number.shape[1] != 1:
            raise DataError(f"{function} takes a vector, not a matrix.")
        number = number[:, 0]
    number = number.astype(np.float64, copy=False)
    if np.isinf(number).any():
        raise DataError(f"NA/NaN/Inf in foreign function call: {function}() met an infinite value.")
    return number


def _poly(
    site: CallSite,
    x: Value,
    rest: list[tuple[str | None, Value]],
    degree: Value = None,
    coefs: Expression | None = None,
    raw: Value = None,
    simple: Value = None,
) -> Value:
    if coefs is not None and coefs != Constant("NULL"):
        raise DataError(
            f"poly(coefs = ) is not supported ({site.text()}): the basis of the fit is kept for "
            "new data without it. For a basis from elsewhere add its columns to the data."
        )
    variables = [x]
    for name, value in rest:
        if name is not None:
            raise DataError(f"unused argument ({name}) in {site.text()}.")
        variables.append(value)
    if degree is None and len(variables) > 1 and _is_scalar(variables[-1]):
        degree = variables.pop()  # poly(x, 2): an unnamed argument of length one is the degree
    d = 1 if degree is None else int(one_number(degree, "degree"))
    if d < 1:
        raise DataError("'degree' must be at least 1.")
    is_raw = raw is not None and one_flag(raw, "raw")
    variables = [
        column
        for value in variables
        for column in (value.values.T if isinstance(value, Matrix) else [value])
    ]
    bases = [_one_poly(site, i, v, d, is_raw) for i, v in enumerate(variables)]
    if len(bases) == 1:
        return Matrix(bases[0], tuple(str(i) for i in range(1, d + 1)))
    ones = np.ones((len(bases[0]), 1))
    padded = [np.hstack([ones, basis]) for basis in bases]
    powers = [p[::-1] for p in product(range(d + 1), repeat=len(bases)) if 0 < sum(p) <= d]
    columns = [np.prod([b[:, k] for b, k in zip(padded, p, strict=True)], axis=0) for p in powers]
    return Matrix(np.column_stack(columns), tuple(".".join(map(str, p)) for p in powers))


def _is_scalar(value: Value) -> bool:
    return isinstance(value, np.ndarray) and value.size == 1


def _one_poly(site: CallSite, i: int, value: Value, degree: int, raw: bool) -> Floats:
    number = _vector(value, "poly")
    if raw:
        return number[:, None] ** np.arange(1, degree + 1)
    state = site.state.setdefault(f"poly{i}", {})
    if not state and degree >= len(np.unique(number[~np.isnan(number)])):
        raise DataError(
            f"'degree' must be less than number of unique points ({site.text()}: degree {degree})."
        )
    return orthogonal_polynomials(number, degree, state)


def _knots(knots: Value) -> list[float] | None:
    return None if knots is None else sorted(float(k) for k in as_number(knots, "knots"))


def _boundary(value: Value) -> tuple[float, float] | None:
    if value is None:
        return None
    low, high = (float(b) for b in as_number(value, "Boundary.knots"))
    return low, high


def _bs(
    site: CallSite,
    x: Value,
    df: Value = None,
    knots: Value = None,
    degree: Value = None,
    intercept: Value = None,
    Boundary_knots: Value = None,
) -> Value:
    number = _vector(x, "bs")
    d = 3 if degree is None else int(one_number(degree, "degree"))
    with_intercept = intercept is not None and one_flag(intercept, "intercept")
    inner = _knots(knots)
    wanted = None if df is None or inner is not None else int(one_number(df, "df"))
    if wanted is not None and wanted < d + with_intercept:
        wanted = d + with_intercept
        warnings.warn(
            f"'df' was too small; have used {wanted} ({site.text()})", GlmmviWarning, stacklevel=2
        )
    basis = b_spline_basis(
        number,
        df=wanted,
        knots=inner,
        degree=d,
        intercept=with_intercept,
        boundary=_boundary(Boundary_knots),
        state=site.state,
    )
    return Matrix(basis, tuple(str(i + 1) for i in range(basis.shape[1])))


def _ns(
    site: CallSite,
    x: Value,
    df: Value = None,
    knots: Value = None,
    intercept: Value = None,
    Boundary_knots: Value = None,
) -> Value:
    number = _vector(x, "ns")
    state = site.state
    if "knots" not in state:
        with_intercept = intercept is not None and one_flag(intercept, "intercept")
        present = number[~np.isnan(number)]
        boundary = _boundary(Boundary_knots)
        if boundary is None:
            boundary = (float(present.min()), float(present.max()))
        inner = _knots(knots)
        if inner is None:
            count = 0 if df is None else int(one_number(df, "df")) - 1 - with_intercept
            inside = present[(present >= boundary[0]) & (present <= boundary[1])]
            inner = (
                np.quantile(inside, np.linspace(0, 1, count + 2)[1:-1]).tolist()
                if count > 0
                else []
            )
        state.update(knots=inner, boundary=boundary, intercept=with_intercept)
    basis = _natural_spline(number, state["knots"], state["boundary"], state["intercept"])
    return Matrix(basis, tuple(str(i + 1) for i in range(basis.shape[1])))


def _natural_spline(
    x: Floats, knots: list[float], boundary: tuple[float, float], intercept: bool
) -> Floats:
    """R's ``ns``: cubic B-splines, the second derivatives at the boundary projected out."""
    from scipy.interpolate import BSpline

    low, high = boundary
    every = np.sort(np.concatenate([np.repeat(boundary, 4), knots]))
    count = len(every) - 4
    spline = BSpline(every, np.eye(count), 3)
    basis = np.full((len(x), count), np.nan)
    inside = (x >= low) & (x <= high)
    basis[inside] = spline(x[inside])
    for outside, at in ((x < low, low), (x > high, high)):
        if outside.any():  # linear beyond the boundary
            basis[outside] = spline(at) + (x[outside] - at)[:, None] * spline(at, 1)
    constraint = spline(np.array(boundary), 2)
    first = 0 if intercept else 1
    q, _ = np.linalg.qr(constraint[:, first:].T, mode="complete")
    return basis[:, first:] @ q[:, 2:]


def _scale(site: CallSite, x: Value, center: Value = None, scale: Value = None) -> Value:
    number = as_number(x, "scale").astype(np.float64)
    columns = number if number.ndim == 2 else number[:, None]
    state = site.state
    if "center" not in state:
        state["center"] = _statistic(center, columns, None)
        state["scale"] = _statistic(scale, columns - state["center"], "sd")
    names = x.names if isinstance(x, Matrix) else None
    with np.errstate(divide="ignore", invalid="ignore"):  # 0 / 0: refused by name later
        return Matrix((columns - state["center"]) / state["scale"], names)


def _statistic(option: Value, columns: Floats, kind: str | None) -> Floats:
    wanted = True
    if isinstance(option, Logical):
        wanted = one_flag(option, "center")
    elif option is not None:
        return as_number(option, "scale").astype(np.float64)
    width = columns.shape[1]
    if not wanted:
        return np.ones(width) if kind else np.zeros(width)
    if kind is None:
        return np.asarray(np.nanmean(columns, axis=0))
    count = (~np.isnan(columns)).sum(axis=0)
    return np.asarray(np.sqrt(np.nansum(columns**2, axis=0) / np.maximum(count - 1, 1)))


def _cut(
    site: CallSite,
    x: Value,
    breaks: Value,
    labels: Value = None,
    include_lowest: Value = None,
    right: Value = None,
    dig_lab: Value = None,
    ordered_result: Value = None,
) -> Value:
    if isinstance(x, Moments) and not isinstance(labels, Logical):
        return _cut_moments(site, x, breaks, labels, right, ordered_result)
    number = as_number(x, "cut").astype(np.float64)
    closed_right = right is None or one_flag(right, "right")
    lowest = include_lowest is not None and one_flag(include_lowest, "include.lowest")
    state = site.state
    if "breaks" not in state:
        state["breaks"] = _breaks(as_number(breaks, "breaks").astype(np.float64), number)
    points: Floats = state["breaks"]
    count = len(points) - 1
    codes = np.searchsorted(points, number, side="left" if closed_right else "right") - 1
    if lowest:
        codes[number == (points[0] if closed_right else points[-1])] = (
            0 if closed_right else count - 1
        )
    codes = np.where((codes < 0) | (codes >= count) | np.isnan(number), -1, codes).astype(np.intp)
    if isinstance(labels, Logical) and not one_flag(labels, "labels"):
        return np.where(codes < 0, np.nan, codes + 1.0)
    if labels is None:
        digits = 3 if dig_lab is None else int(one_number(dig_lab, "dig.lab"))
        levels = _interval_labels(points, digits, closed_right, lowest)
    else:
        levels = string_list(labels, "labels")
        if len(levels) != count:
            raise DataError(
                f"number of intervals and length of 'labels' differ: {count} and {len(levels)}."
            )
    ordered = ordered_result is not None and one_flag(ordered_result, "ordered_result")
    return Factor(codes, tuple(levels), ordered=ordered)


def _cut_moments(
    site: CallSite, x: Moments, breaks: Value, labels: Value, right: Value, ordered: Value
) -> Value:
    closed_right = right is not None and one_flag(right, "right")  # R cuts dates on the left
    result = cut_moments(site, x, breaks, labels, closed_right)
    return replace(result, ordered=ordered is not None and one_flag(ordered, "ordered_result"))


def _breaks(breaks: Floats, x: Floats) -> Floats:
    if breaks.size == 1:
        if not breaks[0] >= 2:
            raise DataError("invalid number of intervals: cut() needs at least 2.")
        low, high = float(np.nanmin(x)), float(np.nanmax(x))
        span = high - low
        count = int(breaks[0]) + 1
        if span == 0:
            span = abs(low) if low != 0 else 1.0
            return np.linspace(low - span / 1000, high + span / 1000, count)
        points = np.linspace(low, high, count)
        points[0], points[-1] = low - span / 1000, high + span / 1000
        return points
    points = np.sort(breaks)
    if (np.diff(points) == 0).any():
        raise DataError("'breaks' are not unique: cut() needs distinct break points.")
    return points


def _interval_labels(points: Floats, digits: int, right: bool, lowest: bool) -> list[str]:
    for precision in range(digits, max(12, digits) + 1):
        texts = [" Inf" if p == np.inf else f"{p:.{precision}g}" for p in points]
        texts = ["-Inf" if t == "-inf" else t for t in texts]
        if all(a != b for a, b in pairwise(texts)):
            break
    opening, closing = ("(", "]") if right else ("[", ")")
    labels = [f"{opening}{a},{b}{closing}" for a, b in pairwise(texts)]
    if lowest:
        if right:
            labels[0] = "[" + labels[0][1:]
        else:
            labels[-1] = labels[-1][:-1] + "]"
    return labels


def _summary(name: str, statistic: Any) -> RFunction:
    def run(site: CallSite, x: Value, na_rm: Value = None) -> Value:
        if "value" not in site.state:
            number = as_number(x, name).astype(np.float64)
            if na_rm is not None and one_flag(na_rm, "na.rm"):
                number = number[~np.isnan(number)]
            site.state["value"] = float(statistic(number))
        result = np.array([site.state["value"]])
        if isinstance(x, Moments) and name in ("mean", "median", "min", "max"):
            return replace(x, values=result)
        return result

    return RFunction(("x", "na.rm"), run)


def _quantile(site: CallSite, x: Value, probs: Value = None, na_rm: Value = None) -> Value:
    if "value" not in site.state:
        number = as_number(x, "quantile").astype(np.float64)
        missing = np.isnan(number)
        if missing.any() and not (na_rm is not None and one_flag(na_rm, "na.rm")):
            raise DataError("missing values and NaN's not allowed if 'na.rm' is FALSE: quantile().")
        at = np.linspace(0, 1, 5) if probs is None else as_number(probs, "probs")
        site.state["value"] = np.quantile(number[~missing], at)
    return np.asarray(site.state["value"])


BASES: dict[str, RFunction] = {
    "poly": RFunction(
        ("x", "...", "degree", "coefs", "raw", "simple"), _poly, frozenset({"coefs"})
    ),
    "bs": RFunction(("x", "df", "knots", "degree", "intercept", "Boundary.knots"), _bs),
    "ns": RFunction(("x", "df", "knots", "intercept", "Boundary.knots"), _ns),
    "scale": RFunction(("x", "center", "scale"), _scale),
    "cut": RFunction(
        ("x", "breaks", "labels", "include.lowest", "right", "dig.lab", "ordered_result"), _cut
    ),
    "quantile": RFunction(("x", "probs", "na.rm"), _quantile),
    "mean": _summary("mean", np.mean),
    "median": _summary("median", np.median),
    "sd": _summary("sd", lambda x: np.std(x, ddof=1)),
    "var": _summary("var", lambda x: np.var(x, ddof=1)),
    "min": _summary("min", np.min),
    "max": _summary("max", np.max),
    "sum": _summary("sum", np.sum),
}
