"""Malformed formulas: where the caret stands, what the message says, what is advised."""

import random

import pytest

from glmmvi.errors import ArgumentError, FormulaError, FormulaSyntaxError
from glmmvi.formula import parse_expression, parse_formula

# fmt: off
MALFORMED = [  # text, column (zero-based), message, advice (their beginnings)
    ('', 0, 'the formula is empty', 'Write one such as `y ~ x'),
    ('', 0, 'the formula is empty', 'Write one such as `y ~ x'),
    ('# only a comment', 0, 'the formula is empty', 'Write one such as `y ~ x'),
    ('x + (1 | g)', 0, 'a formula needs a `~`, and there', 'Write `response ~ x + (1'),
    ('y', 0, 'a formula needs a `~`, and there', 'Write `response ~ y`; `~'),
    ('y == x', 0, 'a formula needs a `~`, and there', 'Write `y ~ x`.'),
    ('y = x', 2, 'a formula is written with `~`, n', 'Write `response ~ terms`'),
    ('y = x + (1 | g)', 2, 'a formula is written with `~`, n', 'Write `response ~ terms`'),
    ('y ~ ', 3, 'the formula ends where something', 'Write what belongs right'),
    ('~', 1, 'the formula ends where something', 'Write what belongs right'),
    ('y ~ x +', 7, 'the formula ends where something', 'Write what belongs right'),
    ('y ~ x + (1 | g) +', 17, 'the formula ends where something', 'Write what belongs right'),
    ('y ~ x:', 6, 'the formula ends where something', 'Write what belongs right'),
    ('y ~ x y', 6, 'an operator is missing between `', 'Write `x + y`, `x * y` o'),
    ('y ~ x (1 | g)', 6, 'an operator is missing between `', 'Write `x + (1 | g)`.'),
    ('y ~ x(1 | g)', 5, 'an operator is missing between `', 'Write `x + (1 | g)`.'),
    ('y ~ x + z (w | g)', 10, 'an operator is missing between `', 'Write `z + (w | g)`.'),
    ('y ~ x * us(x | g)', 8, '`us()` around a random-effects t', 'The same model is `(x | '),
    ('y ~ x 2', 6, 'an operator is missing between `', 'Write `x + 2`, `x * 2` o'),
    ('y ~ 2x', 5, '`2x` is neither a number nor a n', 'Write `2 * x`, or put a '),
    ('y ~ 3 (x)', 6, 'an operator is missing between `', 'Only a name can be calle'),
    ('y ~ x "a"', 6, 'an operator is missing between `', 'Write `x + "a"`, `x * "a'),
    ('y ~ x ) z', 6, 'this bracket closes nothing', 'Remove it, or add the op'),
    ('y ~ x)', 5, 'this bracket closes nothing', 'Remove it, or add the op'),
    ('y ~ (x + z', 4, 'this bracket is never closed', 'Add the missing `)`.'),
    ('y ~ x + (1 | g', 8, 'this bracket is never closed', 'Add the missing `)`.'),
    ('y ~ log(x', 7, 'this bracket is never closed', 'Add the missing `)`.'),
    ('y ~ ()', 5, 'there is nothing between these b', 'Write a term between the'),
    ('y ~ x + ()', 9, 'there is nothing between these b', 'Write a term between the'),
    ('y ~ (1 | )', 9, 'something is missing between `|`', 'A random-effects term na'),
    ('y ~ ( | g)', 6, '`|` cannot stand after `(`: it n', 'Remove `|` or `(`.'),
    ('y ~ (1 || )', 10, 'something is missing between `||', 'A random-effects term na'),
    ('y ~ x +* z', 7, '`*` cannot stand after `+`: it n', 'Remove `*` or `+`.'),
    ('y ~ * x', 4, '`*` cannot stand after `~`: it n', 'Remove `*` or `~`.'),
    ('y ~ x ** ** 2', 9, '`**` cannot stand after `**`: it', 'Remove `**` or `**`.'),
    ('y ~ x + / z', 8, '`/` cannot stand after `+`: it n', 'Remove `/` or `+`.'),
    ('y ~~ x', 3, '`~~` is not an operator of R', 'Write one `~`: `response'),
    ('y ~ x ~ z', 6, 'a formula has one `~`', 'Left of `~` stands the r'),
    ('y ~ `my var', 4, 'this backtick is never closed', 'Add the closing `.'),
    ('y ~ `` + x', 4, 'a name cannot be empty', 'Write the name between t'),
    ("y ~ C(a, 'contr.sum)", 9, 'this quote is never closed', "Add the closing '."),
    ('y ~ relevel(a, ref = "a2)', 21, 'this quote is never closed', 'Add the closing ".'),
    ('y ~ x[1]', 5, '`[` does not belong in a formula', 'Indexing is not part of '),
    ('d$y ~ x', 1, '`$` does not belong in a formula', 'Name the column itself ('),
    ('y ~ d$x', 5, '`$` does not belong in a formula', 'Name the column itself ('),
    ('y ~ x@z', 5, '`@` does not belong in a formula', 'Name the column itself a'),
    ('y ~ {x}', 4, '`{` does not belong in a formula', 'Group with round bracket'),
    ('y ~ x; z', 5, '`;` does not belong in a formula', 'One formula is one expre'),
    ('y <- x', 2, '`<-` is an assignment in R', 'A formula is written wit'),
    ('y ~ I(x<-1)', 7, '`<-` is an assignment in R', 'For a comparison put a b'),
    ('y ~ x -> z', 6, '`->` is an assignment in R', 'Assignments are not part'),
    ('y := x', 2, '`:=` is an assignment in R', 'A formula is written wit'),
    ('y ~ x, z', 5, 'a comma can only stand between t', 'Write `+` between terms.'),
    ('y ~ (x, z)', 6, 'a comma can only stand between t', 'Write `+` between terms.'),
    ('y ~ log(x = )) ', 13, 'this bracket closes nothing', 'Remove it, or add the op'),
    ('y ~ f(a + b = 2)', 12, '`=` gives an argument its name, ', 'For a comparison write `'),
    ('y ~ x + if', 8, '`if` is a reserved word of R', 'A column of that name go'),
    ('y ~ function(x) x', 4, '`function` is a reserved word of', 'A column of that name go'),
    ('y ~ in', 4, '`in` is a reserved word of R', 'A column of that name go'),
    ('y ~ x %in z', 6, '`%` does not belong in a formula', 'An operator such as `%in'),
    ('y ~ _x', 4, '`_` does not belong in a formula', 'A name cannot begin with'),
    ('y ~ x²', 5, '`²` (superscript two) cannot be ', "Put a column's name in b"),
    ('y ~ x − z', 6, '`−` (minus sign) is not `-`', 'Type a plain - instead: '),
    ('y ~ “x”', 4, '`“` (left double quotation mark)', 'Type a plain " instead: '),
    ('y ∼ x', 2, '`∼` (tilde operator) is not `~`', 'Type a plain ~ instead: '),
    ('y ~ ’a’', 4, '`’` (right single quotation mark', "Type a plain ' instead: "),
    ('y ~ x?z', 5, '`?` does not belong in a formula', '`?` is not part of a mod'),
    ('y ~ \\(x) x', 4, '`\\` does not belong in a formula', "R's short functions `\\(x"),
    ('y ~ I(a < b < c)', 12, 'comparisons cannot be chained wi', 'Use brackets, or `&`: `I'),
    ('y ~ I(a == b == c)', 13, 'comparisons cannot be chained wi', 'Use brackets, or `&`: `I'),
    ('y ~ stats :: sd(x)', 10, '`::` stands between a package an', 'Write `stats::sd`; for a'),
    ('y ~ log(x)(z)', 10, 'an operator is missing between `', 'Only a name can be calle'),
    ("y ~ 'a\\d'", 6, '`\\d` is not an escape that R kno', 'Double the backslash to '),
    ('y ~ `f::g`(x)', 4, "a function's name in backticks c", 'Write `package::function'),
    ('y ~ I(x && z)', 8, '`&&` compares single values, not', 'Write `&`, inside `I()`:'),
    ('y ~ x && z', 6, '`&&` compares single values, not', 'Write `&`, inside `I()`:'),
    ('y ~ I(x > 0 || z > 0)', 12, '`||` compares single values, not', 'Write `|`, inside `I()`:'),
    ('y ~ x * (1 | g)', 6, '`*` cannot be applied to the ran', 'Write `x + (1 | g)`; for'),
    ('y ~ (1 | g) * x', 12, '`*` cannot be applied to the ran', 'Write `x + (1 | g)`; for'),
    ('y ~ (1 | g):x', 11, '`:` cannot be applied to the ran', 'Write `x + (1 | g)`; for'),
    ('y ~ x/(1 | g)', 5, '`/` cannot be applied to the ran', 'Write `x + (1 | g)`; for'),
    ('y ~ x %in% (1 | g)', 6, '`%in%` cannot be applied to the ', 'Write `x + (1 | g)`; for'),
    ('y ~ (1 | g)^2', 11, '`^` cannot be applied to the ran', 'Write `(1 | g)`.'),
    ('y ~ (1 | g) & x', 12, '`&` cannot be applied to the ran', 'Write `(1 | g)`.'),
    ('y ~ !(1 | g)', 4, '`!` cannot be applied to the ran', 'Write `(1 | g)`.'),
    ('y ~ (x + (1 | g)) * z', 18, '`*` cannot be applied to the ran', 'Write `z + (1 | g)`; for'),
    ('y ~ (1 | g | h)', 11, '`1 | g | h` has two bars, and a ', 'Write one bracket a term'),
    ('y ~ x | g | h', 10, '`x | g | h` has two bars, and a ', 'Write one bracket a term'),
    ('y ~ x | g + (1 | h)', 13, '`x | g + (1 | h)` has two bars, ', 'Write one bracket a term'),
    ('y ~ (1 | g + h)', 9, '`g + h` is not a grouping factor', 'Write one term each: `(1'),
    ('y ~ (1 | g - h)', 9, '`g - h` is not a grouping factor', 'Name a column, `a:b`, `a'),
    ('y ~ (1 | g %in% h)', 9, '`g %in% h` is not a grouping fac', 'Write `(1 | g:h)`, or `('),
    ('y ~ (1 | 1)', 9, '`1` is not a grouping factor', 'Name a column, `a:b`, `a'),
    ('y ~ (1 | "g")', 9, '`"g"` is not a grouping factor', 'Name a column, `a:b`, `a'),
    ('y ~ (1 | .)', 9, '`.` is not a grouping factor', 'Name a column, `a:b`, `a'),
    ('y ~ (1 | g/(a/b))', 12, '`a/b` is not a grouping factor', 'Mix `/`, `*` and bracket'),
    ('y ~ (1 | (a/b):c)', 10, '`a/b` is not a grouping factor', 'Mix `/`, `*` and bracket'),
    ('y ~ (1 | g^2)', 9, '`g^2` is not a grouping factor', 'Name a column, `a:b`, `a'),
    ('y ~ (0 | g)', 5, 'left of the bar in `(0 | g)` sta', 'Write what varies betwee'),
    ('y ~ (x^z | g)', 5, 'invalid power in formula: `x^z`', 'A power is a whole numbe'),
    ('y ~ (offset(x) | g)', 5, 'left of the bar in `(offset(x) |', 'Write what varies betwee'),
    ('y ~ us(x | g)', 4, '`us()` around a random-effects t', 'The same model is `(x | '),
    ('y ~ ar1(0 + x | g)', 4, '`ar1()` around a random-effects ', 'Unstructured `(x | g)` a'),
    ('(1 | g) ~ x', 1, 'a random-effects term cannot sta', 'Write `response ~ ... + '),
    ('1 ~ x', 0, '`1` cannot be the response', 'Left of `~` stands a col'),
    ('"y" ~ x', 0, '`"y"` cannot be the response', 'Left of `~` stands a col'),
    ('. ~ x', 0, '`.` cannot be the response', 'Left of `~` it has a mea'),
    ('y ~ x^z', 4, 'invalid power in formula: `x^z`', 'A power is a whole numbe'),
    ('y ~ x^1', 4, 'invalid power in formula: `x^1`', 'A power is a whole numbe'),
    ('y ~ x^2.5', 4, 'invalid power in formula: `x^2.5', 'A power is a whole numbe'),
    ('y ~ x^-1', 4, 'invalid power in formula: `x^-1`', 'A power is a whole numbe'),
    ('y ~ 2 + x', 4, '`2` is not a term of a model', 'Only 0 and 1 may stand a'),
    ('y ~ x + "a"', 8, '`"a"` is not a term of a model', 'Only 0 and 1 may stand a'),
    ('y ~ x + NA', 8, '`NA` is not a term of a model', 'Only 0 and 1 may stand a'),
    ('y ~ 1/x', 4, 'in `1/x` one side of `/` holds n', 'For arithmetic write `I('),
    ('y ~ 1:x', 4, 'in `1:x` one side of `:` holds n', 'For arithmetic write `I('),
    ('y ~ x:offset(z)', 4, 'in `x:offset(z)` one side of `:`', 'For arithmetic write `I('),
    ('y ~ x - offset(z)', 8, '`offset(z)` is removed with `-`,', 'Delete it from the formu'),
    ('y ~ x * z | ', 11, 'the formula ends where something', 'Write what belongs right'),
    ('y ~ x + +', 9, 'the formula ends where something', 'Write what belongs right'),
    ('y ~ 1 +- ', 8, 'the formula ends where something', 'Write what belongs right'),
]
# fmt: on


@pytest.mark.parametrize(("text", "column", "message", "advice"), MALFORMED)
def test_malformed(text, column, message, advice):
    with pytest.raises(FormulaSyntaxError) as caught:
        parse_formula(text)
    error = caught.value
    assert error.column == column
    assert error.message.startswith(message)
    assert error.advice.startswith(advice)
    assert str(error).splitlines()[2].endswith("^")


@pytest.mark.parametrize("text", [None, 3, b"y ~ x", ["y ~ x"]])
def test_not_a_string(text):
    with pytest.raises(ArgumentError, match="a formula is a string, not"):
        parse_formula(text)


@pytest.mark.parametrize("nested", ["(" * 60 + "x" + ")" * 60, "-" * 60 + "x", "x^" * 60 + "2"])
def test_deep_nesting(nested):
    with pytest.raises(FormulaSyntaxError, match="nested more than 50 levels"):
        parse_formula(f"y ~ {nested}")
    with pytest.raises(FormulaSyntaxError):
        parse_formula("(" * 20_000)


def test_the_caret_stands_in_the_right_line():
    with pytest.raises(FormulaSyntaxError) as caught:
        parse_formula("y ~ a +\n    b c + d\n    + e")
    assert str(caught.value).splitlines()[1:3] == ["        b c + d", "          ^"]


ALPHABET = [
    *"yxzgab01 ~+-*/^:%|&!()<>=,.'\"`\\#$@[]{};_\u00b2\u00e9\u201c\u2212\n\t\x00\ud800",
    *["||", "&&", "%in%", "**", "(1|g)", " + ", "y ~ ", "I(", "log(", "TRUE", "if", "1e6"],
]


@pytest.mark.filterwarnings("ignore::glmmvi.errors.FormulaMessage")
@pytest.mark.parametrize("seed", range(4))
def test_random_text_is_a_model_or_a_formula_error(seed):
    generator = random.Random(seed)
    models = 0
    for _ in range(4000):
        text = "".join(generator.choices(ALPHABET, k=generator.randint(0, 12)))
        if generator.random() < 0.5:
            text = "y ~ " + text
        try:
            formula = parse_formula(text)
        except FormulaError:
            continue
        models += 1
        assert parse_formula(str(formula)) == formula, text
    assert models > 20


def test_expressions_are_refused_in_the_same_words():
    with pytest.raises(FormulaSyntaxError, match="an operator is missing"):
        parse_expression("x z")
