"""R's functions that make or change factors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from glmmvi.design.contrasts import CONTRAST_NAMES, complete_coding, named_coding, resolve_coding
from glmmvi.design.functions.coerce import (
    as_factor,
    as_number,
    as_text,
    one_flag,
    one_number,
    one_string,
    string_list,
)
from glmmvi.design.functions.r_function import CallSite, RFunction
from glmmvi.design.intake import factor_from_strings
from glmmvi.design.values import (
    Coding,
    Factor,
    Logical,
    Matrix,
    Moments,
    Value,
    drop_unused_levels,
    length_of,
    strings_of,
)
from glmmvi.errors import DataError
from glmmvi.formula.expression import Expression, Symbol


def relabel(factor: Factor, levels: tuple[str, ...]) -> Factor:
    """The same values on other levels; values that are not among them become missing.

    Examples
    --------
    >>> relabel(Factor(np.array([0, 1]), ("a", "b")), ("b",)).codes
    array([-1,  0])
    """
    if factor.levels == levels:
        return factor
    position = {level: i for i, level in enumerate(levels)}
    table = np.array([*(position.get(level, -1) for level in factor.levels), -1], dtype=np.intp)
    return replace(factor, codes=table[factor.codes], levels=levels, coding=None)


def _remember(site: CallSite, factor: Factor) -> Factor:
    """Keep the levels of the fit; levels that are new come after them."""
    known: tuple[str, ...] | None = site.state.get("levels")
    if known is None:
        site.state["levels"] = factor.levels
        return factor
    new = tuple(level for level in factor.levels if level not in set(known))
    return relabel(factor, known + new)


def _factor(
    site: CallSite,
    x: Value,
    levels: Value = None,
    labels: Value = None,
    exclude: Expression | None = None,
    ordered: Value = None,
) -> Value:
    factor, banned = as_factor(x), _excluded(site, exclude)
    if None not in banned:
        factor = _with_na_level(site, factor)
    if levels is not None:
        wanted = ["NA" if t is None and None not in banned else t for t in _texts_in(levels)]
        factor = relabel(factor, tuple(t for t in wanted if t is not None and t not in banned))
    elif labels is not None and "unlabelled" in site.state:
        factor = relabel(factor, site.state["unlabelled"])
    else:
        factor = drop_unused_levels(factor)
        factor = relabel(factor, tuple(t for t in factor.levels if t not in banned))
    if labels is not None:
        site.state.setdefault("unlabelled", factor.levels)
        names = string_list(labels, "labels")
        k = len(factor.levels)
        if len(names) == 1 and k > 1:
            names = [f"{names[0]}{i + 1}" for i in range(k)]
        if len(names) != k:
            raise DataError(
                f"invalid 'labels'; length {len(names)} should be 1 or {k} in {site.text()}."
            )
        unique = tuple(dict.fromkeys(names))
        codes = np.array([*(unique.index(n) for n in names), -1], dtype=np.intp)[factor.codes]
        factor = replace(factor, codes=codes, levels=unique)
    is_ordered = factor.ordered if ordered is None else one_flag(ordered, "ordered")
    factor = replace(factor, ordered=is_ordered, coding=None, character=False)
    return factor if levels is not None else _remember(site, factor)


def _excluded(site: CallSite, exclude: Expression | None) -> set[str | None]:
    """Texts that make no level; None among them means that NA makes none (R's default)."""
    if exclude is None:
        return {None}
    value = site.evaluator.evaluate(exclude)
    return set() if value is None else set(_texts_in(value))


def _texts_in(value: Value) -> list[str | None]:
    return list(strings_of(as_text(value)))


def _with_na_level(site: CallSite, factor: Factor) -> Factor:
    """R's level NA, the last one: a value like the others, so its rows stay."""
    if "NA" in factor.levels:
        raise DataError(
            f'{site.text()}: there is a level "NA" already, beside the missing values; rename it.'
        )
    codes = np.where(factor.codes < 0, len(factor.levels), factor.codes).astype(np.intp)
    return replace(factor, codes=codes, levels=(*factor.levels, "NA"), coding=None)


def _add_na(site: CallSite, x: Value, ifany: Value = None) -> Value:
    factor = as_factor(x)
    some = site.state.setdefault("any", bool((factor.codes < 0).any()))
    if ifany is not None and one_flag(ifany, "ifany") and not some:
        return _remember(site, factor)
    known = site.state.get("levels", factor.levels)
    before = tuple(level for level in known if level != "NA")
    new = tuple(level for level in factor.levels if level not in set(before))
    return _remember(site, _with_na_level(site, relabel(factor, before + new)))


def _ordered(
    site: CallSite,
    x: Value,
    levels: Value = None,
    labels: Value = None,
    exclude: Expression | None = None,
) -> Value:
    result = _factor(site, x, levels, labels, exclude)
    assert isinstance(result, Factor)
    return replace(result, ordered=True)


def _as_ordered(site: CallSite, x: Value) -> Value:
    return replace(_remember(site, as_factor(x)), ordered=True, coding=None)


def _as_factor(site: CallSite, x: Value) -> Value:
    return _remember(site, as_factor(x))


def _droplevels(site: CallSite, x: Value) -> Value:
    return _remember(site, drop_unused_levels(as_factor(x)))


def _relevel(site: CallSite, x: Value, ref: Value, rest: Any = None) -> Value:
    factor = as_factor(x)
    if factor.ordered:
        raise DataError("'relevel' only for (unordered) factors.")
    if isinstance(ref, np.ndarray):
        position, k = int(one_number(ref, "ref")), len(factor.levels)
        if not 1 <= position <= k:
            raise DataError(
                f"ref = {position} must be in 1L:{k}: the levels of {site.text()} are "
                f"{', '.join(factor.levels)}."
            )
        first = factor.levels[position - 1]
    else:
        first = one_string(ref, "ref")
    if first not in factor.levels:
        raise DataError(
            f"'ref' must be an existing level: {first!r} is not among {', '.join(factor.levels)}."
        )
    others = tuple(level for level in factor.levels if level != first)
    return _remember(site, relabel(factor, (first, *others)))


def cross_factors(a: Factor, b: Factor, sep: str, *, first_slowest: bool) -> Factor:
    """All combinations of two factors' levels, with those of unseen rows.

    Examples
    --------
    >>> a = Factor(np.array([0, 1]), ("a", "b"))
    >>> cross_factors(a, a, ":", first_slowest=True).levels
    ('a:a', 'a:b', 'b:a', 'b:b')
    """
    ka, kb = len(a.levels), len(b.levels)
    missing = (a.codes < 0) | (b.codes < 0)
    if first_slowest:
        codes = a.codes * kb + b.codes
        levels = tuple(f"{x}{sep}{y}" for x in a.levels for y in b.levels)
    else:
        codes = a.codes + b.codes * ka
        levels = tuple(f"{x}{sep}{y}" for y in b.levels for x in a.levels)
    return Factor(np.where(missing, -1, codes).astype(np.intp, copy=False), levels)


def _interaction(
    site: CallSite,
    rest: list[tuple[str | None, Value]],
    drop: Value = None,
    sep: Value = None,
    lex_order: Value = None,
) -> Value:
    if not rest:
        raise DataError("No factors specified in interaction().")
    separator = "." if sep is None else one_string(sep, "sep")
    lexical = lex_order is not None and one_flag(lex_order, "lex.order")
    factors = [as_factor(value) for _, value in rest]
    result = factors[0]
    for other in factors[1:]:
        result = cross_factors(result, other, separator, first_slowest=lexical)
    result = replace(result, ordered=False, coding=None, character=False)
    if drop is not None and one_flag(drop, "drop"):
        result = drop_unused_levels(result)
    return _remember(site, result)


def _paste(
    site: CallSite,
    rest: list[tuple[str | None, Value]],
    sep: Value = None,
    collapse: Value = None,
) -> Value:
    default = "" if site.name == "paste0" else " "
    separator = default if sep is None else one_string(sep, "sep")
    columns = [strings_of(as_text(value)) for _, value in rest]
    n = max((len(column) for column in columns), default=0)
    columns = [column * (n // max(len(column), 1)) for column in columns]
    rows = zip(*columns, strict=True)
    joined = [separator.join("NA" if text is None else text for text in row) for row in rows]
    return factor_from_strings(joined)


def _as_numeric(site: CallSite, x: Value) -> Value:
    if isinstance(x, Factor):
        if x.character:
            return np.array([_parse_number(t) for t in strings_of(x)])
        known = site.state.setdefault("levels", x.levels)
        if x.levels != known:
            unseen = sorted(set(x.levels) - set(known))
            if unseen:
                raise DataError(f"factor {site.text()} has new level {unseen[0]}.")
            x = relabel(x, known)
        return np.where(x.codes < 0, np.nan, x.codes + 1.0)
    if isinstance(x, Matrix):
        return x.values[:, 0] if x.values.shape[1] == 1 else x.values.T.reshape(-1)
    number = as_number(x, "as.numeric")
    return number.astype(np.float64)


def _parse_number(text: str | None) -> float:
    if text is None or text == "NA":
        return np.nan
    try:
        return float(text)
    except ValueError:
        raise DataError(f"NAs introduced by coercion: {text!r} is not a number.") from None


def _as_integer(site: CallSite, x: Value) -> Value:
    number = as_number(_as_numeric(site, x), "as.integer")
    return np.trunc(number) if np.isnan(number).any() else number.astype(np.int64)


def _as_logical(site: CallSite, x: Value) -> Value:
    if isinstance(x, Factor):
        table = {"TRUE": 1, "T": 1, "true": 1, "FALSE": 0, "F": 0, "false": 0}
        codes = np.array([*(table.get(level, -1) for level in x.levels), -1])[x.codes]
        missing = codes < 0
        return Logical(codes > 0, missing if missing.any() else None)
    if isinstance(x, Logical):
        return x
    number = as_number(x, "as.logical")
    missing = np.isnan(number)
    return Logical((number != 0) & ~missing, missing if missing.any() else None)


_SHORT = {"sum", "helmert", "treatment", "poly", "SAS"}


def _contrasts(
    site: CallSite,
    object: Value,
    contr: Expression | None = None,
    how_many: Value = None,
    rest: list[tuple[str | None, Value]] | None = None,
) -> Value:
    factor = as_factor(object)
    options = dict(rest or [])
    base = options.pop("base", None)
    scores = options.pop("scores", None)
    if options:
        raise DataError(f"unused argument ({next(iter(options))}) in {site.text()}.")
    many = None if how_many is None else int(one_number(how_many, "how.many"))
    coding: Coding
    if contr is None:
        coding = named_coding("contr.poly" if factor.ordered else "contr.treatment", factor.levels)
    elif isinstance(contr, Symbol) and contr.name in CONTRAST_NAMES:
        coding = named_coding(
            contr.name,
            factor.levels,
            numbered=True,
            base=1 if base is None else int(one_number(base, "base")),
            scores=None if scores is None else as_number(scores, "scores").tolist(),
        )
    elif isinstance(contr, Symbol) and contr.name in _SHORT:
        coding = named_coding(contr.name, factor.levels)
    else:
        coding = resolve_coding(site.evaluator.contrast_argument(contr), factor.levels, site.text())
        if many is None:
            coding = complete_coding(coding, site.text())
    coding = resolve_coding(coding, factor.levels, site.text(), many)
    return replace(factor, coding=coding)


def _contrast_function(name: str) -> RFunction:
    """``contr.treatment(3, base = 2)`` and its like: a matrix, its columns named as R's."""

    def run(site: CallSite, n: Value, base: Value = None, scores: Value = None) -> Value:
        numbered = isinstance(n, np.ndarray) and n.size == 1
        count = int(one_number(n, "n")) if numbered else 0
        levels = tuple(str(i + 1) for i in range(count)) if numbered else string_list(n, "n")
        coding = named_coding(
            name,
            tuple(levels),
            base=1 if base is None else int(one_number(base, "base")),
            scores=None if scores is None else as_number(scores, "scores").tolist(),
        )
        return Matrix(coding.matrix, coding.names)

    extra = {"contr.treatment": ("base",), "contr.poly": ("scores",)}.get(name, ())
    return RFunction(("n", *extra), run)


def _dummy(site: CallSite, f: Value, levelsToKeep: Value = None) -> Value:
    factor = as_factor(f)
    known: tuple[str, ...] = site.state.setdefault("levels", factor.levels)
    factor = relabel(factor, known)
    keep = list(known[1:]) if levelsToKeep is None else string_list(levelsToKeep, "levelsToKeep")
    if not set(keep) <= set(known):
        raise DataError(
            f"all of the levelsToKeep must be levels of f: {', '.join(keep)} are not all among "
            f"{', '.join(known)}."
        )
    columns = np.stack([factor.codes == known.index(level) for level in keep], axis=1)
    values = columns.astype(np.float64)
    values[factor.codes < 0] = np.nan
    return Matrix(values, tuple(keep))


def _matrix_columns(site: CallSite, rest: list[tuple[str | None, Value]]) -> Value:
    parts: list[Any] = []
    names: list[str] = []
    for (name, value), argument in zip(rest, site.call.arguments, strict=True):
        number = as_number(value, "cbind").astype(np.float64)
        if number.ndim == 2:
            parts.append(number)
            own = value.names if isinstance(value, Matrix) else None
            names.extend(own or [""] * number.shape[1])
        else:
            parts.append(number[:, None])
            symbol = argument.value.name if isinstance(argument.value, Symbol) else ""
            names.append(name or symbol)
    n = max((len(part) for part in parts), default=0)
    if any(len(part) not in (1, n) for part in parts):
        raise DataError(f"number of rows of matrices must match in {site.text()}.")
    stacked = np.hstack([np.broadcast_to(part, (n, part.shape[1])) for part in parts])
    return Matrix(stacked, tuple(names) if any(names) else None)


def _levels_of(site: CallSite, x: Value) -> Value:
    return factor_from_strings(list(as_factor(x).levels))


def _on_text(change: Callable[[str], str]) -> RFunction:
    """A function of strings, applied to each distinct one."""

    def run(site: CallSite, x: Value) -> Value:
        text = as_text(x)
        table = np.array([*(change(level) for level in text.levels), None], dtype=object)
        return factor_from_strings(table[text.codes])

    return RFunction(("x",), run)


def _nchar(site: CallSite, x: Value) -> Value:
    text = as_text(x.values if isinstance(x, Moments) else x)  # R counts the digits of a date
    lengths = np.array([*(float(len(level)) for level in text.levels), np.nan])
    return lengths[text.codes]


def _substring(site: CallSite, x: Value, start: Value, stop: Value) -> Value:
    first, last = int(one_number(start, "start")), int(one_number(stop, "stop"))
    text = as_text(x)
    parts = np.array([*(level[max(first - 1, 0) : max(last, 0)] for level in text.levels), None])
    return factor_from_strings(parts[text.codes])


def _with_affix(test: Callable[[str, str], bool]) -> RFunction:
    """``startsWith``, ``endsWith``: a flag for each string."""

    def run(site: CallSite, x: Value, affix: Value) -> Value:
        text, part = as_text(x), one_string(affix, site.name)
        flags = np.array([*(test(level, part) for level in text.levels), False], dtype=bool)
        missing = text.codes < 0
        return Logical(flags[text.codes], missing if missing.any() else None)

    return RFunction(("x", "affix"), run)


def _count(site: CallSite, x: Value) -> Value:
    return np.array([length_of(x)])


FACTORS: dict[str, RFunction] = {
    **{name: _contrast_function(name) for name in CONTRAST_NAMES},
    "factor": RFunction(
        ("x", "levels", "labels", "exclude", "ordered"), _factor, frozenset({"exclude"})
    ),
    "ordered": RFunction(("x", "levels", "labels", "exclude"), _ordered, frozenset({"exclude"})),
    "as.ordered": RFunction(("x",), _as_ordered),
    "addNA": RFunction(("x", "ifany"), _add_na),
    "as.factor": RFunction(("x",), _as_factor),
    "droplevels": RFunction(("x",), _droplevels),
    "relevel": RFunction(("x", "ref"), _relevel),
    "interaction": RFunction(("...", "drop", "sep", "lex.order"), _interaction),
    "paste": RFunction(("...", "sep", "collapse"), _paste),
    "paste0": RFunction(("...", "collapse"), _paste),
    "as.character": RFunction(("x",), lambda site, x: as_text(x)),
    "as.numeric": RFunction(("x",), _as_numeric),
    "as.double": RFunction(("x",), _as_numeric),
    "as.integer": RFunction(("x",), _as_integer),
    "as.logical": RFunction(("x",), _as_logical),
    "C": RFunction(("object", "contr", "how.many", "..."), _contrasts, frozenset({"contr"})),
    "dummy": RFunction(("f", "levelsToKeep"), _dummy),
    "cbind": RFunction(("...",), _matrix_columns),
    "toupper": _on_text(str.upper),
    "tolower": _on_text(str.lower),
    "nchar": RFunction(("x",), _nchar),
    "substr": RFunction(("x", "start", "stop"), _substring),
    "startsWith": _with_affix(str.startswith),
    "endsWith": _with_affix(str.endswith),
    "levels": RFunction(("x",), _levels_of),
    "length": RFunction(("x",), _count),
}
