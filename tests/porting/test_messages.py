"""The 91 calls of lme4 that fail, warn or inform, and what is said here.

Score: 67 of 91 say R's words (or, as R, nothing); 24 say something else, each with its reason in
``message_calls.py``.
"""

from __future__ import annotations

import json
import re
import warnings
from functools import cache

import numpy as np
import pandas as pd
import pytest

import glmmvi as gv
from tests.porting.message_calls import CALLS
from tests.porting.r_session import REFERENCE

N = 60


@cache
def reference():
    said = json.loads(
        (REFERENCE.parent / "printouts" / "messages.json").read_text(encoding="utf-8")
    )
    return {
        name: [row["conditions"]] if isinstance(row["conditions"], str) else row["conditions"]
        for name, row in said.items()
    }


@cache
def scope():
    """The variables of messages.R."""
    d = pd.read_csv(REFERENCE / "messages_data.csv", skipinitialspace=True)
    row = np.arange(N)
    factors = {
        "g": row % 6 + 1,
        "h": row + 1,
        "h2": row + 1,
        "k": row % 30 + 1,
        "g2": row % 3 + 1,
        "one": np.repeat("a", N),
    }
    d = d.assign(
        x2=2 * d["x"],
        x3=d["x"] + d["z"],
        yna=d["y"].mask(row == 2),
        inf=d["x"].mask(row == 0, np.inf),
        num=factors["g"].astype(float),
        s=np.tile(["u", "v"], N // 2),
        **{name: pd.Categorical(codes) for name, codes in factors.items()},
    )
    d["gna"] = d["g"].where(row != 4)
    sleepstudy = gv.load_dataset("sleepstudy")
    return {
        **{name: getattr(gv, name) for name in gv.__all__},
        "np": np,
        "pd": pd,
        "n": N,
        "d": d,
        "sleepstudy": sleepstudy,
        "Dyestuff2": gv.load_dataset("Dyestuff2"),
        "grouseticks": gv.load_dataset("grouseticks"),
        "fm": gv.lmer("Reaction ~ Days + (Days | Subject)", sleepstudy),
        "fm0": gv.lmer("Reaction ~ 1 + (1 | Subject)", sleepstudy, REML=False),
    }


@cache
def said(name):
    """What a call says, as messages.R writes it down: kind and text, each once."""
    variables = dict(scope())
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            exec(CALLS[name].code, variables)
            error = []
        except (gv.GlmmviError, AttributeError) as problem:
            error = [f"ERROR: {problem}"]
    kinds = [
        "message" if issubclass(each.category, gv.GlmmviMessage) else "warning" for each in caught
    ]
    told = [f"{kind}: {each.message}" for kind, each in zip(kinds, caught, strict=True)]
    return list(dict.fromkeys([*told, *error]))


def in_r(text):
    """Spell Python's literals, and the name of the function that was called, as R does."""
    text = re.sub(r"\((\w+ = )'(\w+)'\)", r"(\1\2)", text.replace("= True)", "= TRUE)"))
    return re.sub(r"^ERROR: g?lmer: ", "ERROR: ", text)


def like_r(name):
    """Whether all that is said begins with R's sentences, one by one, of the same kind."""
    wanted, ours = [text.rstrip("\n") for text in reference()[name]], said(name)
    return len(wanted) == len(ours) and all(
        in_r(mine).startswith(text) for mine, text in zip(ours, wanted, strict=True)
    )


WITH_REASON = [name for name, call in CALLS.items() if call.reason]
SAME = [name for name in CALLS if name not in WITH_REASON]


def test_every_call_is_in_the_table():
    assert list(CALLS) == list(reference())
    assert (len(SAME), len(WITH_REASON)) == (67, 24)


@pytest.mark.parametrize("name", SAME)
def test_the_words_of_r(name):
    assert like_r(name), (said(name), reference()[name])


@pytest.mark.parametrize("name", WITH_REASON)
def test_other_words_for_a_reason(name):
    call, ours = CALLS[name], said(name)
    assert not like_r(name), "the reason is out of date"
    assert len(ours) == len(call.ours), ours
    for mine, beginning in zip(ours, call.ours, strict=True):
        assert mine.startswith(beginning)


def test_note_on_hidden_correlations(capsys):
    assert said.__wrapped__("summary_cor_gt12") == []
    note = reference()["summary_cor_gt12"][0].splitlines()[1]
    assert note.startswith("Correlation matrix not shown by default, as p = 13 > 12.")
    assert note in capsys.readouterr().out


def test_the_false_alarms_of_lme4_are_fits_that_converge():
    for name in ("conv_warning", "gamma_inverse", "scale", "pwrss"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert eval(CALLS[name].code, dict(scope())).optimization.converged
