"""Our printouts after our own fits against lme4's (R 4.2.2, lme4 1.1-31).

Two references: R's printouts at lme4's defaults, and R's printouts where its optimiser was
driven to the optimum (tests/reference/tight/tight.R), because the default stops so early that
the last printed digit of some of them is not the optimum's. The layout has to be R's to the
character; a digit has to be one of the two; where a number lies on a rounding boundary it may
differ by one unit in its last place.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

import glmmvi as gv
from tests.results.golden_models import MODELS, golden_fit
from tests.results.rendering.references import terminal, texts
from tests.results.test_lmer_goldens_r422_lme4_1_1_31 import UNIDENTIFIED

TIGHT = Path(__file__).parents[1] / "reference" / "tight" / "tight.json"
NUMBER = re.compile(r"-?\d+\.?\d*(?:e[-+]\d+)?")
OPTIMIZER = re.compile(r"optimizer \(.*?\) convergence code: .*?(?= ;|$)", re.MULTILINE)
CASES = [
    (model, what)
    for model in MODELS
    if model != UNIDENTIFIED
    for what in ("print", "summary", "VarCorr")
]


@cache
def tight():
    return json.loads(TIGHT.read_text())


def ours(model, what):
    fit = golden_fit(model)
    fit = replace(fit, call=replace(fit.call, data=MODELS[model][0]))
    return str({"print": fit, "summary": fit.summary(), "VarCorr": fit.VarCorr()}[what])


def references(model, what):
    """R's two texts, with our data set's name and our optimiser's line."""
    both = [terminal(texts()[model][what]), tight()[model][what]]
    if model == "wide_lmer":  # the default golden was told not to say that the fit is singular
        both = both[1:]
    return [
        OPTIMIZER.sub("optimizer (projected BFGS) convergence code: 0 (OK)", text)
        .replace("Data: rad\n", "Data: radon\n")
        .replace("Data: W\n", "Data: wide\n")
        .rstrip("\n")
        .split("\n")
        for text in both
    ]


def masked(line):
    return NUMBER.sub(lambda found: re.sub(r"\d", "#", found.group()), line)


def near(token, reference):
    """Equal, or one unit apart in the last printed place."""
    decimals = len(reference.partition(".")[2]) if "e" not in reference else 0
    return abs(float(token) - float(reference)) < 1.5 * 10.0**-decimals


def compare(line, candidates):
    """None if the line is one of R's; else the pairs of numbers that differ."""
    if line in candidates:
        return []
    fitting = [c for c in candidates if masked(c) == masked(line)]
    assert fitting, f"layout differs\nours: {line!r}\nR's:  {candidates}"
    columns = zip(*(NUMBER.findall(c) for c in fitting), strict=True)
    pairs = zip(NUMBER.findall(line), columns, strict=True)
    return [(token, options) for token, options in pairs if token not in options]


def differences(model, what):
    text = ours(model, what).rstrip("\n").split("\n")
    both = references(model, what)
    assert len(text) == len(both[0]), "\n".join(text)
    found = []
    for i, line in enumerate(text):
        found += compare(line, [r[i] for r in both if i < len(r)])
    return found


@pytest.mark.parametrize(("model", "what"), CASES)
def test_printout(model, what):
    for token, options in differences(model, what):
        assert any(near(token, option) for option in options), (token, options)


def test_nearly_every_digit_is_the_same():
    numbers = sum(len(NUMBER.findall(ours(model, what))) for model, what in CASES)
    different = [pair for model, what in CASES for pair in differences(model, what)]
    assert numbers > 900
    assert len(different) <= 4, different


def test_weights_and_subset_are_shown_as_r_deparses_them():
    data = gv.load_dataset("sleepstudy")
    subset = 'Days>1&!(Subject=="308")'
    fit = gv.lmer("Reaction~Days+(1|Subject)", data, weights="1/(Days+1)", subset=subset)
    lines = str(fit).split("\n")
    assert lines[3:5] == ["Weights: 1/(Days + 1)", ' Subset: Days > 1 & !(Subject == "308")']
