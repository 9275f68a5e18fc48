"""Tables: numbers in, numbers out."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest
from scipy import stats

from glmmvi.errors import ArgumentError
from glmmvi.results.rendering import render_summary, render_var_corr
from glmmvi.results.tables import CoefficientTable, GroupTable, RandomEffects, VarCorrTerm

from . import references


@pytest.fixture
def sleepstudy():
    return references.numbers()["sleepstudy_lmer"]


def test_var_corr_as_data_frame_gives_r_s_numbers(sleepstudy):
    frame = references.var_corr(sleepstudy).as_data_frame()
    for column in ("vcov", "sdcor"):
        expected = [row[column] for row in sleepstudy["VarCorr"]]
        np.testing.assert_allclose(frame[column], expected, rtol=1e-12)


def test_lower_triangle_order_goes_by_columns():
    term = VarCorrTerm.from_covariance("g", ("a", "b", "c"), np.diag([1.0, 4.0, 9.0]) + 0.5)
    from glmmvi.results.tables import VarCorr

    frame = VarCorr((term,)).as_data_frame("lower.tri")
    assert list(frame["var1"]) == ["a", "a", "a", "b", "b", "c"]
    assert [v if isinstance(v, str) else None for v in frame["var2"]] == [
        None,
        "b",
        "c",
        None,
        "c",
        None,
    ]


def test_covariance_goes_back_and_forth():
    covariance = np.array([[4.0, -1.0], [-1.0, 9.0]])
    term = VarCorrTerm.from_covariance("g", ("a", "b"), covariance)
    np.testing.assert_allclose(term.covariance, covariance)


def test_a_standard_deviation_of_zero_has_no_correlation_and_no_covariance():
    term = VarCorrTerm.from_covariance("g", ("a", "b"), np.diag([0.0, 9.0]))
    assert np.isnan(term.correlation[1, 0])
    assert term.covariance[1, 0] == 0.0


def test_unknown_names_are_named(sleepstudy):
    var_corr = references.var_corr(sleepstudy)
    with pytest.raises(KeyError, match=r"'Subjects'.*'Subject'"):
        var_corr["Subjects"]
    with pytest.raises(ArgumentError, match=r"'sd'.*Std\.Dev\."):
        render_var_corr(var_corr, "sd")
    with pytest.raises(ArgumentError, match="must"):
        render_var_corr(var_corr, ())


def test_tables_are_frozen(sleepstudy):
    with pytest.raises(FrozenInstanceError):
        references.var_corr(sleepstudy).sigma = 1.0


def test_satterthwaite_summary_r422_lmertest_3_1_3(sleepstudy):
    plain = references.summary(sleepstudy)
    df = np.array([17.0, 17.0])
    p_values = 2 * stats.t.sf(np.abs(plain.coefficients.statistics), df)
    summary = replace(
        plain,
        title="Linear mixed model fit by REML. t-tests use Satterthwaite's method",
        class_name="lmerModLmerTest",
        coefficients=replace(plain.coefficients, p_values=p_values, df=df),
    )
    assert render_summary(summary) == references.texts()["sleepstudy_lmerTest"]["summary"]


def test_wide_characters_take_two_columns():
    table = GroupTable("群", ("一", "b"), ("切片",), np.array([[1.0], [2.0]]))
    assert str(RandomEffects((table,))).splitlines()[1:] == ["   切片", "一    1", "b     2"]


def test_statistic_is_estimate_over_standard_error():
    table = CoefficientTable(("x",), np.array([1.0]), np.array([0.0]))
    assert np.isinf(table.statistics[0])
