"""plot(confint(lmList(...))): what is drawn, where, under which names."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

import glmmvi as gv

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")
plt = pytest.importorskip("matplotlib.pyplot")


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@cache
def regressions():
    data = gv.load_dataset("sleepstudy")
    data = data[~((data["Subject"] == "309") & (data["Days"] > 1))]
    return gv.lmList("Reaction ~ Days | Subject", data)


def ends(panel):
    return np.array([path.vertices[:, 0] for path in panel.collections[0].get_paths()])


def heights(panel):
    return [path.vertices[0, 1] for path in panel.collections[0].get_paths()]


def labels(panel):
    return [tick.get_text() for tick in panel.get_yticklabels()]


def test_a_panel_a_coefficient_and_a_line_a_group():
    intervals = regressions().confint()
    panels = gv.plot(intervals)
    assert [panel.get_title() for panel in panels] == ["(Intercept)", "Days"]
    for panel in panels:
        # 309 has two rows, and no degrees of freedom
        np.testing.assert_allclose(ends(panel), intervals[panel.get_title()].drop("309"))
        assert labels(panel) == list(regressions().groups)
        assert heights(panel) == [i for i in range(18) if i != 1]


def test_order_sorts_the_groups_by_a_coefficient():
    panels = regressions().plot(order="Days", level=0.5, pool=True)
    slopes = regressions().coef()["Days"].sort_values()
    assert labels(panels[0]) == labels(panels[1]) == list(slopes.index)
    wanted = regressions().confint(0.5, pool=True)["(Intercept)"].loc[slopes.index]
    np.testing.assert_allclose(ends(panels[0]), wanted)


def test_axes_are_taken_and_wrong_arguments_refused():
    _, given = plt.subplots(1, 2)
    assert list(gv.plot(regressions(), ax=given)) == list(given)
    with pytest.raises(gv.ArgumentError, match="ax= has 1 axes; the picture has 2 panels"):
        regressions().plot(ax=given[0])
    with pytest.raises(gv.ArgumentError, match=r"order='days' is no coefficient.*Days"):
        regressions().plot(order="days")
    with pytest.raises(gv.ArgumentError, match="unused argument"):
        regressions().confint().plot(ordr="Days")
