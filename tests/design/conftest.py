"""Data of the reference files, with the types that R had."""

import json
from pathlib import Path

import pandas as pd
import pytest

REFERENCE = Path(__file__).resolve().parents[1] / "reference" / "formula"


def load(name: str):
    return json.loads((REFERENCE / name).read_text())


def read_fixed_data() -> pd.DataFrame:
    data = pd.read_csv(REFERENCE / "fixed_data.csv", dtype={"g": str}, parse_dates=["date"])
    levels = {
        "a": ["a1", "a2", "a3"],
        "b": ["b1", "b2"],
        "g": list("123456"),
        "rev": ["a3", "a1", "a2"],
        "unused": ["b0", "b1", "b2"],
        "ana": ["a1", "a2", "a3"],
    }
    for name, categories in levels.items():
        data[name] = pd.Categorical(data[name], categories)
    data["o"] = pd.Categorical(data["o"], ["lo", "mid", "hi", "top"], ordered=True)
    data["date"] = data["date"].dt.date
    return data


def read_syntax_data() -> pd.DataFrame:
    data = pd.read_csv(REFERENCE / "syntax_data.csv")
    for name, count in {"g": 12, "cls": 4, "grp2": 24}.items():
        data[name] = pd.Categorical(data[name].astype(str), [str(i + 1) for i in range(count)])
    data["o"] = pd.Categorical(data["o"].astype(str), list("1234"), ordered=True)
    for name in "hab":
        data[name] = data[name].astype("category")
    return data


@pytest.fixture(scope="session")
def fixed_data() -> pd.DataFrame:
    return read_fixed_data()


@pytest.fixture(scope="session")
def syntax_data() -> pd.DataFrame:
    return read_syntax_data()
