"""R's effect of subset, na.action, weights and offset on fitted values and residuals."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import glmmvi as gv

HERE = Path(__file__).parent / "reference"
CASES = json.loads((HERE / "rows_ref.json").read_text())


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    frame = pd.read_csv(HERE / "rows_data.csv", dtype={"Subject": str})
    return frame.set_axis([str(i + 1) for i in range(len(frame))], axis=0)  # R's row names


def numbers(values: list) -> np.ndarray:
    return np.array([np.nan if value == "NA" else value for value in values], dtype=float)


@pytest.mark.parametrize("case", CASES, ids=[f"{c['na_action']} {c['subset']}" for c in CASES])
def test_rows_are_those_of_r(case, data):
    fit = gv.lmer(
        "Reaction ~ Days + offset(z) + (1 | Subject)",
        data,
        subset="Days < 8" if case["subset"] else None,
        na_action=case["na_action"],
        weights="w",
        offset="10*z",
    )
    assert fit.nobs() == case["nobs"]
    # (a missing condition is FALSE here; R makes a row of NAs of it)
    found = {
        "fitted": fit.fitted(),
        "residuals": fit.residuals(),
        "pearson": fit.residuals("pearson"),
    }
    for name, values in found.items():
        assert list(values.index) == case["rows"]
        np.testing.assert_allclose(values, numbers(case[name]), rtol=1e-5, atol=2e-4)


def test_rows_left_out_are_in_the_design(data):
    design = gv.lFormula(
        "Reaction ~ Days + (1 | Subject)", data, subset="Days < 8", na_action="na.exclude"
    ).design
    kept = data[data["Days"] < 8]
    assert list(design.row_labels) == list(kept.index)
    missing = kept[["Reaction", "Subject"]].isna().any(axis=1)
    assert list(design.row_labels[design.omitted]) == list(kept.index[missing])
    assert list(design.frame.index) == list(kept.index[~missing])
