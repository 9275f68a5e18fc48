"""Intervals and tests by lme4, lmerTest and car: tests/reference/inference/inference.R."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

FOLDER = Path(__file__).parents[1] / "reference" / "inference"


@cache
def inference_reference() -> dict[str, Any]:
    """R's answers, by model."""
    return json.loads((FOLDER / "inference.json").read_text())


def column(table: dict[str, Any], name: str) -> NDArray[np.float64]:
    """One column of one of R's tables."""
    values = table["columns"][name]
    return np.array([np.nan if x in ("NA", "NaN") else float(x) for x in values])


@cache
def reference_data(name: str) -> pd.DataFrame:
    """``ham`` (lmerTest) or ``uneven`` (sleepstudy with rows left out), factors as in R."""
    data = pd.read_csv(FOLDER / f"{name}.csv")
    factors = {"ham": ("Consumer", "Product", "Information", "Gender"), "uneven": ("Subject",)}
    return data.assign(**{factor: data[factor].astype(str) for factor in factors[name]})
