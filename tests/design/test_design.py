"""Rows left out, weights, offsets, responses, rank, order of terms, recipes, permutation."""

import pickle
import subprocess
import sys
import warnings

import numpy as np
import pandas as pd
import pytest

from glmmvi.design import build_design, model_matrix, sparse_columns
from glmmvi.design.rank import independent_columns
from glmmvi.design.term_order import term_labels
from glmmvi.errors import ArgumentError, DataError, RankDeficientMessage


@pytest.fixture
def data():
    rng = np.random.default_rng(2)
    n = 80
    return pd.DataFrame(
        {
            "y": rng.normal(size=n),
            "x": rng.normal(size=n),
            "z": rng.uniform(1, 2, size=n),
            "a": pd.Categorical(rng.choice(list("pqr"), n)),
            "g": rng.choice([1, 2, 5, 10], n),
            "h": rng.choice(list("uvw"), n),
            "s": rng.integers(0, 5, n),
            "f": rng.integers(1, 5, n),
            "w": rng.uniform(0, 2, n),
        }
    )


def test_missing_values(data):
    data.loc[3, "y"] = np.nan
    data.loc[5, "h"] = None
    data.loc[7, "w"] = np.nan
    data.loc[9, "z"] = np.nan
    for action in ("na.omit", "na.exclude"):
        design = build_design(
            "y ~ x + (1 | g) + (1 | h)", data, weights="w", offset="z", na_action=action
        )
        assert (design.n, design.n_dropped) == (76, 4)
        assert design.omitted.tolist() == [3, 5, 7, 9]
        assert design.na_action == action
        assert list(design.frame.columns) == ["y", "x", "g", "h", "(weights)", "(offset)"]
        assert design.frame.index.tolist() == [i for i in range(80) if i not in (3, 5, 7, 9)]
        np.testing.assert_array_equal(design.weights, data["w"].drop([3, 5, 7, 9]))
    design = build_design("y ~ x + (1 | g)", data, subset="z > 1.5 | is.na(z)", weights="w")
    used = data[(data["z"] > 1.5) | data["z"].isna()]
    assert design.n == len(used) - used[["y", "w"]].isna().any(axis=1).sum()
    assert build_design("y ~ x + (1 | g)", data, na_action="na_exclude").n == 79


def test_bases_learn_before_rows_are_left_out(data):
    # R evaluates the variables on all rows, then subset and na.action
    data.loc[3, "y"] = np.nan
    design = build_design("y ~ scale(x) + (1 | g)", data, subset=data["z"] > 1.3)
    rows = design.frame.index
    expected = (data["x"] - data["x"].mean()) / data["x"].std()
    np.testing.assert_allclose(design.X[:, 1], expected[rows])


def test_unused_levels_are_dropped(data):
    design = build_design("y ~ a + (1 | g)", data, subset="a != 'p' & g != 5")
    assert design.column_names == ("(Intercept)", "ar")
    assert design.terms[0].levels == ("1", "2", "10")


def test_responses(data):
    design = build_design("cbind(s, f) ~ x + (1 | g)", data, weights=np.full(80, 2.0))
    assert design.response_kind == "cbind"
    np.testing.assert_allclose(design.y, data["s"] / (data["s"] + data["f"]))
    np.testing.assert_allclose(design.weights, 2.0 * (data["s"] + data["f"]))
    np.testing.assert_allclose(design.totals, data["s"] + data["f"])
    factor = build_design("a ~ x + (1 | g)", data)
    assert (factor.response_kind, factor.response_levels) == ("factor", ("p", "q", "r"))
    np.testing.assert_array_equal(factor.y, data["a"] != "p")
    assert build_design("I(x > 0) ~ z + (1 | g)", data).response_kind == "logical"
    np.testing.assert_allclose(build_design("log(z) ~ x + (1 | g)", data).y, np.log(data["z"]))
    np.testing.assert_allclose(
        build_design("s/(s + f) ~ x + (1 | g)", data).y, data["s"] / (data["s"] + data["f"])
    )


def test_offsets_are_summed_and_honoured_for_new_data(data):
    design = build_design("y ~ x + offset(log(z)) + (1 | g)", data, offset="w * 2")
    np.testing.assert_allclose(design.offset, np.log(data["z"]) + 2 * data["w"])
    new = data.iloc[:5]
    again = design.recipe.rebuild(new)
    np.testing.assert_allclose(again.offset, design.offset[:5])
    np.testing.assert_allclose(
        design.recipe.rebuild(new, offset=np.zeros(5)).offset, np.log(new["z"])
    )
    array = build_design("y ~ x + (1 | g)", data, offset=data["w"])
    with pytest.raises(ArgumentError, match="the fit has an array as offset="):
        array.recipe.rebuild(new)
    np.testing.assert_allclose(array.recipe.rebuild(new, offset=new["w"]).offset, new["w"])


def test_frame_is_in_the_order_of_r(data):
    design = build_design("y ~ poly(x, 2) + offset(z) + (a | g) + (1 | h:a)", data)
    assert list(design.frame) == [
        "y", "poly(x, 2).1", "poly(x, 2).2", "offset(z)", "a", "g", "h",
    ]  # fmt: skip


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_units_do_not_make_a_column_dependent(data, scale):
    data["u"] = data["x"] * scale
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        design = build_design("y ~ u + z + I(u * z) + (1 | g)", data)
    assert design.p == 4


def test_dependent_columns_are_the_last_ones(data):
    data["x2"], data["xz"] = 2 * data["x"], data["x"] + data["z"]
    with pytest.warns(RankDeficientMessage) as caught:
        design = build_design("y ~ x2 + x + z + xz + a:h + (1 | g)", data)
    assert str(caught[0].message) == (
        "fixed-effect model matrix is rank deficient so dropping 3 columns / coefficients"
    )
    assert design.dropped_columns == ("x", "xz", "ar:hw")
    assert (
        design.p
        == len(design.assign)
        == len(design.column_names)
        == np.linalg.matrix_rank(model_matrix("~ x2 + x + z + xz + a:h", data))
    )


def test_the_rule_is_relative_to_a_columns_own_norm():
    one, x = np.ones(50), np.linspace(-1, 1, 50)
    for noise, kept in ((1e-5, [0, 1]), (1e-8, [0])):
        assert independent_columns(np.column_stack([one, one + noise * x])) == kept
    assert independent_columns(np.column_stack([one, 0 * one, x])) == [0, 2]
    assert independent_columns(np.eye(2, 4)) == [0, 1]


def test_order_and_labels_of_terms(data):
    design = build_design("y ~ x + (1 | h) + (x || g)", data)
    assert [(t.label, t.column_names[0]) for t in design.terms] == [
        ("g", "x"), ("g.1", "(Intercept)"), ("h", "(Intercept)"),
    ]  # fmt: skip
    nested = build_design("y ~ x + (x || h/a)", data)
    assert [t.group for t in nested.terms] == ["a:h", "a:h", "h", "h"]
    assert [t.label for t in nested.terms] == ["a.h", "a.h.1", "h", "h.1"]  # R's make.names
    assert term_labels(["a:b", "c"]) == ["a:b", "c"]
    star = build_design("y ~ x + (1 | g*h)", data)
    assert [t.group for t in star.terms] == ["g:h", "g", "h"]


def test_sparse_columns(data):
    design = build_design("y ~ x + (x | g) + (1 | h)", data)
    Z = sparse_columns(design.terms).toarray()
    assert Z.shape == (80, 4 * 2 + 3)
    for i in range(80):
        code = design.terms[0].codes[i]
        assert Z[i, 2 * code] == 1
        assert Z[i, 2 * code + 1] == data["x"][i]


FORMULA = "y ~ poly(x, 2) * a + ns(z, 3) + factor(s) + (scale(x) + a | g) + (1 | h:g)"


def test_new_data_are_built_by_the_same_recipe(data):
    design = build_design(FORMULA, data)
    recipe = pickle.loads(pickle.dumps(design.recipe))
    rows = np.array([5, 2, 70, 41])
    new = recipe.rebuild(data.iloc[rows])
    np.testing.assert_allclose(new.X, design.X[rows], atol=1e-12)
    for a, b in zip(new.terms, design.terms, strict=True):
        assert (a.group, a.label, a.levels, a.column_names) == (
            b.group, b.label, b.levels, b.column_names,
        )  # fmt: skip
        np.testing.assert_allclose(a.Z, b.Z[rows], atol=1e-12)
        np.testing.assert_array_equal(a.codes, b.codes[rows])
    assert new.index.tolist() == rows.tolist()


def test_new_data_that_do_not_fit(data):
    design = build_design("y ~ x + a + factor(s) + (x | g) + (1 | h)", data)
    row = {"x": [0.5], "a": ["q"], "s": [1], "g": [5], "h": ["u"]}
    rebuild = design.recipe.rebuild
    assert rebuild(row).X.tolist() == [[1, 0.5, 1, 0, 1, 0, 0, 0]]
    with pytest.raises(DataError, match=r"^factor a has new level zz"):
        rebuild(row | {"a": ["zz"]})
    with pytest.raises(DataError, match=r"^factor factor\(s\) has new level 11"):
        rebuild(row | {"s": [11]})
    with pytest.raises(DataError, match=r"^object 'x' not found"):
        rebuild({k: v for k, v in row.items() if k != "x"})
    with pytest.raises(DataError, match=r"^variable 'x' was fitted with type \"numeric\" but type"):
        rebuild(row | {"x": ["a"]})
    with pytest.raises(DataError, match=r"^variable 'a' was fitted with type \"factor\" but type"):
        rebuild(row | {"a": [1]})
    unseen = rebuild(row | {"g": [999], "h": [None]})
    assert [t.codes.tolist() for t in unseen.terms] == [[-1], [-1]]
    assert unseen.new_levels == {"g": ("999",), "h": ("NA",)}
    missing = rebuild({k: v * 2 for k, v in row.items()} | {"x": [np.nan, 1], "a": [None, "p"]})
    assert np.isnan(missing.X[0]).tolist() == [False, True, True, True, False, False, False, False]
    assert rebuild({"x": [1.0], "a": ["p"], "s": [0]}, random=False).terms == ()
    assert [t.label for t in rebuild(row, fixed=False, random=["h"]).terms] == ["h"]
    with pytest.raises(ArgumentError, match="there is no random-effects term 'q'"):
        rebuild(row, random=["q"])
    assert rebuild(row | {"g": ["5"]}).terms[0].codes.tolist() == [2]


def test_the_recipe_holds_no_rows():
    rng = np.random.default_rng(0)
    n = 20_000
    data = pd.DataFrame({"y": rng.normal(size=n), "x": rng.normal(size=n), "g": np.arange(n) % 9})
    u = rng.normal(size=n)
    env = {"u": u, "np_exp": np.exp}
    design = build_design("y ~ bs(x, 5) + np_exp(x) + u + scale(x) + (x | g)", data, env=env)
    assert len(pickle.dumps(design.recipe)) < 20_000


def test_summaries_remember(data):
    design = build_design("y ~ I(x - mean(x)) + (1 | g)", data)
    new = design.recipe.rebuild({"x": [0.0], "g": [1]})
    np.testing.assert_allclose(new.X[0, 1], -data["x"].mean())


def test_permuted_rows_give_the_permuted_design(data):
    order = np.random.default_rng(3).permutation(80)
    a, b = build_design(FORMULA, data), build_design(FORMULA, data.iloc[order])
    assert a.column_names == b.column_names
    np.testing.assert_allclose(a.X[order], b.X, atol=1e-10)
    np.testing.assert_array_equal(a.y[order], b.y)
    for s, t in zip(a.terms, b.terms, strict=True):
        assert s.levels == t.levels
        np.testing.assert_array_equal(s.codes[order], t.codes)
        np.testing.assert_allclose(s.Z[order], t.Z, atol=1e-10)


def test_light_imports():
    code = (
        "import sys, glmmvi.design as d\n"
        "d.build_design('y ~ x + a + (x | g)', {'y': [1., 2., 4.], 'x': [1., 2., 5.],"
        " 'a': list('uvv'), 'g': list('aab')})\n"
        "bad = {'tensorflow', 'formulaic'} & set(sys.modules)\n"
        "assert not bad, bad"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
