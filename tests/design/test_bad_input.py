"""What does not fit: the class of the error, R's text first, the culprit named."""

# ruff: noqa: E501

import warnings

import numpy as np
import pandas as pd
import pytest
from formulaic import Formula

from glmmvi.design import build_design, check_random_terms, lFormula, model_matrix
from glmmvi.errors import (
    ArgumentError,
    DataError,
    FormulaError,
    GlmmviMessage,
    GlmmviWarning,
)


def make_data() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    n = 60
    data = pd.DataFrame(
        {
            "y": rng.normal(size=n),
            "x": rng.normal(size=n),
            "z": rng.normal(size=n),
            "g": pd.Categorical(np.tile(list("123456"), 10)),
            "g2": pd.Categorical(np.tile(list("abc"), 20)),
            "h": [f"h{i}" for i in range(n)],
            "k": np.tile(np.arange(30), 2),
            "one": "a",
            "s": np.tile(["u", "v"], 30),
            "lg": np.tile([True, False], 30),
            "cnt": rng.poisson(2, n),
            "mix": [1, "a"] * 30,
            "td": pd.to_timedelta(1, "s"),
        }
    )
    data["h2"] = data["h"]
    data["inf"] = data["x"]
    data.loc[0, "inf"] = np.inf
    data["yna"] = data["y"]
    data.loc[3, "yna"] = np.nan
    data["void"] = np.nan
    return data


DATA = make_data()

# formula, arguments, class, R's text (a prefix), what else must be in the message
TABLE = [
    ("y ~ x + (1 | one)", {}, DataError, "grouping factors must have > 1 sampled level", "one"),
    ("y ~ x + (1 | h)", {}, DataError, "number of levels of each grouping factor must be < number of observations (problems: h)", ""),
    ("y ~ x + (1 | h) + (1 | h2)", {}, DataError, "number of levels of each grouping factor must be < number of observations (problems: h, h2)", ""),
    ("y ~ x + (x | k)", {}, DataError, "number of observations (=60) <= number of random effects (=60) for term (x | k); the random-effects parameters and the residual variance (or scale parameter) are probably unidentifiable", ""),
    ("y ~ x", {}, FormulaError, "No random effects terms specified in formula", "(1 | group)"),
    ("s ~ x + (1 | g)", {}, DataError, "response must be numeric", "'s'"),
    ("g2 ~ x + (1 | g)", {}, DataError, "response must be numeric", "'g2'"),
    ("cbind(cnt, k) ~ x + (1 | g)", {}, DataError, "response must be numeric", "cbind(cnt, k)"),
    ("y ~ nope + (1 | g)", {}, DataError, "object 'nope' not found", "The columns are y, x"),
    ("y ~ x + (1 | nope)", {}, DataError, "object 'nope' not found", ""),
    ("y ~ G2 + (1 | g)", {}, DataError, "object 'G2' not found", "Did you mean 'g2'"),
    ("y ~ inf + (1 | g)", {}, DataError, "NA/NaN/Inf in foreign function call (arg 1)", "'inf'"),
    ("y ~ x + (inf | g)", {}, DataError, "NA/NaN/Inf in foreign function call (arg 1)", "'inf'"),
    ("inf ~ x + (1 | g)", {}, DataError, "NA/NaN/Inf in 'y'", "'inf'"),
    ("y ~ one + (1 | g)", {}, DataError, "contrasts can be applied only to factors with 2 or more levels", "'one'"),
    ("y ~ log(g2) + (1 | g)", {}, DataError, "‘log’ not meaningful for factors", ""),
    ("y ~ log(s) + (1 | g)", {}, DataError, "non-numeric argument to log", ""),
    ("y ~ I(g2 < 'b') + (1 | g)", {}, DataError, "‘<’ not meaningful for factors", ""),
    ("y ~ zork(x) + (1 | g)", {}, DataError, 'could not find function "zork"', "env="),
    ("y ~ sqr(x) + (1 | g)", {}, DataError, 'could not find function "sqr"', "'sqrt'"),
    ("y ~ np.lg(x) + (1 | g)", {}, DataError, 'could not find function "np.lg"', "NumPy"),
    ("y ~ I(2) + (1 | g)", {}, DataError, "variable lengths differ (found for 'I(2)')", "60"),
    ("y ~ void + (1 | g)", {}, DataError, "0 (non-NA) cases", "void (60)"),
    ("y ~ td + (1 | g)", {}, DataError, "column 'td'", "timedelta64"),
    ("y ~ mix + (1 | g)", {}, DataError, "column 'mix'", "int, str"),
    ("y ~ scale(x, foo = 1) + (1 | g)", {}, DataError, "unused argument (foo)", "center"),
    ("y ~ log() + (1 | g)", {}, DataError, "argument missing in log()", ""),
    ("y ~ poly(x, 70) + (1 | g)", {}, DataError, "'degree' must be less than number of unique points", ""),
    ("y ~ cut(x, 1) + (1 | g)", {}, DataError, "invalid number of intervals", ""),
    ("y ~ cut(x, c(0, 0, 1)) + (1 | g)", {}, DataError, "'breaks' are not unique", ""),
    ("y ~ relevel(g2, 'q') + (1 | g)", {}, DataError, "'ref' must be an existing level", "a, b, c"),
    ("y ~ factor(g2, labels = c('a', 'b')) + (1 | g)", {}, DataError, "invalid 'labels'; length 2 should be 1 or 3", ""),
    ("y ~ dummy(g2, 'q') + (1 | g)", {}, DataError, "all of the levelsToKeep must be levels of f", "q"),
    ("y ~ contr.sum + (1 | g)", {}, DataError, "invalid type (closure) for variable 'contr.sum'", ""),
    ("~ x + (1 | g)", {}, FormulaError, "the formula has no response", ""),
    ("y ~ x + (1 | g)", {"weights": [1, 2, 3]}, DataError, "variable lengths differ (found for '(weights)')", "3 values"),
    ("y ~ x + (1 | g)", {"offset": [1, 2, 3]}, DataError, "variable lengths differ (found for '(offset)')", "3 values"),
    ("y ~ x + (1 | g)", {"weights": np.full(60, -1.0)}, DataError, "all(weights >= 0) is not TRUE", "row 0"),
    ("y ~ x + (1 | g)", {"weights": "s"}, DataError, "'weights' must be a numeric vector", ""),
    ("y ~ x + (1 | g)", {"weights": "nope"}, DataError, "object 'nope' not found", ""),
    ("y ~ x + (1 | g)", {"offset": np.full(60, np.inf)}, DataError, "infinite values in offset", ""),
    ("y ~ x + (1 | g)", {"subset": "x > 99"}, DataError, "0 (non-NA) cases", "subset"),
    ("y ~ x + (1 | g)", {"subset": "x"}, ArgumentError, "'subset' must be logical", ""),
    ("y ~ x + (1 | g)", {"subset": [True]}, DataError, "variable lengths differ (found for '(subset)')", ""),
    ("yna ~ x + (1 | g)", {"na_action": "na.fail"}, DataError, "missing values in object", "yna (1)"),
    ("yna ~ x + (1 | g)", {"na_action": "na.pass"}, DataError, "NA/NaN/Inf in 'y'", "yna"),
    ("y ~ x + (yna | g)", {"na_action": "na.pass"}, DataError, "NA in Z (random-effects model matrix)", "yna"),
    ("y ~ x + (1 | yna)", {"na_action": "na.pass"}, DataError, "NA in Z (random-effects model matrix)", "yna"),
    ("y ~ x + (1 | g)", {"na_action": "drop"}, ArgumentError, "na_action must be one of", "'drop'"),
    ("y ~ x + (1 | g)", {"contrasts": {"x": "contr.sum"}}, ArgumentError, "contrasts apply only to factors", "'x'"),
    ("y ~ s + (1 | g)", {"contrasts": {"s": "contr.zum"}}, ArgumentError, "object 'contr.zum' of mode 'function' was not found", "contr.sum"),
    ("y ~ g2 + (1 | g)", {"contrasts": {"g2": np.eye(2)}}, ArgumentError, "wrong number of contrast matrix rows", "'g2'"),
    ("y ~ g2 + (1 | g)", {"contrasts": "contr.sum"}, ArgumentError, "contrasts must map variables", ""),
    ("y ~ f(x) + (1 | g)", {"env": {"f": lambda x: x.nope}}, DataError, "f(x) failed: AttributeError", ""),
    (5, {}, ArgumentError, "formula must be a string", "int"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("formula", "arguments", "error", "text", "also"), TABLE, ids=[f"{r[0]} {r[3][:30]}" for r in TABLE]
)  # fmt: skip
def test_error_names_the_culprit(formula, arguments, error, text, also):
    def fit():
        design = build_design(formula, DATA, response_kind="numeric", **arguments)
        check_random_terms(design.terms, design.n)

    with pytest.raises(error) as caught:
        fit()
    assert str(caught.value).startswith(text)
    assert also in str(caught.value)


FRAMES = [
    (DATA.iloc[:0], DataError, "0 (non-NA) cases"),
    (pd.concat([DATA, DATA[["x"]]], axis=1), DataError, "duplicated column names: 'x'"),
    ({"y": [1.0, 2.0], "x": [1.0]}, DataError, "the arrays differ in length (y: 2, x: 1)"),
    ({"y": 1.0, "x": [1.0]}, DataError, "column 'y' is a single value"),
    (None, ArgumentError, "data must be a data frame"),
    ([1, 2], ArgumentError, "data must be a data frame"),
    (object(), ArgumentError, "data must be a data frame"),
]


@pytest.mark.parametrize(("data", "error", "text"), FRAMES)
def test_bad_frames(data, error, text):
    with pytest.raises(error) as caught:
        build_design("y ~ x + (1 | g)", data)
    assert str(caught.value).startswith(text)


def test_text_response_of_glmer():
    with pytest.raises(DataError, match=r"^response must be numeric or factor: 's' is text"):
        build_design("s ~ x + (1 | g)", DATA)
    with pytest.raises(DataError, match="2 column matrix"):
        build_design("cbind(cnt, k, x) ~ x + (1 | g)", DATA)
    with pytest.raises(DataError, match="negative counts in 'cbind"):
        build_design("cbind(cnt, x) ~ x + (1 | g)", DATA)


def test_checks_of_glmer():
    design = build_design("cnt ~ x + (1 | h)", DATA)
    check_random_terms(design.terms, design.n, allow_n=True)
    design = build_design("cnt ~ x + (x + z | h)", DATA)
    with pytest.raises(DataError) as error:
        check_random_terms(design.terms, design.n, allow_n=True)
    assert str(error.value) == (
        "number of observations (=60) < number of random effects (=180) for term (x + z | h); "
        "the random-effects parameters are probably unidentifiable"
    )


def test_warnings_of_r():
    with pytest.warns(GlmmviWarning, match="variable 'zz' is absent"):
        model_matrix("~ s", DATA, contrasts={"zz": "contr.sum"})
    with pytest.warns(GlmmviWarning, match=r"NaNs produced: log\(x\)"):
        design = build_design("y ~ log(x) + (1 | g)", DATA)
    assert design.n_dropped == int((DATA["x"] < 0).sum())
    with pytest.warns(GlmmviWarning, match="contrasts dropped from factor C"):
        build_design("y ~ C(g2, contr.sum) + (1 | g)", DATA, subset="g2 != 'a'")


def test_good_data_give_no_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        build_design("y ~ x * g2 + s + (x | g)", DATA)


MATRIX = "makes a condition of a matrix with 2 columns"
MORE = [  # formula, R's text or ours
    ("~ relevel(g2, ref = 0)", "ref = 0 must be in 1L:3"),
    ("~ relevel(g2, ref = 9)", "ref = 9 must be in 1L:3"),
    ("~ poly(x, 2, coefs = 1)", "poly(coefs = ) is not supported"),
    ("~ cumsum(x)", "its value in a row depends on the other rows"),
    ("~ rank(x)", "its value in a row depends on the other rows"),
    ("~ I(bs(x, 2) & sum(x))", "makes a condition of a matrix with 3 columns"),
    ("~ I(cbind(x, z) > 1)", MATRIX),
    ("~ is.finite(cbind(x, z))", MATRIX),
    ("~ !cbind(x, z)", MATRIX),
    ("~ I(lg & c(TRUE, FALSE))", "lengths 2 and 60 differ in"),
    ("~ factor(cbind(x, z))", "a matrix with 2 columns cannot be made a factor"),
    ("~ atan2(contr.treatment(3), z)", "lengths 3 and 60 differ"),
    ("~ as.Date(x)", "'origin' must be supplied"),
    ("~ as.Date(s)", "character string is not in a standard unambiguous format"),
    ("~ weekdays(x)", "no applicable method: weekdays() is for dates"),
    ("~ cut(as.Date(k, origin = '2020-01-01'), 'fortnight')", "invalid specification of 'breaks'"),
    ("~ factor(ifelse(k > 3, 'NA', NA), exclude = NULL)", 'there is a level "NA" already'),
]  # fmt: skip


@pytest.mark.filterwarnings("ignore:'df' was too small")
@pytest.mark.parametrize(("formula", "text"), MORE, ids=[formula for formula, _ in MORE])
def test_functions_refuse_in_words(formula, text):
    with pytest.raises(DataError) as caught:
        model_matrix(formula, DATA)
    assert text in str(caught.value)


def test_single_values_recycle_and_matrices_spread():
    both = model_matrix("~ I(lg & sum(k))", DATA).iloc[:, 1]  # R: a number that is not 0 is TRUE
    assert both.tolist() == DATA["lg"].tolist()
    spread = model_matrix("~ poly(cbind(x, z), degree = 2)", DATA).to_numpy()
    np.testing.assert_allclose(spread, model_matrix("~ poly(x, z, degree = 2)", DATA))
    assert model_matrix("~ atan2(cbind(x, z), k)", DATA).shape == (60, 3)


ORDERS = {
    "another order": "w.loc[data.index] to go by label, or w.to_numpy()",
    "other row labels": "w.to_numpy()",
}


@pytest.mark.parametrize("argument", ["weights", "offset", "subset", "env"])
@pytest.mark.parametrize("labels", ORDERS)
def test_a_series_must_have_the_row_labels_of_the_data(argument, labels):
    data = DATA.set_axis([f"r{i}" for i in range(60)])
    own = data["lg"] if argument == "subset" else data["k"] + 1.0
    other = own[::-1] if labels == "another order" else own.reset_index(drop=True)

    def frame(values, data=data):
        formula = "y ~ x + e + (1 | g)" if argument == "env" else "y ~ x + (1 | g)"
        given = {"env": {"e": values}} if argument == "env" else {argument: values}
        return build_design(formula, data, **given)

    with pytest.raises(DataError) as caught:
        frame(other)
    assert argument in str(caught.value)
    assert ORDERS[labels] in str(caught.value)
    wanted = frame(own.to_numpy())
    for good in (own, list(own)):
        for part in ("X", "weights", "offset", "y"):
            assert np.array_equal(getattr(frame(good), part), getattr(wanted, part))
    assert frame(other, data.to_dict("list")).n == frame(own).n  # no labels: by position


def test_rows_of_weight_zero_are_counted_out_aloud():
    weights = np.where(np.arange(60) < 4, 0.0, 1.0)
    with pytest.warns(GlmmviMessage, match="4 of 60 rows have weight 0: they carry no information"):
        design = build_design("y ~ x + (1 | g)", DATA, weights=weights)
    assert design.n_used == 56


def test_one_level_comes_before_dependent_columns():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(DataError, match="grouping factors must have > 1 sampled level"):
            lFormula("y ~ x + I(2 * x) + (1 | one)", DATA)


def test_a_formulaic_formula_is_told_of_mixed_formula():
    with pytest.raises(ArgumentError, match=r"mixed_formula\(formula"):
        build_design(Formula("y ~ x"), DATA)


def test_small_df_and_constant_columns_speak_as_in_r():
    with pytest.warns(GlmmviWarning, match=r"'df' was too small; have used 3 \(bs\(x, df = 2\)\)"):
        model_matrix("~ bs(x, df = 2)", DATA)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(DataError, match=r"scale\(I\(x \* 0\)\) \(60\)"):
            model_matrix("~ scale(I(x * 0))", DATA)
