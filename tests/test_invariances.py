"""What may not change a fit: the order of rows, the names of levels, the units of columns."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import glmmvi as gv
from glmmvi.inference import linear_mixed
from glmmvi.results.engine_arrays import engine_arrays

FORMULA = "y ~ x + f + (x | g) + (1 | h)"


def data(seed):
    rng = np.random.default_rng(seed)
    n = 120
    frame = pd.DataFrame(
        {
            "x": rng.normal(size=n),
            "f": rng.choice(["a", "b", "c"], n),
            "g": rng.integers(0, 12, n),
            "h": rng.integers(0, 7, n),
            "w": rng.integers(1, 4, n),
        }
    )
    effects = rng.normal(size=(12, 2))
    g = frame["g"].to_numpy()
    frame["y"] = effects[g, 0] + (1 + effects[g, 1]) * frame["x"] + rng.normal(size=n)
    return frame


def fit(frame, formula=FORMULA, **arguments):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", gv.GlmmviMessage)
        return gv.lmer(formula, frame, **arguments)


def close(a, b, rtol=1e-5):
    np.testing.assert_allclose(a.REMLcrit(), b.REMLcrit(), rtol=1e-9)
    np.testing.assert_allclose(a.fixef(), b.fixef(), rtol=rtol, atol=1e-6)
    np.testing.assert_allclose(a.sigma(), b.sigma(), rtol=rtol)
    first, second = (f.VarCorr().as_data_frame()["vcov"] for f in (a, b))
    np.testing.assert_allclose(first, second, rtol=rtol, atol=1e-5)


seeds = given(st.integers(0, 10**6))
few = settings(max_examples=8, deadline=None)


@few
@seeds
def test_order_of_rows(seed):
    frame = data(seed)
    plain, shuffled = fit(frame), fit(frame.sample(frac=1.0, random_state=seed))
    close(plain, shuffled)
    pd.testing.assert_series_equal(
        plain.fitted(), shuffled.fitted().sort_index(), rtol=1e-4, atol=1e-4
    )


@few
@seeds
def test_names_of_levels(seed):
    frame = data(seed)
    renamed = frame.assign(g=[f"level {(7 * g) % 12:02d}" for g in frame["g"]])
    close(fit(frame), fit(renamed))


@few
@seeds
def test_repeated_rows_are_weights(seed):
    """A row of weight w against the row w times: the same cross-products and determinants."""
    frame = data(seed)
    repeated = frame.loc[frame.index.repeat(frame["w"])]
    problems = [
        linear_mixed.build_problem(engine_arrays(f.design), reml=False)
        for f in (fit(frame, weights="w"), fit(repeated))
    ]
    theta = [np.array([[0.8, 0.0], [0.1, 0.5]]), np.array([[0.3]])]
    solved = [linear_mixed.solution_at(problem, theta) for problem in problems]
    np.testing.assert_allclose(solved[0].beta, solved[1].beta, rtol=1e-8)
    for one, two in zip(solved[0].b_mean, solved[1].b_mean, strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-7, atol=1e-9)


@few
@given(st.integers(0, 10**6), st.floats(1e-6, 1e6), st.floats(-1e3, 1e3))
def test_units_and_origin_of_the_response(seed, scale, shift):
    frame = data(seed)
    moved = frame.assign(y=scale * (frame["y"] + shift))
    plain, other = fit(frame), fit(moved)
    np.testing.assert_allclose(other.sigma(), scale * plain.sigma(), rtol=1e-5)
    np.testing.assert_allclose(
        other.fixef()["x"], scale * plain.fixef()["x"], rtol=1e-4, atol=1e-5 * scale
    )


@pytest.mark.parametrize("kind", ["polars", "pyarrow", "dict"])
def test_kind_of_frame(kind):
    frame = data(1)
    if kind == "polars":
        other = pytest.importorskip("polars").from_pandas(frame)
    elif kind == "pyarrow":
        other = pytest.importorskip("pyarrow").Table.from_pandas(frame)
    else:
        other = {name: column.to_numpy() for name, column in frame.items()}
    close(fit(frame), fit(other), rtol=1e-12)


def test_one_call_equals_the_steps():
    """lme4's modular steps: parse and build, form the problem, optimise, wrap."""
    frame = data(2)
    whole = fit(frame)
    design = gv.api.linear_design(gv.parse_formula(FORMULA), frame, gv.LmerControl())
    problem = linear_mixed.build_problem(engine_arrays(design), reml=True)
    solution, record = linear_mixed.optimize(problem)
    assert solution.criterion == whole.REMLcrit()
    np.testing.assert_array_equal(solution.beta, whole.fixef())
    assert record.evaluations == whole.optimization.evaluations
