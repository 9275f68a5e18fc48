"""lme4's lFormula on 89 formulas: X, terms, factors, levels, order, theta."""

import warnings

import numpy as np
import pytest

from glmmvi.design import TermActions, build_design, check_random_terms
from glmmvi.errors import GlmmviError, RankDeficientMessage
from tests.design.conftest import load

CASES = load("syntax.json")
#: lme4 1.1-31 cannot find the variable; here the grouping factor is evaluated as it stands.
EXTENSIONS = {
    "y ~ x + (1|factor(num))": ("factor(num)", 12, "1"),
    "y ~ x + (1|interaction(a,b))": ("interaction(a, b)", 6, "a1.b1"),
    "y ~ x + (1|interaction(a,b,drop=TRUE))": ("interaction(a, b, drop = TRUE)", 6, "a1.b1"),
    "y ~ x + (1|paste(a,b))": ("paste(a, b)", 6, "a1 b1"),
}
#: R evaluates `h %in% a` (always FALSE) and then complains about one level; we say what it is.
OTHER_TEXT = {"y ~ x + (1|h%in%a)": "`h %in% a` is not a grouping factor"}


def build(formula, data):
    data = data[["y", "x", "z", "g", "a"]] if "~ ." in formula else data
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        design = build_design(formula, data)
        check_random_terms(
            design.terms, design.n, actions=TermActions(nobs_vs_nlev="ignore", nobs_vs_nRE="ignore")
        )
    return design, [str(w.message) for w in caught if w.category is RankDeficientMessage]


@pytest.mark.parametrize("formula", CASES)
def test_design_is_lme4s(formula, syntax_data):
    expected = CASES[formula]
    conditions = list(np.atleast_1d(expected["conditions"]))
    errors = [c.removeprefix("ERROR: ") for c in conditions if c.startswith("ERROR")]
    if formula in EXTENSIONS:
        group, count, first = EXTENSIONS[formula]
        (term,) = build(formula, syntax_data)[0].terms
        assert (term.group, term.L, term.levels[0]) == (group, count, first)
        return
    if errors:
        with pytest.raises(GlmmviError) as error:
            build(formula, syntax_data)
        assert str(error.value).startswith(OTHER_TEXT.get(formula, errors[0]))
        return
    design, messages = build(formula, syntax_data)
    assert messages == [c.removeprefix("message: ") for c in conditions if "rank" in c]
    assert list(design.column_names) == expected["X"]
    head = np.array(expected["X_head"], dtype=float).reshape(13, design.p)
    np.testing.assert_allclose(design.X[:13], head, rtol=1e-8, atol=1e-8)
    assert design.n == expected["nobs"]
    assert [(t.group, list(t.column_names)) for t in design.terms] == [
        (c["group"], c["names"]) for c in expected["cnms"]
    ]
    factors = list(expected["flist"])
    assert [factors.index(t.group) + 1 for t in design.terms] == expected["assign"]
    for term in design.terms:
        assert expected["flist"][term.group]["nlevels"] == term.L
        assert list(term.levels[:4]) == expected["flist"][term.group]["first_levels"]
    assert sum(t.d * t.L for t in design.terms) == expected["q"]
    assert sum(t.d * (t.d + 1) // 2 for t in design.terms) == expected["ntheta"]
    names = [
        f"{t.group}.{t.column_names[j]}" if i == j
        else f"{t.group}.{t.column_names[i]}.{t.column_names[j]}"
        for t in design.terms for j in range(t.d) for i in range(j, t.d)
    ]  # fmt: skip
    assert names == expected["theta_names"]
