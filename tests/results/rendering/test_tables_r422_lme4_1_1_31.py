"""R's tables of tests, intervals and data frames, from R's numbers, character for character."""

from __future__ import annotations

import json
from functools import cache

import numpy as np
import pytest

from glmmvi.results.rendering import render_anova, render_confint, render_data_frame
from glmmvi.results.tables import AnovaTable, ConfidenceIntervals

from . import references


@cache
def tables() -> dict:
    return json.loads((references.FOLDER / "tables.json").read_text())


def render(call: str, r: dict) -> str:
    if r["kind"] == "anova":
        columns = tuple(np.array([references.number(x) for x in c]) for c in r["columns"])
        heading, rows, names = tuple(r["heading"]), tuple(r["rows"]), tuple(r["names"])
        return render_anova(AnovaTable(heading, rows, names, columns))
    if call.startswith("confint"):
        lower, upper = (np.array([references.number(x) for x in c]) for c in r["columns"])
        return render_confint(ConfidenceIntervals(tuple(r["rows"]), lower, upper, 0.95))
    return render_data_frame(dict(zip(r["names"], r["columns"], strict=True)), row_names=r["rows"])


CASES = [(model, call) for model in tables() for call in tables()[model]]


@pytest.mark.parametrize(("model", "call"), CASES, ids=lambda value: value)
def test_text_is_r_s(model, call):
    # messages and warnings of the refits stand behind the table; they are not part of it
    expected, _, _ = references.texts()[model][call].partition("[message]")
    expected, _, _ = expected.partition("[warning]")
    assert render(call, tables()[model][call]) == expected


def test_every_call_is_there():
    for call in ("anova", "drop1", "confint_wald"):
        models = {model for model, what in CASES if what == call}
        assert models >= set(references.numbers())
