"""What a user can get wrong, and what the package says about it."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

import glmmvi as gv

GOOD = "y ~ x + (1 | g)"


def frame(n=60):
    rng = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "y": rng.normal(size=n),
            "x": rng.normal(size=n),
            "g": np.repeat(np.arange(6), n // 6),
            "one": "a",
            "row": np.arange(n),
            "text": rng.choice(["u", "v"], n),
            "group": pd.Categorical(rng.choice(["p", "q", "r"], n)),
        }
    )


CASES = {
    "missing column": ("y ~ nope + (1 | g)", {}, gv.DataError, "object 'nope' not found"),
    "near name": ("y ~ X + (1 | g)", {}, gv.DataError, "'X' not found.*x"),
    "missing group": ("y ~ x + (1 | nope)", {}, gv.DataError, "object 'nope' not found"),
    "unknown argument": (GOOD, {"foo": 2}, gv.ArgumentError, r"unused argument \(foo = 2\)"),
    "near argument": (GOOD, {"weight": "x"}, gv.ArgumentError, 'did you mean "weights"'),
    "family": (GOOD, {"family": "binomial"}, gv.ArgumentError, r"unused argument \(family"),
    "character response": ("text ~ x + (1 | g)", {}, gv.DataError, "response must be numeric"),
    "factor response": ("group ~ x + (1 | g)", {}, gv.DataError, "response must be numeric"),
    "one level": ("y ~ x + (1 | one)", {}, gv.DataError, "> 1 sampled level.*one"),
    "one level, fixed": ("y ~ one + (1 | g)", {}, gv.DataError, "2 or more levels"),
    "a level a row": ("y ~ x + (1 | row)", {}, gv.DataError, r"< number of observations.*: row\)"),
    "too many effects": ("y ~ x + (x | pair)", {}, gv.DataError, r"\(=60\) <= number of random"),
    "no random effects": ("y ~ x", {}, gv.FormulaError, "No random effects terms specified"),
    "negative weights": (GOOD, {"weights": -np.ones(60)}, gv.GlmmviError, "weights"),
    "short weights": (GOOD, {"weights": np.ones(3)}, gv.GlmmviError, "weights.*3|3.*weights"),
    "bad start": (GOOD, {"start": [1, 2]}, gv.ArgumentError, "incorrect number of theta comp"),
    "bad control": (GOOD, {"control": {"a": 1}}, gv.ArgumentError, "lmerControl"),
    "bad na_action": (GOOD, {"na_action": "drop"}, gv.ArgumentError, "na.omit"),
    "no formula": ("y x", {}, gv.FormulaSyntaxError, "\\^"),
    "one-sided": ("~ x + (1 | g)", {}, gv.FormulaError, "response"),
    "star on a term": ("y ~ x * (1 | g)", {}, gv.FormulaSyntaxError, r"x \+ \(1 \| g\)"),
}


@pytest.mark.parametrize("case", CASES)
def test_message_names_the_culprit(case):
    formula, arguments, error, message = CASES[case]
    data = frame()
    data["pair"] = np.arange(60) // 2
    with pytest.raises(error, match=f"(?s){message}"):
        gv.lmer(formula, data, **arguments)


def test_empty_frame():
    with pytest.raises(gv.DataError, match=r"0 \(non-NA\) cases|no rows|empty"):
        gv.lmer("y ~ x + (1 | g)", frame().head(0))


def test_every_row_missing():
    data = frame()
    data["x"] = np.nan
    with pytest.raises(gv.DataError, match=r"0 \(non-NA\) cases"):
        gv.lmer("y ~ x + (1 | g)", data)


@pytest.mark.parametrize("column", ["x", "y"])
def test_infinite_value(column):
    data = frame()
    data.loc[3, column] = np.inf
    with pytest.raises(gv.DataError, match=f"(?si)inf.*{column}|{column}.*inf"):
        gv.lmer("y ~ x + (1 | g)", data)


def test_duplicated_column_names():
    data = frame()
    data.columns = ["y", "x", "g", "x", "row", "text", "group"]
    with pytest.raises(gv.DataError, match="x"):
        gv.lmer("y ~ x + (1 | g)", data)


def test_exact_response():
    data = frame()
    data["y"] = 2.0 + 3.0 * data["x"]
    with pytest.raises(gv.FitError, match="exact linear combination"):
        gv.lmer("y ~ x + (1 | g)", data)


def test_more_columns_than_rows():
    data = frame(12)
    with pytest.raises(gv.DataError, match=r"nothing is left|number of observations"):
        gv.lmer("y ~ poly(row, 11) + (1 | g)", data)


def test_rows_with_missing_values_are_dropped_and_counted():
    data = frame()
    data.loc[[3, 5], "x"] = np.nan
    data.loc[7, "y"] = np.nan
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", gv.GlmmviMessage)
        fit = gv.lmer("y ~ x + (1 | g)", data)
    assert fit.nobs() == 57
    assert fit.design.n_dropped == 3
    assert list(fit.fitted().index) == [i for i in range(60) if i not in (3, 5, 7)]


def test_data_are_not_modified():
    data = gv.load_dataset("sleepstudy")
    before = data.copy(deep=True)
    gv.lmer("Reaction ~ Days + (Days | Subject)", data)
    pd.testing.assert_frame_equal(data, before)


def test_singular_fit_says_so_in_lme4s_words_and_can_be_silenced():
    data = gv.load_dataset("Dyestuff2")
    formula = "Yield ~ 1 + (1 | Batch)"
    with pytest.warns(gv.SingularFitMessage, match=r"boundary \(singular\) fit: see help"):
        fit = gv.lmer(formula, data)
    assert fit.VarCorr()["Batch"].sd[0] == 0.0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        gv.lmer(formula, data, control=gv.lmerControl(check_conv_singular="ignore"))
    with pytest.raises(gv.FitError, match="singular"):
        gv.lmer(formula, data, control=gv.lmerControl(check_conv_singular="stop"))


def test_rank_deficiency_is_lme4s_message():
    data = frame()
    data["twice"] = 2.0 * data["x"]
    data["y"] = data["y"] + data["g"]
    with pytest.warns(gv.RankDeficientMessage, match="rank deficient so dropping 1 column / coef"):
        fit = gv.lmer("y ~ x + twice + (1 | g)", data)
    assert list(fit.fixef().index) == ["(Intercept)", "x"]
    assert np.isnan(fit.fixef(add_dropped=True)["twice"])
    assert "rank deficient" in str(fit.summary())


def test_optimiser_that_is_cut_short_says_so():
    data = gv.load_dataset("sleepstudy")
    control = gv.lmerControl(max_evaluations=3)
    with pytest.warns(gv.ConvergenceWarning, match="limit of 3 evaluations"):
        fit = gv.lmer("Reaction ~ Days + (Days | Subject)", data, control=control)
    assert "convergence code: 1" in str(fit.summary())
    assert "NOT converged" in str(fit.optimization)


def test_options_of_lme4s_optimisers_are_refused_with_advice():
    with pytest.raises(gv.ArgumentError, match="one of its own"):
        gv.lmerControl(optimizer="bobyqa")
    with pytest.raises(gv.ArgumentError, match="did you mean"):
        gv.lmerControl(check_conv_singlar="ignore")


@pytest.mark.parametrize("unit", [1e6, 1e-6])
def test_badly_scaled_covariate_fits_without_a_warning(unit):
    data = gv.load_dataset("sleepstudy")
    plain = gv.lmer("Reaction ~ Days + (Days | Subject)", data)
    data["Days"] = data["Days"] * unit
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scaled = gv.lmer("Reaction ~ Days + (Days | Subject)", data)
    np.testing.assert_allclose(scaled.fixef()["Days"] * unit, plain.fixef()["Days"], rtol=1e-9)
    np.testing.assert_allclose(scaled.fitted(), plain.fitted(), rtol=1e-7)


def test_prediction_errors():
    fit = gv.lmer("Reaction ~ Days + (Days | Subject)", gv.load_dataset("sleepstudy"))
    new = pd.DataFrame({"Days": [1.0], "Subject": ["999"]})
    with pytest.raises(gv.DataError, match="new levels detected in newdata: 999"):
        fit.predict(new)
    assert fit.predict(new, allow_new_levels=True)[0] == pytest.approx(251.4051 + 10.46729)
    with pytest.raises(gv.DataError, match="'Days' not found"):
        fit.predict(new.drop(columns="Days"))
    with pytest.raises(gv.ArgumentError, match="no term"):
        fit.predict(re_form="~ (1 | Nobody)")
    with pytest.raises(gv.ArgumentError, match="no 'studentized' residuals"):
        fit.residuals("studentized")
