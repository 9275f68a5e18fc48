"""The grammar itself, and the round trip of everything it can produce."""

import inspect
import json
import re
import sys
import warnings
from pathlib import Path

import lark
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glmmvi.formula import deparse, parse_expression, parse_formula
from glmmvi.formula.grammar import parser
from glmmvi.formula.parser_tables import (
    compile_grammar,
    grammar_text,
    made_from,
    serialized_tables,
)
from glmmvi.formula.syntax_tree import SyntaxTree


def test_no_two_terminals_collide():
    pytest.importorskip("interegular")
    lark.Lark(grammar_text(), parser="lalr", strict=True)


def test_the_parser_is_built_once():
    assert parser() is parser()


def test_tables_beside_the_grammar_are_those_of_the_grammar():
    kept = Path(__file__).parents[2] / "grammar" / "formula.tables.json"
    content = json.loads(kept.read_text("utf-8"))
    expected = made_from(grammar_text())
    assert content["made_from"]["grammar"] == expected["grammar"], "run parser_tables.write()"
    if content["made_from"] == expected:
        assert parser().source_path == "<deserialized>"
        made = json.loads(serialized_tables())
        assert len(content["memo"]) == len(made["memo"])
        tables = [c["tables"]["parser"]["parser"]["states"] for c in (content, made)]
        assert len(tables[0]) == len(tables[1])


@pytest.mark.parametrize("text", ["y ~ a*b + (1 + x | g/h)", 'f(x = "a", -1e3)[2]', "y ~ `a b`^2"])
def test_the_parser_from_tables_builds_what_the_grammar_says(text):
    compiled = compile_grammar(SyntaxTree())
    try:
        expected = compiled.parse(text)
    except lark.exceptions.UnexpectedInput as error:
        with pytest.raises(type(error)):
            parser().parse(text)
    else:
        assert parser().parse(text) == expected


def test_the_formula_layer_needs_lark_only():
    sources = Path(inspect.getfile(inspect.unwrap(parse_formula))).parent.glob("*.py")
    imported = {
        match[1]
        for source in sources
        for match in re.finditer(r"^(?:from|import) (\w+)", source.read_text("utf-8"), re.MULTILINE)
    }
    assert imported - set(sys.stdlib_module_names) == {"glmmvi", "lark"}


# Text of expressions, one strategy a level of precedence, as the grammar builds them.
names = st.sampled_from(
    ["x", "y", "a.b", ".z", "_x", "my var", "TRUE", "if", "größe", "x1", "back`tick", "a\\b"]
).map(lambda n: n if n.replace(".", "").isalnum() and n not in ("TRUE", "if") else _quoted(n))
numbers = st.one_of(
    st.integers(0, 10**9).map(str),
    st.integers(0, 2**31 - 1).map("{}L".format),
    st.sampled_from(["0x1F", "1e6", ".5", "1e-7", "0.1", "123456.789", "1e300"]),
)
strings = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6)
constants = st.sampled_from(["TRUE", "FALSE", "NULL", "NA", "Inf", "NaN", "."])
leaves = st.one_of(names, names, names, numbers, strings.map(lambda s: deparse_text(s)), constants)
BINARY = ["+", "-", "*", "/", ":", "^", "**", "%in%", "%%", "%/%", "<", "==", "&", "|", "||", "&&"]


def _quoted(name: str) -> str:
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"


def deparse_text(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _extend(inner):
    argument = st.one_of(
        inner, st.tuples(names, inner).map(" = ".join), names.map("{} =".format), st.just("")
    )
    return st.one_of(
        st.tuples(inner, st.sampled_from(BINARY), inner).map(" ".join),
        st.tuples(st.sampled_from("-+!"), inner).map(" ".join),
        inner.map("({})".format),
        st.tuples(
            st.sampled_from(["log", "I", "np.log", "stats::poly", "`my f`"]),
            st.lists(argument, max_size=3),
        ).map(lambda call: f"{call[0]}({', '.join(call[1])})"),
    )


expressions = st.recursive(leaves, _extend, max_leaves=12)


@given(expressions)
@settings(max_examples=400, deadline=None)
def test_expressions_print_and_parse_back(text):
    try:
        expression = parse_expression(text)
    except ValueError as error:  # `a < b < c` has no meaning in R either
        assert "chained" in str(error)  # noqa: PT017
        return
    printed = deparse(expression)
    assert parse_expression(printed) == expression
    assert deparse(parse_expression(printed)) == printed


terms = st.recursive(
    st.sampled_from(["x", "z", "a", "`my var`", "log(x)", "I(x^2)", "poly(x, 2, raw = TRUE)"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from([" + ", " - ", "*", ":", "/", " %in% "]), inner).map(
            "".join
        ),
        inner.map("({})".format),
        inner.map("({})^2".format),
    ),
    max_leaves=5,
)
groups = st.one_of(
    st.lists(st.sampled_from(["g", "h", "`my g`", "factor(k)"]), min_size=1, max_size=3).map(
        "/".join
    ),
    st.lists(st.sampled_from(["g", "h", "k"]), min_size=1, max_size=3).map(":".join),
    st.lists(st.sampled_from(["g", "h", "k"]), min_size=2, max_size=3).map("*".join),
)
bars = st.tuples(
    st.one_of(st.sampled_from(["1", "0 + x", "x - 1", "1 + x"]), terms),
    st.sampled_from([" | ", " || ", "|"]),
    groups,
).map(lambda bar: "(" + "".join(bar) + ")")
offsets = st.sampled_from(["offset(w)", "offset(log(w))"])
sums = st.lists(st.one_of(terms, terms, bars, bars, offsets), min_size=1, max_size=5)
responses = st.sampled_from(["y", "log(y)", "cbind(s, n - s)", "s/n", "`my y`", ""])


@given(responses, st.sampled_from(["", "0 + ", "1 + "]), sums)
@settings(max_examples=400, deadline=None)
def test_formulas_print_and_parse_back(response, intercept, parts):
    text = f"{response} ~ {intercept}{' + '.join(parts)}"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            formula = parse_formula(text)
        except ValueError as error:  # `(x - x | g)`, `(x - x):z`
            assert "holds no variable" in str(error) or "no term" in str(error)  # noqa: PT017
            return
        again = parse_formula(str(formula))
    assert again == formula
    assert str(again) == str(formula)
    assert again.random == formula.random
    assert again.fixed == formula.fixed
