"""What a user of glmer can run into, and what the package says about it."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import glmmvi as gv
from glmmvi.inference.separation import separating_direction

N = 60


def frame():
    rng = np.random.default_rng(5)
    data = pd.DataFrame(
        {
            "x": rng.normal(size=N),
            "z": rng.normal(size=N),
            "g": np.tile(np.arange(6), 10),
            "row": np.arange(N),
            "pair": np.tile(np.arange(30), 2),
            "count": rng.poisson(2, N),
            "binary": rng.integers(0, 2, N),
            "share": rng.uniform(size=N),
            "f": rng.choice(["u", "v"], N),
            "one": 1,
            "zero": 0,
        }
    )
    data["split"] = (data["x"] > 0.1).astype(int)
    data["always"] = np.where(data["f"] == "u", 1, data["binary"])
    data["none_in_v"] = data["count"] * (data["f"] == "u")
    return data


def fit(formula, family, data=None, **arguments):
    return gv.glmer(formula, frame() if data is None else data, family, **arguments)


QUASI = '"quasi" families cannot be used in glmer'
REFUSED = {
    # lme4's sentences (messages.json), then the culprit
    "constant": ("one ~ x + (1 | g)", "binomial", "^Response is constant"),
    "all zero counts": ("zero ~ x + (1 | g)", "poisson", "^Response is constant"),
    "all zero, negative binomial": ("zero ~ x + (1 | g)", "nbinom2", "^Response is constant"),
    "share above 1": (
        "I(share * 2) ~ x + (1 | g)",
        "binomial",
        r"^y values must be 0 <= y <= 1 \(row 0",
    ),
    "negative counts": (
        "I(count - 3) ~ x + (1 | g)",
        "poisson",
        r"^negative values not allowed for the 'Poisson' family \(row 2 .*-3\)",
    ),
    "negative Gamma": (
        "x ~ z + (1 | g)",
        "Gamma",
        "^non-positive values not allowed for the 'Gamma' family",
    ),
    "characters": ("f ~ x + (1 | g)", "binomial", "^response must be numeric or factor"),
    "more effects than rows": (
        "count ~ x + (x + z | row)",
        "poisson",
        r"^number of observations \(=60\) < number of random effects \(=180\) for term "
        r"\(x \+ z \| row\); the random-effects parameters are probably unidentifiable$",
    ),
    "more effects than rows, with a scale": (
        "I(count + 1) ~ x + (x + z | row)",
        gv.Gamma("log"),
        r"^number of observations \(=60\) < number of random effects \(=180\) for term ",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_with_lme4s_sentence(case):
    formula, family, message = REFUSED[case]
    with pytest.raises(gv.DataError, match=message):
        fit(formula, family)


def test_quasi_families():
    for family in ("quasipoisson", "quasibinomial", "quasi"):
        with pytest.raises(gv.ArgumentError, match=QUASI):
            fit("count ~ x + (1 | g)", family)


def test_as_many_effects_as_rows_without_a_scale():
    """lme4 takes an effect an observation where nothing else tells of a scale."""
    with pytest.warns(gv.SingularFitMessage, match="boundary"):
        found = fit("count ~ x + (1 | row)", "poisson")
    assert found.ngrps() == {"row": N}


NOT_WHOLE = {
    "poisson": ("share", "poisson", r"^non-integer x = 0\.\d{6} \(and 59 more rows\)$"),
    "shares": ("share", "binomial", "^non-integer #successes in a binomial glm!$"),
    "cbind": ("cbind(share, 1 - share)", "binomial", "^non-integer counts in a binomial glm!$"),
}


@pytest.mark.parametrize("case", NOT_WHOLE)
def test_counts_that_are_not_whole_numbers(case):
    response, family, message = NOT_WHOLE[case]
    with pytest.warns(gv.GlmmviWarning) as caught, warnings.catch_warnings():
        found = fit(f"{response} ~ x + (1 | g)", family)
    ours = [w for w in caught if w.category is gv.GlmmviWarning]
    assert len(ours) == 1
    with pytest.raises(gv.GlmmviWarning, match=message):
        raise ours[0].message
    assert found.optimization.converged


SEPARATED = {
    "complete": ("split ~ x + z + (1 | g)", "binomial", "'x' goes to infinity"),
    "other links": ("split ~ x + z + (1 | g)", gv.binomial("cloglog"), "'x' goes to infinity"),
    "quasi-complete": ("always ~ f + z + (1 | g)", "binomial", "'fv' goes to minus infinity"),
    "counts": ("none_in_v ~ f + (1 | g)", "poisson", "'fv' goes to minus infinity"),
}


@pytest.mark.parametrize("case", SEPARATED)
def test_separation_names_the_coefficient_and_advises_a_prior(case):
    formula, family, ends = SEPARATED[case]
    with pytest.warns(gv.SeparationWarning) as caught:
        found = fit(formula, family)
    (message,) = (str(w.message) for w in caught if w.category is gv.SeparationWarning)
    said = message.replace("\n", " ")
    name = ends.split("'")[1]
    assert ends in said
    assert f"priors={{'{name}': glmmvi.Normal(0, 2.5)}}" in said
    assert message in str(found)
    assert found.optimization.converged  # the slopes of what goes to infinity lead nowhere


def test_the_advised_prior_helps():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", gv.SingularFitMessage)
        found = fit("always ~ f + z + (1 | g)", "binomial", priors={"fv": gv.Normal(0, 2.5)})
    assert -10 < found.fixef()["fv"] < -1
    assert np.sqrt(found.vcov().loc["fv", "fv"]) < 2.5


def test_large_effects_alone_are_no_separation():
    rng = np.random.default_rng(2)
    data = frame()
    data["steep"] = rng.binomial(1, 1 / (1 + np.exp(-6 * data["x"])))
    with warnings.catch_warnings():
        warnings.simplefilter("error", gv.SeparationWarning)
        warnings.simplefilter("ignore", gv.SingularFitMessage)
        found = fit("steep ~ x + (1 | g)", "binomial", data)
    assert found.fixef()["x"] * np.abs(data["x"]).max() > 8  # it was looked for


def test_separation_in_many_rows():
    """The linear program sees some rows at a time; one row can spoil a separation."""
    rng = np.random.default_rng(0)
    X = np.column_stack([np.ones(9001), rng.normal(size=(9001, 2))])
    y = X[:, 1] + 0.3 * X[:, 2] > 0.2
    direction = separating_direction(X, y, ~y)
    assert (np.where(y, 1, -1) * (X @ direction) > -1e-9).all()
    row = np.argmax(X[:, 1] + 0.3 * X[:, 2])
    y[row] = False
    assert separating_direction(X, y, ~y) is None


def test_a_singular_fit_says_so():
    with pytest.warns(gv.SingularFitMessage, match=r"boundary \(singular\) fit: see help"):
        found = fit("count ~ x + (1 | g)", "poisson")
    assert found.isSingular()
    assert found.VarCorr()["g"].sd[0] == 0.0
    glm = np.log(frame()["count"].mean())
    assert abs(found.fixef()["(Intercept)"] - glm) < 0.1


def test_huge_counts_do_not_overflow():
    rng = np.random.default_rng(1)
    data = frame()
    effects = 0.1 * rng.normal(size=6)
    data["huge"] = rng.poisson(1e9 * np.exp(effects[data["g"]]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = fit("huge ~ x + (1 | g)", "poisson", data)
    assert found.optimization.converged
    modes = found.ranef()["g"]["(Intercept)"].to_numpy() + found.fixef()["(Intercept)"]
    assert_allclose(modes, np.log(1e9) + effects, atol=1e-4)
    assert_allclose(found.fitted(), data["huge"], rtol=1e-3)


def test_a_zero_response_in_most_groups_is_fine():
    data = frame()
    data["rare"] = (data["row"] == 3).astype(int) + (data["row"] == 9)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", gv.SingularFitMessage)
        found = fit("rare ~ 1 + (1 | g)", "binomial", data)
    assert np.isfinite(found.fixef()).all()
    assert -20 < found.fixef()["(Intercept)"] < -2


def test_glmer_nb_has_no_family():
    with pytest.raises(gv.ArgumentError, match="glmer_nb has no argument 'family'"):
        gv.glmer_nb("count ~ x + (1 | g)", frame(), family="poisson")
    with pytest.raises(gv.ArgumentError, match='did you mean "weights"'):
        gv.glmer_nb("count ~ x + (1 | g)", frame(), weight="x")


@pytest.mark.parametrize("formula", ["y ~ x + (1 | g) + (1 | h) + (1 | g:h)", "y ~ x + (x || g)"])
def test_densities_that_are_convex_in_places_are_fitted(formula):
    """An inverse Gaussian density of the log link is convex below half its mean."""
    rng = np.random.default_rng(52)
    g, h, x = rng.integers(0, 15, 120), rng.integers(0, 4, 120), rng.normal(size=120)
    y = rng.wald(np.exp(0.3 + 0.4 * x + 1.5 * rng.normal(size=15)[g]), 1.0)
    data = pd.DataFrame({"y": y, "x": x, "g": g, "h": h})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", gv.SingularFitMessage)
        found = gv.glmer(formula, data, gv.inverse_gaussian("log"))
    assert found.optimization.converged
    elbo = -0.5 * found.optimization.trace
    assert (np.diff(elbo) > -1e-8).all()
    assert found.elbo == pytest.approx(elbo[-1], abs=1e-8)
