"""Summary, predictions and residuals of ``lmList``: tests/reference/lm_list/after.R."""

from __future__ import annotations

import json
import pickle
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import glmmvi as gv

REFERENCE = json.loads(
    (Path(__file__).parents[1] / "reference" / "lm_list" / "after.json").read_text()
)
NEW = pd.DataFrame(
    {"Days": [0, 1, np.nan, 12], "Subject": ["310", "309", "309", "310"]}, index=list("abcd")
)


@cache
def fits(name):
    data = gv.load_dataset("sleepstudy")
    formula, weights = "Reaction ~ Days | Subject", None
    if name == "part":
        data = data[~((data["Subject"] == "308") & (data["Days"] > 0))]
    if name == "turned":
        data = data.iloc[::-1]
    if name == "weighted":
        data["w"] = 1.0 + np.arange(1, 181) % 3
        formula, weights = "log(Reaction) ~ poly(Days, 2) | Subject", "w"
    return gv.lmList(formula, data, weights=weights, data_name=name)


def lines(text):
    return [line.rstrip() for line in text.rstrip("\n").split("\n")]


@pytest.mark.parametrize("name", ["sleepstudy", "part", "weighted"])
def test_summary_prints_as_r_prints_it(name):
    # its "| NULL" for the group, too
    ours = str(gv.summary(fits(name)))
    assert lines(ours) == lines("\n".join(REFERENCE["summary"][name]))
    assert ours == "\n".join(REFERENCE["summary"][name])


@pytest.mark.parametrize("name", ["sleepstudy", "part"])
def test_summary_with_the_sd_of_each_group(name):
    ours = str(fits(name).summary(pool=False))
    theirs = "\n".join(REFERENCE["own"][name])
    assert lines(ours) == lines(theirs.replace("Data: fit", "Data: " + name))


def test_tables_of_the_summary():
    summary = fits("sleepstudy").summary()
    assert list(summary["Days"]) == ["Estimate", "Std. Error", "t value", "Pr(>|t|)"]
    assert summary.as_data_frame().shape == (18, 8)
    with pytest.raises(KeyError, match="no coefficient 'days'; there are"):
        summary["days"]


@pytest.mark.parametrize("name", ["sleepstudy", "part", "weighted"])
def test_predictions_of_new_rows_by_their_labels(name):
    found = gv.predict(fits(name), NEW)
    np.testing.assert_allclose(found[["b", "a", "d"]], REFERENCE["predict"][name], rtol=1e-9)
    assert list(found.index) == list("abcd")
    assert np.isnan(found["c"])


def test_predictions_without_the_group_are_of_every_group():
    found = fits("sleepstudy").predict({"Days": [0.0, 1.0]})
    np.testing.assert_allclose(found.to_numpy().ravel("F"), REFERENCE["everywhere"])


def test_predictions_without_new_data_are_the_fitted_values():
    assert gv.predict(fits("turned")).equals(gv.fitted(fits("turned")))
    data = gv.load_dataset("sleepstudy")
    again = fits("turned").predict(data)
    np.testing.assert_allclose(again, gv.fitted(fits("turned")).reindex(data.index))


def test_groups_that_were_not_fitted_are_named():
    with pytest.raises(gv.DataError, match="nonexistent group in 'newdata': 999; there are 308"):
        fits("sleepstudy").predict({"Days": [1.0, 2.0], "Subject": ["308", "999"]})
    missing = fits("sleepstudy").predict({"Days": [1.0, 2.0], "Subject": ["308", None]})
    assert missing.isna().tolist() == [False, True]


def test_an_offset_of_new_rows_goes_with_them():
    data = gv.load_dataset("sleepstudy")
    shifted = gv.lmList("Reaction ~ Days | Subject", data, offset=np.arange(180.0))
    again = shifted.predict(data, offset=np.arange(180.0))
    np.testing.assert_allclose(again, shifted.fitted())
    with pytest.raises(gv.ArgumentError, match="offset="):
        shifted.predict(data)
    with pytest.raises(gv.ArgumentError, match="offset= is for new data"):
        shifted.predict(offset=1.0)


def test_residuals_are_in_the_order_in_which_the_data_have_the_groups():
    np.testing.assert_allclose(gv.residuals(fits("turned")), REFERENCE["turned"], atol=1e-8)


@pytest.mark.parametrize("name", ["sleepstudy", "weighted"])
def test_pearson_residuals(name):
    found = gv.residuals(fits(name), "pearson")
    np.testing.assert_allclose(found, REFERENCE["pearson"][name], rtol=1e-6, atol=1e-8)


def test_pickled_fits_predict():
    again = pickle.loads(pickle.dumps(fits("weighted")))
    assert again.predict(NEW).equals(fits("weighted").predict(NEW))
