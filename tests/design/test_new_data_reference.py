"""R's safe prediction: the columns of the fit and of new data; contrasts; cut's labels."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from glmmvi.design import build_design, model_matrix
from glmmvi.design.contrasts import named_coding
from glmmvi.design.number_labels import number_label
from tests.design.conftest import read_fixed_data

R = json.loads((Path(__file__).parent / "reference" / "newdata_ref.json").read_text())
NEW = pd.DataFrame(
    {
        "x": [-3, -0.5, 0, 0.7, 2.5],
        "z": [0.05, 0.5, 1, 2, 6],
        "a": ["a3", "a1", "a2", "a1", "a3"],
        "s": ["w", "t", "t", "u", "v"],
        "lg": [True, False, True, True, False],
        "o": ["top", "lo", "hi", "mid", "lo"],
        "k": [4, 1, 1, 2, 3],
        "g": ["1", "2", "new", "1", None],
    }
)


@pytest.mark.filterwarnings("ignore::glmmvi.errors.RankDeficientMessage")
@pytest.mark.parametrize("rhs", R["columns"])
def test_new_data_get_the_columns_of_the_fit(rhs):
    data = read_fixed_data()
    expected = R["columns"][rhs]
    matrix = model_matrix(f"~ {rhs}", data)
    assert list(matrix) == expected["names"]
    np.testing.assert_allclose(matrix, np.array(expected["X"]), rtol=1e-8, atol=1e-8)
    design = build_design(f"y ~ {rhs} + (1 | g)", data, drop_unused_levels=False)
    kept = [expected["names"].index(name) for name in design.column_names]
    new = design.recipe.rebuild(NEW)
    np.testing.assert_allclose(new.X, np.array(expected["new"])[:, kept], rtol=1e-8, atol=1e-8)
    assert new.terms[0].codes.tolist() == [0, 1, -1, 0, -1]


@pytest.mark.parametrize("case", R["contrasts"])
def test_contrast_matrices(case):
    name, k = case.split()
    coding = named_coding(name, tuple(map(str, range(int(k)))))
    expected = np.array(R["contrasts"][case]["matrix"]).reshape(coding.matrix.shape)
    np.testing.assert_allclose(coding.matrix, expected, atol=1e-8)


@pytest.mark.parametrize("case", R["cut"])
def test_labels_of_cut(case):
    data = {"x": np.array(case["x"], dtype=float)}
    for text, key in {"cut(x, 3)": "k3", "cut(x, 4, right = FALSE)": "k4",
                      "cut(x, 3, dig.lab = 5)": "dig"}.items():  # fmt: skip
        names = list(model_matrix(f"~ 0 + {text}", data))
        assert [n.removeprefix(text) for n in names] == case[key]


def test_number_labels():
    for value, text in zip(R["numbers"]["x"], R["numbers"]["text"], strict=True):
        assert number_label(value) == text
