"""Text written back: R's ``deparse``, its line breaks, its numbers and names."""

import json
from pathlib import Path

import pytest

from glmmvi.formula import Number, Symbol, deparse, deparse_lines, parse_expression, parse_formula
from glmmvi.formula.expression import call

REFERENCE = Path(__file__).parents[1] / "reference" / "formula"
INPUTS = json.loads((REFERENCE / "language_inputs.json").read_text(encoding="utf-8"))
ANSWERS = json.loads((REFERENCE / "language_ref.json").read_text(encoding="utf-8"))

# As in R, the digits from the 16th on are lost in print.
MORE_THAN_15_DIGITS = ("123456789012345678", "0.30000000000000004")


@pytest.mark.parametrize(
    ("text", "answer"), list(zip(INPUTS["deparse"], ANSWERS["deparse"], strict=True))
)
def test_same_lines_as_r(text, answer):
    expression = parse_expression(text)
    assert deparse_lines(expression) == answer["lines"]
    printed = deparse(expression)
    assert deparse(parse_expression(printed)) == printed
    if text not in MORE_THAN_15_DIGITS:
        assert parse_expression(printed) == expression


def test_wide_model_of_the_printouts():
    names = [f"a_fairly_long_name_{i}" for i in range(1, 14)]
    formula = parse_formula("y ~ " + " + ".join(names) + " + (1 | g)")
    assert deparse_lines(formula.expression) == [
        "y ~ a_fairly_long_name_1 + a_fairly_long_name_2 + a_fairly_long_name_3 + ",
        "    a_fairly_long_name_4 + a_fairly_long_name_5 + a_fairly_long_name_6 + ",
        "    a_fairly_long_name_7 + a_fairly_long_name_8 + a_fairly_long_name_9 + ",
        "    a_fairly_long_name_10 + a_fairly_long_name_11 + a_fairly_long_name_12 + ",
        "    a_fairly_long_name_13 + (1 | g)",
    ]


A, B, C = (Symbol(name) for name in "abc")
SUM, PRODUCT = call("+", A, B), call("*", A, B)


@pytest.mark.parametrize(
    ("expression", "text"),
    [  # checked in R with deparse(call(op, ...))
        (call(":", C, call(":", B, A)), "c:(b:a)"),
        (call(":", call(":", C, B), A), "c:b:a"),
        (call("*", SUM, C), "(a + b) * c"),
        (call("*", C, SUM), "c * (a + b)"),
        (call("+", C, PRODUCT), "c + a * b"),
        (call("-", C, call("-", A, B)), "c - (a - b)"),
        (call("^", call("^", A, B), C), "(a^b)^c"),
        (call("^", C, call("^", A, B)), "c^a^b"),
        (call("^", call("-", A), C), "(-a)^c"),
        (call("^", C, call("-", A)), "c^-a"),
        (call("+", call("!", A), C), "(!a) + c"),
        (call("+", C, call("!", A)), "c + !a"),
        (call("-", SUM), "-(a + b)"),
        (call("-", call("^", A, B)), "-a^b"),
        (call("!", call("|", A, B)), "!(a | b)"),
        (call("<", call("<", A, B), C), "(a < b) < c"),
        (call("%in%", C, call("%%", A, B)), "c %in% (a%%b)"),
        (call("~", call("~", A, B), C), "a ~ b ~ c"),
    ],
)
def test_brackets_where_the_text_needs_them(expression, text):
    assert deparse(expression) == text


def test_grouping_names_have_no_backticks_alone():
    formula = parse_formula("y ~ (1 | `my g`) + (1 | `my g`:h)")
    assert [term.group_name for term in formula.random] == ["my g", "`my g`:h"]


def test_deep_indentation_gets_narrower():
    expression = Number(1.0)
    for level in range(7):
        expression = call("%in%", Symbol(f"{'v' * 70}{level}"), expression)
    lines = deparse_lines(expression)
    # R's printtab2buff: four indents of four blanks, then two each; see language_ref.R's cases
    assert [len(line) - len(line.lstrip()) for line in lines] == [0, 4, 8, 12, 16, 18, 20, 22]
