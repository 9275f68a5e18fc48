"""Intervals against lme4's (R 4.2.2, lme4 1.1-31), and against their own definition."""

from __future__ import annotations

import warnings
from functools import cache

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import ndtri

import glmmvi as gv
from glmmvi.results.intervals.bootstrap import bootstrap_intervals, order_statistic
from tests.results.golden_models import golden_fit
from tests.results.inference_reference import inference_reference
from tests.results.rendering.references import texts

PROFILED = {
    "sleepstudy": "sleepstudy_lmer",
    "bars2": "sleepstudy_lmer_bars2",
    "dyestuff": "dyestuff_lmer",
    "penicillin": "penicillin_lmer",
    "pastes": "pastes_lmer_nested",
    "orthodont": "orthodont_lmer_interaction",
}


@pytest.mark.parametrize("model", PROFILED)
@pytest.mark.parametrize(("key", "level"), [("confint", 0.95), ("confint_90", 0.9)])
def test_profile_intervals_are_lme4s(model, key, level):
    reference = inference_reference()[model][key]
    old = key == "confint_90"
    ours = golden_fit(PROFILED[model]).confint(level=level, oldNames=old)
    low, high = (np.array(column) for column in reference["columns"].values())
    assert list(ours.names) == reference["rows"]
    # half a unit of the third digit of an interval's length: lme4 interpolates a spline
    atol = 5e-4 * (high - low)
    assert (np.abs(ours.lower - low) <= atol).all(), (ours.lower - low) / (high - low)
    assert (np.abs(ours.upper - high) <= atol).all(), (ours.upper - high) / (high - low)


def test_a_correlation_does_not_stay_in_a_local_optimum():
    """With the sd of age at 0 the deviance is 0.833 above its minimum, whatever the correlation.

    inference.R: ``confint(lmer(distance ~ age * Sex + (age | Subject), Orthodont))``
    """
    reference = inference_reference()["orthodont_slope"]["confint"]
    data = gv.load_dataset("Orthodont")
    fit = gv.lmer("distance ~ age*Sex + (age | Subject)", data)
    low, high = (np.array(column) for column in reference["columns"].values())
    path = gv.profile(fit)
    for ours in (fit.confint(), path.confint()):
        assert list(ours.names) == reference["rows"]
        assert (np.abs(ours.lower - low) <= 5e-4 * (high - low)).all()
        assert (np.abs(ours.upper - high) <= 5e-4 * (high - low)).all()
        assert (ours.lower[1], ours.upper[1]) == (-1.0, 1.0)
    assert all((np.diff(each.zeta) >= 0.0).all() for each in path.parameters)
    without = gv.lmer("distance ~ age*Sex + (1 | Subject)", data, REML=False)
    rise = without.deviance() - fit.refitML().deviance()
    assert rise == pytest.approx(0.833, abs=5e-4)
    correlation = path[".sig02"]
    assert correlation.zeta[0] == pytest.approx(-np.sqrt(rise), abs=1e-5)
    assert -correlation.at(-0.8) < 0.9 < 1.0 == -correlation.at(-0.95)


def test_the_correlation_of_a_glmer_fit_does_not_stay_in_a_local_optimum():
    """Without the slope's variance the bound is ``zeta^2`` lower; no correlation is worse."""
    data = gv.load_dataset("sleepstudy").assign(slow=lambda d: (d["Reaction"] > 300).astype(int))
    fit = gv.glmer("slow ~ Days + (Days | Subject)", data, family="binomial")
    without = gv.glmer("slow ~ Days + (1 | Subject)", data, family="binomial")
    rise = 2.0 * (float(fit.logLik()) - float(without.logLik()))
    path = gv.profile(fit, ".sig02")[".sig02"]
    assert (path.zeta**2 <= rise + 1e-4).all()
    assert path.at(float(ndtri(0.025))) == -1.0


@pytest.mark.parametrize("model", ["sleepstudy_lmer", "radon_lmer_slope", "wide_lmer"])
def test_wald_intervals_print_as_lme4s(model):
    ours = str(golden_fit(model).confint(method="Wald")).split("\n")
    theirs = texts()[model]["confint_wald"].rstrip("\n").split("\n")
    assert [line.split()[0] for line in ours] == [line.split()[0] for line in theirs]
    for mine, other in zip(ours[1:], theirs[1:], strict=True):
        if "NA" in other:
            assert mine.split() == other.split()
        else:
            assert_allclose(
                [float(x) for x in mine.split()[1:]],
                [float(x) for x in other.split()[1:]],
                rtol=1e-4,
                atol=1e-5,
            )


def test_the_bound_of_a_correlation_is_where_the_deviance_has_risen():
    """lme4 (1.1-31) gives -0.780 here; the deviance with the correlation held says -0.649.

    Checked in R over lme4's own deviance function: zeta(-0.649) = -1.9600.
    """
    ours = golden_fit("radon_lmer_slope").confint([".sig02"])
    assert ours.lower[0] == pytest.approx(-0.649, abs=5e-4)
    assert ours.upper[0] == 1.0


def test_a_singular_fit_ends_at_its_bound():
    fit = golden_fit("dyestuff2_lmer_singular")
    ours = fit.confint()
    assert ours.lower[0] == 0.0
    assert ours.upper[0] == pytest.approx(2.084, abs=5e-4)  # lme4: 2.084043
    vi = fit.confint(method="vi")
    assert 0.0 < vi.lower[0] < 0.1 < vi.upper[0]


@cache
def cbpp_fit(drop=None, offset=None):
    data = gv.load_dataset("cbpp")
    formula = "cbind(incidence, size - incidence) ~ period + (1 | herd)"
    return gv.glmer(formula, data, family="binomial")


def test_profile_of_a_glmer_fit_is_close_to_lme4s():
    """lme4 profiles the Laplace approximation, we the ELBO: they differ in the third digit."""
    ours = cbpp_fit().confint()
    golden = texts()["cbpp_glmer"]["confint_profile"].rstrip("\n").split("\n")[1:]
    theirs = np.array([[float(x) for x in line.split()[-2:]] for line in golden])
    width = theirs[:, 1] - theirs[:, 0]
    assert list(ours.names) == [line.split()[0] for line in golden]
    assert (np.abs(ours.lower - theirs[:, 0]) < 0.006 * width).all()
    assert (np.abs(ours.upper - theirs[:, 1]) < 0.006 * width).all()


def test_profile_of_a_quadrature_fit_is_lme4s():
    data, theirs = gv.load_dataset("cbpp"), inference_reference()["cbpp"]["confint_nAGQ9"]
    formula = "cbind(incidence, size - incidence) ~ period + (1 | herd)"
    ours = gv.glmer(formula, data, family="binomial", nAGQ=9).confint()
    low, high = (np.array(column) for column in theirs["columns"].values())
    assert list(ours.names) == theirs["rows"]
    assert_allclose(ours.lower, low, rtol=1e-4)
    assert_allclose(ours.upper, high, rtol=1e-4)


def test_profile_bound_of_a_glmer_fit_by_refitting_with_an_offset():
    fit, data = cbpp_fit(), gv.load_dataset("cbpp")
    bound = fit.confint("period2", level=0.9).upper[0]
    indicator = [(data["period"].astype(str) == k).astype(float) for k in "234"]
    table = data.assign(p2=indicator[0], p3=indicator[1], p4=indicator[2])
    held = gv.glmer(
        "cbind(incidence, size - incidence) ~ p3 + p4 + (1 | herd)",
        table,
        family="binomial",
        offset=bound * table["p2"].to_numpy(),
    )
    assert 2.0 * (fit.elbo - held.elbo) == pytest.approx(ndtri(0.95) ** 2, abs=1e-4)


def test_intervals_of_a_family_with_a_dispersion():
    formula = "TICKS ~ YEAR + scale(HEIGHT) + (1 | BROOD)"
    fit = gv.glmer(formula, gv.load_dataset("grouseticks"), family=gv.nbinom2())
    profiled, vi = fit.confint([".sig01", "YEAR97"]), fit.confint([".sig01", "YEAR97"], method="vi")
    assert_allclose(profiled.lower, vi.lower, atol=0.05)
    assert_allclose(profiled.upper, vi.upper, atol=0.05)


def test_surrogate_intervals_of_a_large_sample_are_profile_intervals():
    fit = golden_fit("radon_lmer")
    vi, profiled = fit.confint(method="vi"), fit.confint()
    width = profiled.upper - profiled.lower
    assert (np.abs(vi.lower - profiled.lower) < 0.06 * width).all()
    assert (np.abs(vi.upper - profiled.upper) < 0.06 * width).all()


def test_profile_table():
    fit = golden_fit("sleepstudy_lmer")
    path = gv.profile(fit, ["Days", ".sig02"])
    assert path.names == (".sig02", "Days")
    assert (np.diff(path["Days"].value) > 0).all()
    assert path["Days"].zeta.max() > 4.0
    exact = fit.confint(["Days", ".sig02"])
    close = path.confint()
    width = exact.upper - exact.lower
    assert (np.abs(close.lower - exact.lower) < 1e-3 * width).all()
    assert list(path.as_data_frame().columns) == [".zeta", ".focal", ".par"]


def test_bootstrap_intervals_interpolate_as_r_boot():
    """R: boot::boot.ci of 199 and 100 draws, norm.inter()."""
    draws = np.arange(1.0, 200.0)
    assert order_statistic(draws, 0.025) == 5.0
    assert order_statistic(draws[:100], 0.025) == pytest.approx(2.566902, abs=1e-6)
    table = bootstrap_intervals(np.column_stack([draws, -draws]), ["a", "b"])
    assert_allclose(table.lower, [5.0, -195.0])


def test_bootstrap_intervals_of_a_fit():
    fit = golden_fit("dyestuff_lmer")
    with pytest.warns(gv.GlmmviWarning, match="extreme order statistics used as endpoints"):
        few = fit.confint([".sigma"], method="boot", nsim=30, seed=3)
    assert few.lower[0] < fit.sigma() < few.upper[0]
    again = fit.confint(".sigma", 0.8, "boot", nsim=30, seed=3)
    assert few.lower[0] <= again.lower[0] < again.upper[0] <= few.upper[0]


@pytest.mark.parametrize(
    ("arguments", "culprit"),
    [
        ({"parm": "Dais"}, "Days"),
        ({"method": "wald"}, "Wald"),
        ({"level": 95}, "level"),
    ],
)
def test_errors_name_the_culprit(arguments, culprit):
    with pytest.raises(gv.ArgumentError, match=culprit):
        golden_fit("sleepstudy_lmer").confint(**arguments)


def test_units_do_not_matter():
    data = gv.load_dataset("sleepstudy")
    scaled = data.assign(Days=data["Days"] * 1e6, Reaction=data["Reaction"] / 1e3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit = gv.lmer("Reaction ~ Days + (Days | Subject)", scaled)
    ours, plain = fit.confint(), golden_fit("sleepstudy_lmer").confint()
    unit = np.array([1e-3, 1.0, 1e-9, 1e-3, 1e-3, 1e-9])
    assert_allclose(ours.lower, plain.lower * unit, rtol=1e-5)
    assert_allclose(ours.upper, plain.upper * unit, rtol=1e-5)


def test_surrogate_intervals_of_a_posterior_of_every_parameter():
    data = gv.load_dataset("cbpp")
    formula = "cbind(incidence, size - incidence) ~ period + (1 | herd)"
    priors = {"herd": gv.HalfNormal(2.0)}
    fit = gv.glmer(formula, data, family="binomial", priors=priors, theta_posterior=True)
    ours = fit.confint(method="vi")
    plain = cbpp_fit().confint()
    assert_allclose(ours.lower[1:], plain.lower[1:], atol=0.05)
    assert_allclose(ours.upper[1:], plain.upper[1:], atol=0.05)
    # 15 herds: the posterior of the sd has a longer upper tail than the profile
    assert plain.lower[0] < ours.lower[0] < fit.VarCorr()["herd"].sd[0]
    assert plain.upper[0] < ours.upper[0] < 1.35
    with pytest.raises(gv.ArgumentError, match="theta_posterior=True"):
        fit.confint()


def test_confint_takes_a_profile_and_refuses_unknown_arguments():
    fit = gv.lmer("Yield ~ 1 + (1 | Batch)", gv.load_dataset("Dyestuff"), REML=False)
    path = gv.profile(fit)
    assert gv.confint(path).as_data_frame().equals(path.confint().as_data_frame())
    solved = fit.confint([".sigma"], level=0.9)
    np.testing.assert_allclose(gv.confint(path, ".sigma", 0.9).lower, solved.lower, rtol=1e-3)
    with pytest.raises(gv.ArgumentError, match=r"did you mean .nsim."):
        gv.confint(fit, nsims=10)


def test_residuals_by_the_r_named_function_have_the_default_of_the_fit():
    fit = gv.glmer("incidence ~ period + (1 | herd)", gv.load_dataset("cbpp"), family="poisson")
    assert gv.residuals(fit).equals(fit.residuals("deviance"))
