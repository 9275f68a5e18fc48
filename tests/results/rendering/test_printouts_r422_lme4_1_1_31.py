"""Every printout of the 34 models, from R's numbers, character for character R's."""

from __future__ import annotations

import numpy as np
import pytest

from glmmvi.results.rendering import (
    render_coef,
    render_data_frame,
    render_fixef,
    render_log_lik,
    render_named_numbers,
    render_ngrps,
    render_print,
    render_ranef,
    render_summary,
    render_var_corr,
    render_vcov,
)

from . import references

BOTH = ("Variance", "Std.Dev.")


def head_of_ranef(r):
    return references.random_effects(r).as_data_frame().head(10)


RENDER = {
    "print": lambda r: render_print(references.summary(r)),
    "summary": lambda r: render_summary(references.summary(r)),
    "summary_nocorr": lambda r: render_summary(references.summary(r), correlation=False),
    "VarCorr": lambda r: render_var_corr(references.var_corr(r)),
    "VarCorr_var": lambda r: render_var_corr(references.var_corr(r), BOTH, digits=2),
    "VarCorr_df": lambda r: render_data_frame(references.var_corr(r).as_data_frame()),
    "ranef": lambda r: render_ranef(references.random_effects(r)),
    "ranef_df": lambda r: render_data_frame(head_of_ranef(r)),
    "coef": lambda r: render_coef(references.group_coefficients(r), head=6),
    "fixef": lambda r: render_fixef(list(r["fixef"]), list(r["fixef"].values())),
    "vcov": lambda r: render_vcov(list(r["fixef"]), references.array(r["vcov"])),
    "ngrps": lambda r: render_ngrps(r["ngrps"]),
    "logLik": lambda r: render_log_lik(references.log_likelihood(r)),
    "AIC_BIC": lambda r: render_named_numbers({"AIC": r["AIC"], "BIC": r["BIC"]}),
    "print_digits3_ranefcomp": lambda r: render_print(
        references.summary(r), digits=3, ranef_comp=BOTH
    ),
    "summary_with_correlation": lambda r: render_summary(references.summary(r), correlation=True),
}
CASES = [
    (model, call)
    for model in references.numbers()
    for call in references.texts()[model]
    if call in RENDER
]


@pytest.mark.parametrize(("model", "call"), CASES, ids=lambda value: value)
def test_text_is_r_s(model, call):
    expected = references.texts()[model][call]
    if call == "summary_with_correlation":
        # R's message that summary() could have been asked for the correlations: ours always has
        # them, so there is nothing to say
        expected = expected.partition("[message]")[0]
    assert RENDER[call](references.numbers()[model]) == references.terminal(expected)


def test_all_34_models_and_the_three_main_printouts_are_there():
    assert len(references.numbers()) == 34
    assert sum(call in ("print", "summary", "VarCorr") for _, call in CASES) == 102


def test_notes_stand_under_the_layout():
    from dataclasses import replace

    plain = references.summary(references.numbers()["sleepstudy_lmer"])
    noted = replace(plain, notes=("ours",))
    assert render_summary(noted) == render_summary(plain) + "ours\n"
    assert render_print(noted) == render_print(plain) + "ours\n"


def test_no_number_is_changed_by_rendering():
    table = references.var_corr(references.numbers()["sleepstudy_lmer"])
    before = table.terms[0].sd.copy()
    render_var_corr(table)
    assert np.array_equal(before, table.terms[0].sd)
