"""Random formulas, answered by R: names, values, coding, dropped columns, terms, updates."""

import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from glmmvi.design import TermActions, build_design, lFormula, model_matrix
from glmmvi.errors import DataError
from glmmvi.formula import parse_formula, update_formula

HERE = Path(__file__).parent / "reference" / "random_formulas"
ANSWERS = json.loads((HERE / "answers.json").read_text())


class NoSizeChecks:
    term_actions = TermActions(nobs_vs_nlev="ignore", nobs_vs_nRE="ignore")
    rank_action = "message"


@pytest.fixture(scope="module")
def mixed_data() -> pd.DataFrame:
    data = pd.read_csv(HERE / "mixed_data.csv", dtype={"s": str})
    for name, count in {"g": 12, "grp2": 12, "o": 4}.items():
        levels = [str(i + 1) for i in range(count)]
        data[name] = pd.Categorical(data[name].astype(str), levels, ordered=name == "o")
    return data.astype({"a": "category", "cls": "category"})


def projection(X: np.ndarray) -> np.ndarray:
    return X @ np.cos(np.arange(1, X.shape[1] + 1))


@pytest.mark.filterwarnings("ignore::glmmvi.errors.GlmmviWarning")
@pytest.mark.filterwarnings("ignore::glmmvi.errors.GlmmviMessage")
def test_fixed_parts(fixed_data):
    dropped = 0
    for expected in ANSWERS["fixed"]:
        formula = expected["formula"]
        if "error" in expected:
            with pytest.raises(DataError):
                model_matrix(f"~ {formula}", fixed_data)
            continue
        X = model_matrix(f"~ {formula}", fixed_data)
        assert list(X) == expected["names"], formula
        assert list(X.attrs["assign"]) == expected["assign"], formula
        assert len(X) == expected["n"], formula
        values = np.array([float(v) if v != "NA" else np.nan for v in expected["X"]])
        np.testing.assert_allclose(projection(X.to_numpy()), values, rtol=1e-8, atol=1e-8)
        assert str(parse_formula(f"~ {formula}")) == expected["print"]
        if expected["kept"] is not None:
            design = build_design(f"y ~ {formula} + (1 | g)", fixed_data)
            assert list(design.column_names) == expected["kept"], formula
            dropped += bool(design.dropped_columns)
    assert dropped > 50  # the rule for dependent columns was put to the test


@pytest.mark.filterwarnings("ignore::glmmvi.errors.GlmmviMessage")
def test_random_effects(mixed_data):
    for expected in ANSWERS["mixed"]:
        parts = lFormula(expected["formula"], mixed_data, control=NoSizeChecks())
        formula, terms = expected["formula"], parts.reTrms
        assert [term.group for term in terms] == expected["groups"], formula
        assert [list(term.cnms) for term in terms] == expected["cnms"], formula
        for term in terms:
            assert list(term.levels[:4]) == expected["levels"][term.group], formula
        assert np.concatenate([term.theta0 for term in terms]).tolist() == expected["theta"]
        bounded = np.isfinite(np.concatenate([term.lower for term in terms]))
        assert bounded.tolist() == expected["lower"], formula
        Z = np.hstack([term.Z.toarray() for term in terms])
        assert Z.shape == (expected["n"], expected["q"])
        np.testing.assert_allclose(projection(Z)[::9], expected["Z"], rtol=1e-8, atol=1e-8)
        assert str(parts.formula) == expected["print"]
        whole = [name for name in parts.fr if "(" not in name]  # matrices are spread over columns
        assert whole == [name for name in expected["frame"] if "(" not in name], formula


def test_updates():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for expected in ANSWERS["update"]:
            result = str(update_formula(expected["old"], expected["new"]))
            assert result == expected["result"], expected
