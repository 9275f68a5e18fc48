"""Random right-hand sides, random-effects terms and updates, for R to answer.

    python generate.py && Rscript answer.R

writes ``formulas.json`` (what R is asked) and ``answers.json`` (what it said).
"""

import json
import random

NUMBERS = ["x", "z", "w", "k", "xna"]
FACTORS = ["a", "b", "o", "s", "lg", "rev", "ana", "unused"]
CALLS = [
    "log(z)", "sqrt(z)", "exp(x)", "log(z, 2)", "log10(z)", "scale(x)", "poly(x, 2)",
    "poly(z, 2, raw = TRUE)", "ns(x, 3)", "bs(x, df = 4)", "pmin(x, z)", "pmax(x, 0)",
    "cut(x, 3)", "cut(x, c(-Inf, 0, Inf))", "cut(z, quantile(z))", "factor(k)", "as.factor(lg)",
    "ordered(k)", 'relevel(a, "a2")', "relevel(factor(s), ref = 'u')", "interaction(a, b)",
    "interaction(a, b, drop = TRUE)", "factor(a, levels = c('a3', 'a1', 'a2'))",
    "factor(k, labels = c('p', 'q', 'r', 't'))", "as.numeric(a)", "as.character(a)",
    "C(a, contr.sum)", "C(b, contr.helmert)", "C(o, contr.treatment)", "droplevels(unused)",
    "factor(x > 0)", "as.integer(x)", "paste(a, b)", "factor(o, ordered = FALSE)",
    "C(a, contr.treatment(3, base = 2))", "as.numeric(lg)", "nchar(s)", "toupper(s)",
    "ifelse(lg, 'p', 'q')", "round(x, 1)", "signif(x, 2)", "trunc(x)", "tanh(x)", "(x > 0)",
    "x - mean(x)", "I(x - mean(x))", "I(x/sd(x))", "xor(lg, x > 0)", "I(x * (z > 1))",
]  # fmt: skip
SIDES = [
    "1", "x", "1 + x", "0 + x", "x - 1", "a", "0 + a", "a + z", "x*z", "a*x", "o", "poly(z, 2)",
    "log(z + 10)", "I(x^2)", "scale(x)", "x:z", "dummy(a)", 'dummy(a, "a2")', "a:b", "0 + a:b",
    "as.numeric(b == 'b2')", "b*a", "I(2L*x)", "s", "a/x", "lg", "0 + lg", "I(x > 0)", "my.x",
]  # fmt: skip
GROUPS = [
    "g", "h", "a", "g:h", "g/h", "h/a", "cls/g", "a:b", "h:(a:b)", "a:b:h", "cls/a/b", "num", "s",
    "grp2", "s:num", "(g)", "lg", "grp2/num",
]  # fmt: skip
UPDATABLE = ["x", "z", "a", "b", "log(z)", "I(x^2)", "poly(x, 2)", "`my var`", "I(2L * x)", "x^2"]


def number(rng, depth=0):
    r = rng.random()
    if depth > 2 or r < 0.35:
        return rng.choice(NUMBERS)
    if r < 0.45:
        return rng.choice(["1", "2", "0.5", "10", "1e5", "0.001", "2L"])
    if r < 0.75:
        operator = rng.choice(["+", "-", "*", "/", "^", "%%", "%/%"])
        return f"{number(rng, depth + 1)} {operator} {number(rng, depth + 1)}"
    if r < 0.85:
        return f"({number(rng, depth + 1)})"
    if r < 0.95:
        return f"{rng.choice(['abs', 'sin', 'floor', 'round'])}({number(rng, depth + 1)})"
    return f"-{number(rng, depth + 1)}"


def logical(rng, depth=0):
    r = rng.random()
    if depth > 2 or r < 0.5:
        return (
            f"{rng.choice(NUMBERS)} {rng.choice(['>', '<', '>=', '==', '!='])} {rng.choice('01z')}"
        )
    if r < 0.65:
        return f'{rng.choice("as")} {rng.choice(["==", "!="])} "{rng.choice(["a1", "t"])}"'
    if r < 0.75:
        return f"!{logical(rng, depth + 1)}"
    return f"{logical(rng, depth + 1)} {rng.choice('&|')} {logical(rng, depth + 1)}"


def leaf(rng):
    r = rng.random()
    if r < 0.55:
        return rng.choice(NUMBERS + FACTORS * 2)
    if r < 0.62:
        return f"I({rng.choice(NUMBERS)} + {number(rng)})"
    return f"I({logical(rng)})" if r < 0.68 else rng.choice(CALLS)


def term(rng, depth=0):
    r = rng.random()
    if r < 0.5 or depth > 2:
        return leaf(rng)
    if r < 0.87:
        operator = rng.choice([":", ":", "*", "*", "*", "/", " %in% "])
        return f"{term(rng, depth + 1)}{operator}{term(rng, depth + 1)}"
    return f"({right_side(rng, depth + 1)})" + rng.choice(["", "", "^2", "^3"])


def right_side(rng, depth=0):
    text = rng.choice(["0 + ", "-1 + ", "1 + "]) if rng.random() < 0.15 else ""
    text += term(rng, depth)
    for _ in range(rng.choice([0, 1, 1, 2, 2, 3]) if depth == 0 else rng.choice([0, 1])):
        text += f"{rng.choice([' + '] * 6 + [' - '])}{term(rng, depth)}"
    return text + " - 1" if rng.random() < 0.1 else text


def mixed(rng):
    parts = [rng.choice(["1", "x", "a", "a*b", "x + z", "0 + a", "b:x", "a + offset(z)"])]
    for _ in range(rng.choice([1, 1, 2, 2, 3])):
        side = rng.choice(SIDES)
        bar = "|" if side == "1" else rng.choice(["|", "|", "|", "||"])
        parts.append(f"({side} {bar} {rng.choice(GROUPS)})")
    return "y ~ " + " + ".join(parts)


def update(rng):
    old = rng.choice(["", "", "0 + "]) + " + ".join(
        rng.choice([*UPDATABLE, "a*b", "a/b", "offset(w)", "(a + b)^2", "a %in% b"])
        for _ in range(rng.choice([1, 2, 3]))
    )
    for _ in range(2):
        old += rng.choice(["", " + (1 | g)", " + (x | g)", " + (1 | g/h)"])
    new = "."
    for _ in range(rng.choice([1, 1, 2, 3])):
        new += rng.choice([" + ", " - "]) + rng.choice(
            [*UPDATABLE, "a:b", "a*b", "1", "0", "(1 | g)", "(x | g)", "(a + x)", "w:z"]
        )
    return [f"y ~ {old}", rng.choice([". ~ ", ". ~ ", "log(.) ~ ", "~ ", "w ~ "]) + new]


def main():
    rng = random.Random(20)
    fixed = {right_side(rng): None for _ in range(700)}
    asked = {
        "fixed": [text for text in fixed if len(text) < 120],
        "mixed": list({mixed(rng): None for _ in range(500)}),
        "update": [update(rng) for _ in range(300)],
    }
    with open("formulas.json", "w") as file:
        json.dump(asked, file, indent=0)


if __name__ == "__main__":
    main()
