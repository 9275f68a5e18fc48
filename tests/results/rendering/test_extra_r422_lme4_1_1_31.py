"""Layouts beyond the 34 models: digits, widths, warnings, singular and rank-deficient fits."""

from __future__ import annotations

import re

import pytest

from glmmvi.results.rendering import (
    render_coef,
    render_print,
    render_ranef,
    render_summary,
    render_var_corr,
)

from . import references

BOTH = ("Variance", "Std.Dev.")


def render(call: str, r: dict) -> str:
    what, _, option = call.partition("_")
    kind, amount = re.fullmatch(r"([a-z]*)(\d*)", option).groups()
    options = {kind: int(amount)} if amount else {}
    if what == "VarCorr":
        return render_var_corr(references.var_corr(r), "Variance", **options)
    if what == "ranef":
        return render_ranef(references.random_effects(r))
    if what == "coef":
        return render_coef(references.group_coefficients(r))
    summary = references.summary(r)
    if what == "print":
        comp = ("Var", "Std") if kind == "digits" else "Std.Dev."
        return render_print(summary, ranef_comp=comp, **options)
    if kind == "plain":
        options = {"signif_stars": False, "show_resids": False}
    elif kind == "symbolic":
        options = {"symbolic_cor": True, "correlation": True}
    elif kind == "digits":
        options["ranef_comp"] = "Std.Dev."
    return render_summary(summary, **options)


CASES = [
    (model, call)
    for model in references.extra_numbers()
    for call in references.extra_texts().get(model, ())
]


@pytest.mark.parametrize(("model", "call"), CASES, ids=lambda value: value)
def test_text_is_r_s(model, call):
    expected = references.terminal(references.extra_texts()[model][call])
    assert render(call, references.extra_numbers()[model]) == expected


def test_nothing_of_extra_is_left_out():
    assert len(CASES) > 300
