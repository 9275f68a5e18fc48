"""Arguments of ``ranef`` and ``VarCorr``, against what lme4 1.1-31 (R 4.2.2) prints."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest

import glmmvi as gv
from glmmvi.results.tables import GroupTable, RandomEffects


@cache
def sleepstudy():
    return gv.lmer("Reaction ~ Days + (Days | Subject)", gv.load_dataset("sleepstudy"))


@cache
def pastes():
    return gv.lmer("strength ~ 1 + (1 | batch) + (1 | cask)", gv.load_dataset("Pastes"))


DROPPED = """\
$batch
         A          B          C          D          E          F          G
 1.6250808 -0.5531148  1.4659991 -0.2594255 -3.0494739  0.7195388 -0.1125809
         H          I          J
 2.2491705 -1.0058858 -1.0793082
attr(,"postVar")
 [1] 0.918146 0.918146 0.918146 0.918146 0.918146 0.918146 0.918146 0.918146
 [9] 0.918146 0.918146

$cask
          a           b           c
-0.21934788  0.02651458  0.19283330
attr(,"postVar")
[1] 0.1151599 0.1151599 0.1151599

with conditional variances for “batch” “cask”"""


BATCH = [1.6250808, -0.5531148, 1.4659991, -0.2594255, -3.0494739]
BATCH += [0.7195388, -0.1125809, 2.2491705, -1.0058858, -1.0793082]
CASK = [-0.21934788, 0.02651458, 0.19283330]


def table(group, levels, values, variance):
    column = np.array(values)[:, None]
    sd = np.full_like(column, np.sqrt(variance))
    return GroupTable(group, tuple(levels), ("(Intercept)",), column, sd)


def test_dropped_factors_print_as_r_prints_them():
    batch, cask = (
        table("batch", "ABCDEFGHIJ", BATCH, 0.918146),
        table("cask", "abc", CASK, 0.1151599),
    )
    lines = str(RandomEffects((batch, cask), drop=True)).splitlines()
    assert "\n".join(line.rstrip() for line in lines) == DROPPED


def test_dropped_factors_are_named_series():
    effects = gv.ranef(pastes(), drop=True)
    assert isinstance(effects["cask"], pd.Series)
    assert effects["cask"].name == "(Intercept)"
    assert list(effects["cask"].index) == ["a", "b", "c"]
    np.testing.assert_allclose(effects["cask"], CASK, rtol=1e-4)
    np.testing.assert_allclose(effects["batch"], BATCH, rtol=1e-4)
    assert isinstance(gv.ranef(sleepstudy(), drop=True)["Subject"], pd.DataFrame)
    long = effects.as_data_frame()
    pd.testing.assert_frame_equal(long, pastes().ranef().as_data_frame())


def test_without_conditional_variances():
    effects = sleepstudy().ranef(condVar=False)
    assert "with conditional variances" not in str(effects)
    assert list(effects.as_data_frame()) == ["grpvar", "term", "grp", "condval"]
    np.testing.assert_allclose(effects.as_data_frame()["condval"][:2], [2.258551, -40.398738], 1e-4)
    assert str(gv.ranef(pastes(), False, True, "cask")).split()[0] == "$cask"
    assert "postVar" not in str(gv.ranef(pastes(), condVar=False, drop=True))


@pytest.mark.parametrize("whichel", [["cask", "batch"], ("batch", "cask"), None])
def test_factors_keep_the_order_of_the_fit(whichel):
    assert list(pastes().ranef(whichel=whichel)) == ["batch", "cask"]


def test_one_factor_and_none():
    assert list(pastes().ranef(whichel="cask")) == ["cask"]
    assert len(pastes().ranef(whichel=[]).as_data_frame()) == 0


def test_arguments_of_ranef_are_checked():
    with pytest.raises(gv.ArgumentError, match=r"whichel has 'csk'.*did you mean \"cask\""):
        pastes().ranef(whichel="csk")
    with pytest.raises(gv.ArgumentError, match="whichel has 1, which is no grouping factor"):
        pastes().ranef(whichel=[1])
    with pytest.raises(gv.ArgumentError, match="‘postVar’ is deprecated: please use ‘condVar’"):
        gv.ranef(pastes(), postVar=True)


def test_var_corr_at_another_sigma():
    unit = gv.VarCorr(sleepstudy(), sigma=1)
    np.testing.assert_allclose(unit.terms[0].sd, [0.96674, 0.23141], rtol=1e-3)
    assert unit.sigma == 1.0
    twice = sleepstudy().VarCorr(2.0).as_data_frame()
    expected = [3.73835863, 0.21419803, 0.05865825, 4.0]
    np.testing.assert_allclose(twice["vcov"], expected, rtol=5e-3)


def test_var_corr_of_a_binomial_fit_has_no_residual_and_takes_the_scale():
    formula = "cbind(incidence, size - incidence) ~ period + (1 | herd)"
    fit = gv.glmer(formula, gv.load_dataset("cbpp"), family="binomial")
    scaled = fit.VarCorr(sigma=2)
    assert scaled.sigma is None
    np.testing.assert_allclose(scaled.terms[0].sd, 2 * fit.VarCorr().terms[0].sd)


@pytest.mark.parametrize("sigma", [-1, float("nan"), "1"])
def test_var_corr_refuses_what_is_no_scale(sigma):
    with pytest.raises(gv.ArgumentError, match="VarCorr: sigma="):
        gv.VarCorr(sleepstudy(), sigma=sigma)
