"""The terms algebra against R's ``terms()``."""

import json
from pathlib import Path

import pytest

from glmmvi.errors import FormulaError, FormulaMessage
from glmmvi.formula import Symbol, expand_terms, parse_expression, term_label, variables_of
from glmmvi.formula.expression import operands

REFERENCE = Path(__file__).parents[1] / "reference" / "formula"
FIXED = json.loads((REFERENCE / "fixed_ref.json").read_text(encoding="utf-8"))
INPUTS = json.loads((REFERENCE / "language_inputs.json").read_text(encoding="utf-8"))
ANSWERS = json.loads((REFERENCE / "language_ref.json").read_text(encoding="utf-8"))
DOT = (Symbol("x"), Symbol("a"), Symbol("b"))

# R drops a whole side in silence here; we refuse.
REFUSED = "holds no variable"
# R keeps an offset that is subtracted; an offset has one argument.
OTHER_REFUSALS = {
    "~x+offset(z)-offset(z)": "R would keep it",
    "~offset(x, y)": "one argument",
    "~(1|g)+x": "cannot stand here",  # lme4 takes random-effects terms out before
    "~x+x|g": "cannot stand here",
    "~x^2.5": "invalid power",
}


@pytest.mark.parametrize("rhs", [key for key, value in FIXED.items() if "term.labels" in value])
def test_reference_right_hand_sides(rhs):
    terms = expand_terms(parse_expression(rhs), response=Symbol("y"))
    assert list(terms.labels) == FIXED[rhs]["term.labels"]
    assert terms.intercept == (0 in FIXED[rhs]["assign"])


def test_random_formulas_against_r():
    compared = []
    for text, answer in zip(INPUTS["terms"], ANSWERS["terms"], strict=True):
        try:
            sides = operands(parse_expression(text), "~")
            terms = expand_terms(sides[-1])
        except FormulaError as error:
            expected = OTHER_REFUSALS.get(text, REFUSED)
            unexpected = None if "error" in answer or expected in str(error) else error
        else:
            unexpected = None
            compared.append((text, answer, sides, terms))
        assert unexpected is None, text
    for text, answer, sides, terms in compared:
        assert "error" not in answer, text
        if len(sides) == 1:  # with a response: test_response_on_the_right...
            assert list(terms.labels) == answer["labels"], text
        assert terms.intercept == bool(answer["intercept"]), text
        assert len(terms.offsets) == answer["offsets"], text
    assert len(compared) > 250


@pytest.mark.parametrize(
    ("rhs", "labels", "intercept"),
    [
        (".", ["x", "a", "b"], True),
        (". - x", ["a", "b"], True),
        (". + I(x^2)", ["x", "a", "b", "I(x^2)"], True),
        (".^2", ["x", "a", "b", "x:a", "x:b", "a:b"], True),
        (". - 1", ["x", "a", "b"], False),
        (".:x", ["x", "x:a", "x:b"], True),
    ],
)
def test_dot(rhs, labels, intercept):
    terms = expand_terms(parse_expression(rhs), DOT)
    assert list(terms.labels) == labels
    assert terms.intercept == intercept


def test_removed_variables_stay_variables():
    terms = expand_terms(parse_expression(". - x"), DOT)
    assert terms.variables == DOT


def test_dot_needs_data():
    with pytest.raises(FormulaError, match="no data here"):
        expand_terms(parse_expression(". + x"))


def test_response_on_the_right_is_dropped_with_a_message():
    expression = parse_expression("x * y + z")
    with pytest.warns(FormulaMessage, match="response y appeared"):
        terms = expand_terms(expression, response=Symbol("y"))
    assert terms.labels == ("x", "z", "y:x")  # R: the response is the first variable


def test_offsets():
    terms = expand_terms(parse_expression("offset(log(z)) + x + offset(w)"))
    assert terms.labels == ("x",)
    assert [term_label((offset,)) for offset in terms.offsets] == ["log(z)", "w"]
    assert terms.variables == (Symbol("x"),)


def test_long_sums():
    text = " + ".join(f"x{i}" for i in range(2000))
    assert len(expand_terms(parse_expression(text)).factors) == 2000


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("log(x) + y:z", ("x", "y", "z")),
        ("C(a, contr.sum)", ("a", "contr.sum")),
        ("f(df = n, x, )", ("n", "x")),
        ("stats::poly(x, 2) + stats::sd", ("x",)),
        ("`my var` + . + TRUE + 'text'", ("my var",)),
        ("y ~ x + (1 + z | g/h)", ("y", "x", "z", "g", "h")),
        ("x + x", ("x",)),
    ],
)
def test_variables_of(text, names):
    assert variables_of(parse_expression(text)) == names
