"""Pictures: what is drawn, where, under which names; no pixels."""

from __future__ import annotations

import builtins
from functools import cache

import matplotlib
import numpy as np
import pytest

import glmmvi as gv
from glmmvi.results.plots import plot_groups, plot_predictions, plot_profile

matplotlib.use("Agg")
plt = pytest.importorskip("matplotlib.pyplot")


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@cache
def sleepstudy():
    return gv.lmer("Reaction ~ Days + (Days | Subject)", gv.load_dataset("sleepstudy"))


@cache
def cbpp():
    formula = "cbind(incidence, size - incidence) ~ period + (1 | herd)"
    return gv.glmer(formula, gv.load_dataset("cbpp"), family="binomial")


def points(ax):
    """Positions of the lines that are drawn as points."""
    return [np.array(line.get_data()) for line in ax.lines if line.get_marker() == "o"]


def test_caterpillar_sorts_by_the_first_column_and_draws_intervals():
    effects = sleepstudy().ranef()["Subject"]
    panels = gv.dotplot(sleepstudy().ranef(), level=0.9)
    order = effects.sort_values("(Intercept)").index
    assert [tick.get_text() for tick in panels[1].get_yticklabels()] == list(order)
    for panel, name in zip(panels, ("(Intercept)", "Days"), strict=True):
        assert (panel.get_title(), panel.get_ylabel()) == (name, "Subject")
        (drawn,) = points(panel)
        np.testing.assert_allclose(drawn, [effects.loc[order, name], np.arange(18)])
    long = sleepstudy().ranef().as_data_frame().query("term == 'Days'").set_index("grp")
    half = 1.6448536 * long.loc[list(order), "condsd"]
    ends = np.array([path.vertices[:, 0] for path in panels[1].collections[0].get_paths()])
    np.testing.assert_allclose(ends[:, 1] - ends[:, 0], 2.0 * half, rtol=1e-6)


def test_quantile_plots():
    (ranef,) = gv.qqmath(cbpp().ranef())
    (drawn,) = points(ranef)
    assert ranef.get_ylabel() == "Standard normal quantiles"
    np.testing.assert_allclose(drawn[0], np.sort(cbpp().ranef()["herd"]["(Intercept)"]))
    np.testing.assert_allclose(drawn[1], -drawn[1][::-1], atol=1e-12)
    (residuals,) = cbpp().plot("qq")
    expected = np.sort(cbpp().residuals("pearson", scaled=True))
    np.testing.assert_allclose(points(residuals)[0][1], expected)


def test_residual_plots_draw_every_row_under_r_s_names():
    ax = cbpp().plot()
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("fitted(.)", 'resid(., type = "pearson")')
    np.testing.assert_allclose(points(ax)[0], [cbpp().fitted(), cbpp().residuals("pearson")])
    spread = sleepstudy().plot("scale-location")
    scaled = sleepstudy().residuals("pearson", scaled=True)
    np.testing.assert_allclose(points(spread)[0][1], np.sqrt(np.abs(scaled)))


def test_groups_count_rows_by_their_weights():
    data = gv.load_dataset("cbpp")
    totals = data.groupby("herd", observed=True)[["incidence", "size"]].sum()
    ax = plot_groups(cbpp())
    levels = cbpp().ranef()["herd"].index
    observed = (totals["incidence"] / totals["size"])[levels.astype(totals.index.dtype)]
    without, fitted = points(ax)
    np.testing.assert_allclose(fitted[1], observed)
    apart = np.abs(without[0] - observed).sum()
    assert np.abs(fitted[0] - observed).sum() < 0.5 * apart
    assert "cbind(incidence" in ax.get_ylabel()


def test_trace_rises_to_the_elbo():
    for fit in (sleepstudy(), cbpp()):
        _, elbo = points(fit.plot("trace"))[0]
        assert len(elbo) == fit.optimization.iterations + 1
        assert elbo[-1] == pytest.approx(fit.elbo)
        assert (np.diff(elbo) > -1e-9).all()
        assert elbo[0] < elbo[-1] - 0.1


def test_profile_crosses_zero_at_the_estimate_and_ends_at_the_intervals():
    fit = gv.lmer("Yield ~ 1 + (1 | Batch)", gv.load_dataset("Dyestuff"), REML=False)
    profile = gv.profile(fit)
    _, panel, mean = plot_profile(profile, conf=[0.95])
    assert (panel.get_title(), mean.get_title()) == (".sigma", "(Intercept)")
    x, y = mean.lines[1].get_data()
    assert np.interp(0.0, y, x) == pytest.approx(fit.fixef().iloc[0], abs=0.1)
    drawn = [path.vertices[0, 0] for c in panel.collections for path in c.get_paths()]
    expected = fit.confint(".sigma").as_data_frame().to_numpy().ravel()
    np.testing.assert_allclose(drawn, expected, rtol=2e-3)


def test_predictions_with_bands():
    fit = sleepstudy()
    ax = plot_predictions(fit, "Days", at={"Days": [0.0, 4.0, 9.0]}, interval="prediction")
    expected = fit.predict({"Days": [0.0, 4.0, 9.0]}, re_form="~0", interval="confidence")
    np.testing.assert_allclose(ax.lines[0].get_data(), [[0, 4, 9], expected["fit"]])
    band = ax.collections[0].get_paths()[0].vertices[:, 1]
    assert band.min() < expected["lwr"].min() - 20
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("Days", "Reaction")
    factor = cbpp().plot("predictions")
    assert [tick.get_text() for tick in factor.get_xticklabels()] == ["1", "2", "3", "4"]
    np.testing.assert_allclose(points(factor)[0][1][0], 1 / (1 + np.exp(-cbpp().fixef().iloc[0])))


def test_sds_are_densities_with_r_s_names():
    panels = sleepstudy().plot("sds")
    titles = [panel.get_title() for panel in panels]
    assert titles == ["sd_(Intercept)|Subject", "sd_Days|Subject", "sigma"]
    at, density = panels[2].lines[0].get_data()
    mass = np.sum(0.5 * (density[1:] + density[:-1]) * np.diff(at))
    assert mass == pytest.approx(1.0, abs=0.003)
    assert panels[2].lines[1].get_xdata()[0] == pytest.approx(sleepstudy().sigma())


def test_axes_are_taken_and_counted():
    _, given = plt.subplots(1, 2)
    assert gv.dotplot(sleepstudy().ranef(), ax=given)[1] is given[1]
    assert sleepstudy().plot("residuals", ax=given[0]) is given[0]
    with pytest.raises(gv.ArgumentError, match="ax= has 1 axes; the picture has 2 panels"):
        gv.dotplot(sleepstudy().ranef(), ax=given[0])
    with pytest.raises(gv.ArgumentError, match='did you mean "residuals"'):
        sleepstudy().plot("residual")
    with pytest.raises(gv.ArgumentError, match="'Subjct' is no grouping factor"):
        gv.dotplot(sleepstudy().ranef(), group="Subjct")


def test_without_matplotlib_the_error_says_what_to_install(monkeypatch):
    real = builtins.__import__

    def refuse(name, *rest, **named):
        if name.split(".")[0] == "matplotlib":
            raise ImportError(name)
        return real(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(gv.ArgumentError, match=r"pip install 'glmmvi\[plot\]'"):
        sleepstudy().plot()


def test_plot_draws_profiles_and_names_the_functions_for_random_effects():
    fit = sleepstudy()
    axes = gv.plot(gv.profile(fit, which=["Days"]), conf=(0.9,))
    assert axes.shape == (1,)
    with pytest.raises(gv.ArgumentError, match=r"not a RandomEffects.*dotplot\(ranef\(fit\)\)"):
        gv.plot(gv.ranef(fit))
