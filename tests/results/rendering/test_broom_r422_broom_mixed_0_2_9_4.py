"""broom.mixed's data frames, computed from R's numbers and printed as R prints data frames."""

from __future__ import annotations

import math

import pytest
from scipy import stats

from glmmvi.results.rendering import render_data_frame

from . import references

Z = stats.norm.ppf(0.975)


def tidy(r: dict) -> dict[str, list]:
    names = ["effect", "group", "term", "estimate", "std.error", "statistic", "p.value"]
    rows = []
    for name, row in zip(r["fixef"], r["coefmat"], strict=True):
        p_value = row[3] if len(row) == 4 else None
        bounds = (row[0] - Z * row[1], row[0] + Z * row[1])
        rows.append(["fixed", None, name, row[0], row[1], row[2], p_value, *bounds])
    var_corr = references.var_corr(r)
    for term in var_corr.terms:
        for j, first in enumerate(term.names):
            for i in range(j, len(term.names)):
                label = f"sd__{first}" if i == j else f"cor__{first}.{term.names[i]}"
                estimate = term.sd[i] if i == j else term.correlation[i, j]
                rows.append(["ran_pars", term.label, label, float(estimate), *[math.nan] * 5])
    if var_corr.sigma is not None:
        sigma = ["ran_pars", "Residual", "sd__Observation", var_corr.sigma]
        rows.append([*sigma, *[math.nan] * 5])
    columns = zip(*rows, strict=True)
    names += ["conf.low", "conf.high"]
    frame = {name: list(column) for name, column in zip(names, columns, strict=True)}
    if not r["isGLMM"]:
        del frame["p.value"]
    return frame


def tidy_ranvals(r: dict) -> dict[str, list]:
    effects = references.random_effects(r).as_data_frame().head(6)
    low = [v - Z * s for v, s in zip(effects["condval"], effects["condsd"], strict=True)]
    high = [v + Z * s for v, s in zip(effects["condval"], effects["condsd"], strict=True)]
    return {
        "effect": ["ran_vals"] * len(effects),
        "group": list(effects["grpvar"]),
        "level": list(effects["grp"]),
        "term": list(effects["term"]),
        "estimate": list(effects["condval"]),
        "std.error": list(effects["condsd"]),
        "conf.low": low,
        "conf.high": high,
    }


def glance(r: dict) -> dict[str, list]:
    criterion = "REMLcrit" if r["isREML"] else "deviance"
    return {
        "nobs": [r["nobs"]],
        "sigma": [r["sigma"]],
        "logLik": [r["logLik"]],
        "AIC": [r["AIC"]],
        "BIC": [r["BIC"]],
        criterion: [r[criterion]],
        "df.residual": [r["dfresid"]],
    }


FRAMES = {"tidy": tidy, "tidy_ranvals": tidy_ranvals, "glance": glance}


@pytest.mark.parametrize("call", FRAMES)
@pytest.mark.parametrize("model", references.numbers())
def test_text_is_r_s(model, call):
    # broom's calls came after the profile, as the numbers did
    frame = FRAMES[call](references.numbers_as_written()[model])
    assert render_data_frame(frame) == references.texts()[model][call]
