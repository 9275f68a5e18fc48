"""pandas, polars, pyarrow and plain arrays give the same design; nothing is modified."""

import datetime

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from glmmvi.design import build_design, model_matrix
from glmmvi.design.collation import sort_strings


def same(a, b):
    assert a.column_names == b.column_names
    np.testing.assert_array_equal(a.X, b.X)
    np.testing.assert_array_equal(a.y, b.y)
    for s, t in zip(a.terms, b.terms, strict=True):
        assert (s.label, s.levels, s.column_names) == (t.label, t.levels, t.column_names)
        np.testing.assert_array_equal(s.codes, t.codes)
        np.testing.assert_array_equal(s.Z, t.Z)


FORMULAS = [
    "y ~ a * x + s + lg + (x | g)",
    "y ~ o + date + xna + (a | s) + (1 | g:s)",
    "y ~ poly(x, 2) + ana + (1 | k)",
    "y ~ rev + lg:s + w + (0 + o | g)",
]


@pytest.mark.parametrize("formula", FORMULAS)
def test_every_library_gives_the_same(formula, fixed_data):
    expected = build_design(formula, fixed_data)
    table = pa.Table.from_pandas(fixed_data, preserve_index=False)
    same(build_design(formula, table), expected)
    enums = {
        name: pl.Enum(list(fixed_data[name].cat.categories))
        for name in fixed_data.select_dtypes("category")
    }
    frame = pl.from_arrow(table).with_columns(
        [pl.col(name).cast(pl.String).cast(dtype) for name, dtype in enums.items() if name != "o"]
    )
    if " o" not in formula:  # polars has no ordered factor: an Enum is a factor
        same(build_design(formula, frame), expected)
        same(build_design(formula, frame.lazy()), expected)
    same(build_design(formula, {name: fixed_data[name] for name in fixed_data}), expected)
    arrow = fixed_data.convert_dtypes(dtype_backend="pyarrow")
    for name in enums:
        arrow[name] = fixed_data[name]
    same(build_design(formula, arrow), expected)
    nullable = fixed_data.convert_dtypes()
    same(build_design(formula, nullable), expected)


def test_dtypes():
    n = 6
    text = ["b", "A", "a", "B", "a", "b"]
    data = {
        "y": np.arange(n, dtype=np.float32),
        "i8": np.arange(n, dtype=np.int8),
        "u": np.array(text),
        "obj": np.array([*text[:5], None], dtype=object),
        "flag": np.array([True, False, None, True, False, True], dtype=object),
        "num": np.array([1, 2.5, 1e5, 1, 2.5, 1e5]),
        "cat": pd.Categorical(text, ["b", "a", "B", "A"]),
        "intcat": pd.Categorical([3, 1, 2, 3, 1, 2], [3, 1, 2]),
        "day": [datetime.date(2020, 1, i + 1) for i in range(n)],
        "time": pd.date_range("1970-01-02", periods=n),
    }
    assert list(model_matrix("~ u", data)) == ["(Intercept)", "uA", "ub", "uB"]
    assert list(model_matrix("~ cat", data)) == ["(Intercept)", "cata", "catB", "catA"]
    assert list(model_matrix("~ intcat", data)) == ["(Intercept)", "intcat1", "intcat2"]
    assert list(model_matrix("~ factor(num)", data))[1:] == ["factor(num)2.5", "factor(num)1e+05"]
    assert list(model_matrix("~ flag", data)) == ["(Intercept)", "flagTRUE"]
    assert len(model_matrix("~ flag + obj", data)) == 4
    assert model_matrix("~ i8", data)["i8"].tolist() == [0, 1, 2, 3, 4, 5]
    assert model_matrix("~ day", data)["day"].iloc[0] == 18262
    assert model_matrix("~ time", data)["time"].iloc[0] == 86400
    polars = pl.DataFrame({"t": text}).with_columns(pl.col("t").cast(pl.Categorical))
    assert list(model_matrix("~ t", polars)) == ["(Intercept)", "tA", "tb", "tB"]
    assert build_design("y ~ 1 + (1 | num)", data).terms[0].levels == ("1", "2.5", "1e+05")


def test_strings_sort_as_in_r():
    # R 4.2.2 with ICU: sort(c(...))
    expected = ["", "_x", "~t", "10", "9", "a", "A", "a b", "a-b", "a.b", "a1", "ab", "b", "B", "e",
                "é", "f", "Z1"]  # fmt: skip
    assert sort_strings(sorted(expected)) == expected


def test_nothing_is_modified_and_the_index_is_kept(fixed_data):
    data = fixed_data.set_index(pd.Index([f"r{i}" for i in range(24)]))
    before = data.copy(deep=True)
    design = build_design("y ~ scale(x) + ana + factor(k) + (1 | g)", data)
    pd.testing.assert_frame_equal(data, before)
    assert list(design.frame) == ["y", "scale(x).1", "ana", "factor(k)", "g"]
    assert "r3" not in design.frame.index
    assert design.frame.index[0] == "r0"
    assert len(design.frame) == design.n == 23


def test_env_and_names(fixed_data):
    twice = model_matrix("~ f(x) + Q('my var') + np.exp(x)", fixed_data, env={"f": lambda x: 2 * x})
    assert list(twice) == ["(Intercept)", "f(x)", 'Q("my var")', "np.exp(x)"]
    np.testing.assert_allclose(twice["f(x)"], 2 * fixed_data["x"])
    u = np.arange(24.0)
    assert model_matrix("~ u", fixed_data, env={"u": u})["u"].tolist() == u.tolist()
    assert model_matrix("~ x", fixed_data, env={"x": u})["x"].tolist() == fixed_data["x"].tolist()


def test_formulaic_formula():
    formulaic = pytest.importorskip("formulaic")
    data = pl.DataFrame({"x": [1.0, 2.0], "a": ["u", "v"]})
    assert list(model_matrix(formulaic.Formula("x + a"), data)) == ["Intercept", "x", "a[T.v]"]
