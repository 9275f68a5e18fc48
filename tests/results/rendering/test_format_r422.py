"""Our formatting functions against R's, on simulated input (R 4.2.2, format.R)."""

from __future__ import annotations

import json
from functools import cache

from glmmvi.results.rendering.abbreviate import abbreviate
from glmmvi.results.rendering.coefficient_matrix import print_coefficient_matrix
from glmmvi.results.rendering.data_frame import render_data_frame
from glmmvi.results.rendering.numbers import format_numbers
from glmmvi.results.rendering.p_values import format_p_values
from glmmvi.results.rendering.rounding import r_round, zapsmall
from glmmvi.results.rendering.scalars import render_named_numbers

from . import references


@cache
def cases(what: str) -> list[dict]:
    return json.loads((references.FOLDER / "format.json").read_text())[what]


def floats(values: list[str]) -> list[float]:
    return [float("nan") if v in ("NA", "NaN") else float(v) for v in values]


def test_format():
    for case in cases("format"):
        got = format_numbers(floats(case["x"]), case["digits"], case["nsmall"])
        assert got == case["text"], case


def test_round_and_zapsmall():
    for case in cases("round"):
        x = floats(case["x"])
        assert [r_round(v, case["digits"]) for v in x] == floats(case["round"]), case
        assert zapsmall(x, case["zap_digits"]) == floats(case["zap"]), case


def test_format_p_values():
    for case in cases("p_values"):
        assert format_p_values(floats(case["p"]), case["digits"]) == case["text"], case


def test_abbreviate():
    for case in cases("abbreviate"):
        assert abbreviate(case["x"], case["minlength"]) == case["short"], case
        assert abbreviate(case["x"], case["minlength"], strict=True) == case["strict"], case


def test_coefficient_matrix():
    for case in cases("coefficients"):
        got = print_coefficient_matrix(
            [floats(column) for column in case["columns"]],
            case["names"],
            case["rows"],
            digits=case["digits"],
            p_value=3 if len(case["names"]) == 4 else None,
            stars=case["stars"],
        )
        assert got == case["text"], case


def test_data_frame_and_named_vector():
    for case in cases("tables"):
        columns = [floats(column) for column in case["columns"]]
        page = {"digits": case["digits"], "width": case["width"]}
        frame = dict(zip(case["names"], columns, strict=True))
        assert render_data_frame(frame, row_names=case["rows"], **page) == case["frame"], case
        flat = [x for column in columns for x in column]
        named = dict(zip(case["vector_names"], flat, strict=True))
        assert render_named_numbers(named, **page) == case["vector"], case
