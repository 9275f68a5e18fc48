"""Dates as levels, NA as a level and further functions of R: columns and names of R 4.2.2."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from glmmvi.design import build_design, model_matrix

HERE = Path(__file__).parent / "reference"
CASES = json.loads((HERE / "levels_ref.json").read_text())


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    frame = pd.read_csv(HERE / "levels_data.csv", parse_dates=["q", "p", "m"])
    frame["s"] = [pd.Timestamp(text).date() for text in frame["t"]]
    frame["so"] = sorted(frame["s"])
    return frame


@pytest.mark.parametrize("case", CASES, ids=[case["rhs"] for case in CASES])
def test_columns_are_those_of_r(case, data):
    matrix = model_matrix(f"~ {case['rhs']}", data, drop_unused_levels=True)
    assert list(matrix) == case["names"]
    np.testing.assert_allclose(matrix, np.array(case["X"], dtype=float), rtol=1e-9, atol=1e-9)


NEW = [  # rebuilt on one row, what a row of the fit had; the time is a midnight here
    ("factor(m)", {"m": pd.Timestamp("2020-01-04 01:00")}),
    ("factor(q)", {"q": pd.Timestamp("2020-01-04")}),
    ("factor(s)", {"s": pd.Timestamp("2020-01-30")}),  # a time for a date
    ("cut(so, 3)", {"so": pd.Timestamp("2020-03-01").date()}),
    ("cut(s, '2 weeks')", {"s": pd.Timestamp("2020-03-01").date()}),
    ("addNA(a)", {"a": None}),
    ("factor(a, exclude = 'lo')", {"a": None}),
    ("as.ordered(n)", {"n": 3.0}),
    ("as.Date(t)", {"t": "2020-03-01"}),
    ("weekdays(q)", {"q": pd.Timestamp("2020-01-04")}),
]


@pytest.mark.parametrize(("rhs", "row"), NEW, ids=[rhs for rhs, _ in NEW])
def test_one_new_row_gets_the_columns_of_the_fit(rhs, row, data):
    data = data.assign(y=data["x"], g=np.resize(["u", "v", "w"], len(data)))
    design = build_design(f"y ~ {rhs} + (1 | g)", data)
    (name, wanted), *_ = row.items()
    found = data[name].isna() if wanted is None else data[name] == wanted
    if name in ("s", "so"):
        found = pd.to_datetime(data[name]) == pd.Timestamp(wanted)
    used = design.frame.index
    (at, *_) = np.flatnonzero(found[used])
    new = design.recipe.rebuild(pd.DataFrame({name: [wanted], "g": ["u"]}))
    np.testing.assert_allclose(new.X[0], design.X[at])


def test_dates_as_grouping_factors_and_in_zones(data):
    zoned = data["p"].dt.tz_localize("UTC").dt.tz_convert("Asia/Tokyo")
    frame = data.assign(y=data["x"], z=zoned)
    (term,) = build_design("y ~ 1 + (1 | q)", frame).terms
    assert term.levels == tuple(f"2020-01-0{i}" for i in range(3, 9))  # R: levels(factor(q))
    new = build_design("y ~ 1 + (1 | q)", frame).recipe.rebuild({"q": [pd.Timestamp("2020-01-05")]})
    assert new.terms[0].codes.tolist() == [2]
    assert "factor(z)2020-01-03 10:00:00" in model_matrix("~ factor(z)", frame)  # Tokyo's clock
    assert build_design("y ~ q + (1 | s)", frame).frame["q"].equals(frame["q"].astype("M8[s]"))
