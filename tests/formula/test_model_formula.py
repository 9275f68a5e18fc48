"""Whole formulas against lme4: printed text, grouping factors, fixed part; update()."""

import copy
import json
import pickle
import warnings
from pathlib import Path

import pytest

from glmmvi.errors import FormulaError, FormulaMessage, FormulaSyntaxError
from glmmvi.formula import Symbol, deparse, deparse_lines, parse_formula, update_formula

REFERENCE = Path(__file__).parents[1] / "reference" / "formula"
SYNTAX = json.loads((REFERENCE / "syntax.json").read_text(encoding="utf-8"))
INPUTS = json.loads((REFERENCE / "language_inputs.json").read_text(encoding="utf-8"))
ANSWERS = json.loads((REFERENCE / "language_ref.json").read_text(encoding="utf-8"))

#: lme4 1.1-31 refuses these for want of the columns; here they are grouping factors.
EXTENSIONS = {
    "y ~ x + (1|factor(num))": ["factor(num)"],
    "y ~ x + (1|interaction(a,b))": ["interaction(a, b)"],
    "y ~ x + (1|interaction(a,b,drop=TRUE))": ["interaction(a, b, drop = TRUE)"],
    "y ~ x + (1|paste(a,b))": ["paste(a, b)"],
}
READ_BY_A_RULE = {
    "y ~ x | g": "no brackets",
    "y ~ 1 + x | g": "no brackets",
    "y ~ x + (x|g) - (1|h)": "does not remove",
    "y ~ (x + (1|g))^2": "fixed effects only",
}


@pytest.mark.parametrize("text", SYNTAX)
def test_reference_formulas(text):
    answer = SYNTAX[text]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        if "formula" not in answer and text not in EXTENSIONS:
            with pytest.raises(FormulaError):
                parse_formula(text)
            return
        formula = parse_formula(text)
    assert len(caught) == (text in READ_BY_A_RULE)
    groups = [term.group_name for term in formula.random]
    if text in EXTENSIONS:
        assert groups == EXTENSIONS[text]
        return
    assert "".join(deparse_lines(formula.expression)) == answer["formula"]
    assert sorted(groups) == sorted(term["group"] for term in answer["cnms"])


@pytest.mark.parametrize(("text", "message"), READ_BY_A_RULE.items())
def test_surprising_readings_say_so(text, message):
    with pytest.warns(FormulaMessage, match=message):
        parse_formula(text)


@pytest.mark.parametrize(
    ("text", "fixed", "random"),
    [
        ("y ~ x + (x | g)", "x", ["x | g"]),
        ("y ~ (1 | g)", "1", ["1 | g"]),
        ("~ x", "x", []),
        ("y ~ 0 + (1 | g)", "0", ["1 | g"]),
        ("y ~ (x | g) + z + (1 | h)", "z", ["x | g", "1 | h"]),
        ("y ~ (x + (1 | g)) + z", "(x) + z", ["1 | g"]),
        ("y ~ x + (1 | a/b/c)", "x", ["1 | c:(b:a)", "1 | b:a", "1 | a"]),
        ("y ~ (1 | a*b)", "1", ["1 | a", "1 | b", "1 | a:b"]),
        ("y ~ (1 | a*b*c)", "1", [f"1 | {g}" for g in ("a", "b", "c", "a:b", "a:c", "b:c")]
         + ["1 | a:b:c"]),
        ("y ~ (1 | factor(a)/b)", "1", ["1 | b:factor(a)", "1 | factor(a)"]),
        ("y ~ (x || g)", "1", ["1 | g", "0 + x | g"]),
        ("y ~ (x*z || g/h)", "1", [
            f"{side} | {g}" for side in ("1", "0 + x", "0 + z", "0 + x:z") for g in ("h:g", "g")
        ]),
        ("y ~ (x > 0 || g)", "1", ["1 | g", "0 + (x > 0) | g"]),
        ("y ~ (1 || g)", "1", ["1 | g"]),
        ("y ~ (0 + a || g)", "1", ["0 + a | g"]),
        ("y ~ I(a | b) + ifelse(a | b, 1, 0) + (1 | g)", "I(a | b) + ifelse(a | b, 1, 0)",
         ["1 | g"]),
        ("cbind(s, n - s) ~ np.log(x) + (1 | `my g`)", "np.log(x)", ["1 | `my g`"]),
        ("log(y) ~ . + (. | g)", ".", [". | g"]),
        ("y ~ x + # the slope\n\t(1 | g)", "x", ["1 | g"]),
        ("größe ~ α + (1 | 学校)", "α", ["1 | 学校"]),
    ],
)  # fmt: skip
def test_parts(text, fixed, random):
    formula = parse_formula(text)
    assert deparse(formula.fixed) == fixed
    assert [str(term) for term in formula.random] == random
    assert parse_formula(str(formula)) == formula


def test_lost_minus_of_lme4():
    with pytest.warns(FormulaMessage, match="loses the minus"):
        formula = parse_formula("y ~ (1 | g) - 1")
    assert deparse(formula.fixed) == "-1"


def test_spans_point_into_the_text():
    formula = parse_formula("y ~ log(x) + (1 | g)")
    assert formula.fixed.span == (4, 10)
    assert formula.text[slice(*formula.random[0].group.span)] == "g"


def test_printed_and_compared():
    formula = parse_formula("y~x+(1|g)")
    assert str(formula) == "y ~ x + (1 | g)"
    assert repr(formula) == "ModelFormula('y ~ x + (1 | g)')"
    assert formula == parse_formula("y ~ x +(1| g)")
    assert hash(formula) == hash(parse_formula("y ~ x +(1| g)"))
    assert formula != parse_formula("y ~ x + (2 - 1 | g)".replace("2 - 1", "x"))
    assert str(parse_formula("~x")) == "~x"


def test_a_thousand_terms():
    text = "y ~ " + " + ".join(f"x{i}" for i in range(1000)) + " + (1 | g)"
    formula = parse_formula(text)
    assert formula == parse_formula(str(formula))
    assert str(formula) == text
    assert pickle.loads(pickle.dumps(formula)) == formula
    assert copy.deepcopy(formula) == formula


# Where we leave R on purpose: old, new, our answer.
UPDATES_OF_OUR_OWN = {
    ("y~x+offset(w)", ".~.-offset(w)"): "y ~ x",  # R cannot remove an offset
    ("y~x", ".~.+(x>0)+z"): "y ~ x + (x > 0) + z",  # R writes `x + x > 0 + z`
    ("y~x", "~.+(x||g)"): "y ~ x + (1 | g) + (0 + x | g)",
}


@pytest.mark.filterwarnings("ignore::glmmvi.errors.FormulaMessage")
def test_update_as_r():
    differing = 0
    for (old, new), answer in zip(INPUTS["update"], ANSWERS["update"], strict=True):
        own = UPDATES_OF_OUR_OWN.get((old, new))
        if (old == "~x" and new == ".~.") or (old, new) == ("y~(1|g)+x", ".~.*z"):
            with pytest.raises(FormulaSyntaxError):
                update_formula(parse_formula(old), new)
            continue
        if "error" in answer:
            with pytest.raises(FormulaError):
                update_formula(parse_formula(old), new)
            continue
        result = "\n".join(deparse_lines(update_formula(parse_formula(old), new).expression))
        assert result == (own or answer["formula"]), (old, new)
        differing += own is not None
    assert differing == len(UPDATES_OF_OUR_OWN)


def test_update_knows_the_columns_behind_a_dot():
    old = parse_formula("y ~ . + (1 | g)")
    dot = (Symbol("x"), Symbol("z"))
    assert str(update_formula(old, ". ~ . - x", dot)) == "y ~ z + (1 | g)"
    with pytest.raises(FormulaError, match="no data here"):
        update_formula(old, ". ~ . - x")


def test_update_needs_a_formula():
    with pytest.raises(FormulaError, match="not a formula"):
        update_formula(parse_formula("y ~ x"), "x")
