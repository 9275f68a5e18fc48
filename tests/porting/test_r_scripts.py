"""Scripts of lme4's documentation, ported line by line, beside what R prints (lme4 1.1-31).

An R line is matched in one of four ways. ``lmer``'s printouts are the same characters. Where R
shows seven digits, which an optimum does not determine, the words are the same and the numbers
close. ``glmer``'s objective is another one (a variational bound, not Laplace's value): there the
words are the same, effects lie within 0.05 standard errors and the rest within 3 %.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import norm

from tests.porting.r_session import (
    REFERENCE,
    coefficient_rows,
    deviations,
    layout,
    numbers,
    our_session,
    r_session,
    vector,
)

SCRIPTS = ("sleepstudy", "cbpp", "grouseticks")
SHARE, ERRORS = 0.03, 0.05  # of a number; of a standard error
BOUND = "\nThe log likelihood is a lower bound (variational approximation)."
# Laplace and the bound differ by 6 % here; README.md's table of sds has both
LAPLACE_DIFFERS = {("grouseticks", "LOCATION"): 0.06}
# in conditional standard deviations: R has the modes of skewed posteriors, the surrogate the means,
# which lie below them (0.22, 0.07 and 0.32 at most; the last also by the larger sd of LOCATION)
MEAN_AND_MODE = {"BROOD": 0.25, "INDEX": 0.08, "LOCATION": 0.35}

SAME_CHARACTERS = {
    "sleepstudy": [
        "fm1",
        "summary(fm1)",
        "summary(fm2)",
        "anova(fm1, fm2)",
        "VarCorr(fm2)",
        "logLik(fm2)",
        "anova(fm2, fm3)",
    ],
}
SAME_WORDS = {"sleepstudy": ["ranef(fm2)", 'confint(fm2, method = "Wald")']}
SAME_VALUES = {
    "sleepstudy": [
        "fixef(fm2)",
        "sigma(fm2)",
        'predict(fm2, data.frame(Days = c(0, 10), Subject = c("308", "309")))',
        "predict(fm2, data.frame(Days = c(0, 10)), re.form = NA)",
    ],
    "grouseticks": ["ngrps(gm)", "dim(s)", "mean(grouseticks$TICKS == 0)"],
}
MODEL = {"cbpp": "gm1", "grouseticks": "gm"}


def lines_of(table):
    return [(script, line) for script in table for line in table[script]]


@cache
def sessions(script):
    theirs, ours = r_session(script), our_session(script)
    return {said.line: (said, mine) for said, mine in zip(theirs, ours, strict=True)}


def both(script, line):
    said, mine = sessions(script)[line]
    return said.text, mine.text, mine.value


def r_errors(script):
    """Standard errors of the fixed effects, from R's own summary."""
    rows = coefficient_rows(both(script, f"summary({MODEL[script]})")[0])
    return np.array([row[1] for row in rows.values()])


@pytest.mark.parametrize("script", SCRIPTS)
def test_every_line_of_the_script_is_ported(script):
    wanted = (REFERENCE / f"{script}.R").read_text(encoding="utf-8").splitlines()
    assert [said.line for said in r_session(script)] == wanted
    assert [said.line for said in our_session(script)] == wanted


@pytest.mark.parametrize(("script", "line"), lines_of(SAME_CHARACTERS))
def test_same_characters(script, line):
    theirs, ours, _ = both(script, line)
    # the line of summary() on a `control` argument has no counterpart here
    assert ours.lstrip("\n") == theirs.replace("\nControl: tight", "")


@pytest.mark.parametrize(("script", "line"), lines_of(SAME_WORDS))
def test_same_words_and_digits_that_an_optimum_determines(script, line):
    theirs, ours, _ = both(script, line)
    assert layout(ours) == layout(theirs)
    assert_allclose(numbers(ours), numbers(theirs), rtol=1e-6, atol=1e-5)


@pytest.mark.parametrize(("script", "line"), lines_of(SAME_VALUES))
def test_same_values(script, line):
    theirs, _, value = both(script, line)
    value = list(value.values()) if isinstance(value, dict) else value
    assert_allclose(np.ravel(value), vector(theirs), rtol=2e-6)


@pytest.mark.parametrize("script", MODEL)
@pytest.mark.parametrize("call", ["{}", "summary({})"])
def test_glmer_prints_in_the_same_words(script, call):
    theirs, ours, _ = both(script, call.format(MODEL[script]))
    assert ours.endswith(BOUND)  # ours, under R's layout
    ours = ours.removesuffix(BOUND)
    assert layout(ours) == layout(theirs.replace("Laplace", "Variational"))


@pytest.mark.parametrize("script", MODEL)
def test_glmer_criteria_and_deviations(script):
    theirs, ours, _ = both(script, MODEL[script])
    header = "df.resid"
    pair = [text.split(header)[1].split("Random")[0] for text in (ours, theirs)]
    assert_allclose(numbers(pair[0]), numbers(pair[1]), rtol=0.002)
    for line in (f"summary({MODEL[script]})", f"VarCorr({MODEL[script]})"):
        theirs, ours, _ = both(script, line)
        wanted, got = deviations(theirs), deviations(ours)
        assert list(got) == list(wanted)
        for group, sd in wanted.items():
            assert got[group] == pytest.approx(
                sd, rel=LAPLACE_DIFFERS.get((script, group), SHARE)
            ), group


@pytest.mark.parametrize("script", MODEL)
def test_glmer_coefficients(script):
    theirs, ours, _ = both(script, f"summary({MODEL[script]})")
    wanted, got = coefficient_rows(theirs), coefficient_rows(ours)
    assert list(got) == list(wanted)
    for name, (estimate, error, z, p) in wanted.items():
        ours_estimate, ours_error, ours_z, ours_p = got[name]
        assert abs(ours_estimate - estimate) < ERRORS * error, name
        assert ours_error == pytest.approx(error, rel=SHARE), name
        assert ours_z == pytest.approx(z, rel=SHARE, abs=ERRORS), name
        assert norm.isf(ours_p / 2) == pytest.approx(norm.isf(p / 2), rel=SHARE, abs=ERRORS), name
    theirs, _, value = both(script, f"fixef({MODEL[script]})")
    assert (np.abs(value - vector(theirs)) < ERRORS * r_errors(script)).all()


def test_glmer_anova_of_nested_models():
    theirs, ours, _ = both("cbpp", "anova(gm0, gm1)")
    assert layout(ours) == layout(theirs)
    rows = [[numbers(row) for row in text.splitlines()[4:6]] for text in (theirs, ours)]
    for wanted, got in zip(*rows, strict=True):
        # npar, AIC, BIC, logLik, deviance; then Chisq, Df, and the p value on its log scale
        assert_allclose(got[:5], wanted[:5], rtol=0.001)
        if len(wanted) > 5:
            assert_allclose(got[5:7], wanted[5:7], rtol=SHARE)
            assert_allclose(np.log(got[7]), np.log(wanted[7]), rtol=SHARE)


def test_glmer_wald_intervals():
    theirs, ours, _ = both("cbpp", 'confint(gm1, method = "Wald")')
    assert layout(ours) == layout(theirs)
    ends = [np.reshape(numbers(text.split("%", 2)[2]), (-1, 2)) for text in (ours, theirs)]
    # an end moves with the estimate (0.05 se) and with 3 % of its 1.96 standard errors
    allowed = (ERRORS + SHARE * 1.96) * r_errors("cbpp")[:, None]
    assert (np.abs(ends[0] - ends[1]) < allowed).all()


@pytest.mark.parametrize(
    "line",
    [
        "predict(gm1, nd)",
        'predict(gm1, nd, type = "response")',
        'predict(gm1, nd, re.form = NA, type = "response")',
    ],
)
def test_glmer_predictions(line):
    theirs, _, value = both("cbpp", line)
    assert_allclose(value, vector(theirs), rtol=SHARE)


def test_glmer_random_effects():
    theirs, _, frame = both("grouseticks", "as.data.frame(re)")
    rows = [row.split() for row in theirs.splitlines()[1:]]
    assert [tuple(row[1:4]) for row in rows] == [
        (str(a), str(b), str(c))
        for a, b, c in zip(frame["grpvar"], frame["term"], frame["grp"], strict=True)
    ]
    value, error = np.array([row[4:6] for row in rows], dtype=float).T
    off = np.abs(frame["condval"] - value) / error
    for group, allowed in MEAN_AND_MODE.items():
        assert off[frame["grpvar"] == group].max() < allowed, group
    assert_allclose(frame["condsd"], error, rtol=0.05)
    location = both("grouseticks", "re$LOCATION")[2]
    assert_allclose(location["(Intercept)"], frame.loc[frame["grpvar"] == "LOCATION", "condval"])


@pytest.mark.parametrize("line", ["mean(as.matrix(s))", "mean(as.matrix(s) == 0)"])
def test_simulations_have_the_same_moments(line):
    (wanted,), ours = vector(both("grouseticks", line)[0]), both("grouseticks", line)[2]
    draws = both("grouseticks", "s <- simulate(gm, nsim = 200, seed = 101)")[2].to_numpy()
    each = (draws == 0).mean(axis=0) if "== 0" in line else draws.mean(axis=0)
    assert ours == pytest.approx(each.mean())
    error = each.std(ddof=1) / np.sqrt(len(each))
    assert abs(ours - wanted) < 3 * np.sqrt(2) * error
