"""The lmer models among R's goldens, each fitted once a run; benchmarks have the same models."""

from __future__ import annotations

import warnings
from functools import cache

import glmmvi as gv
from benchmarks.problems import LMER_GOLDENS, load_data

# model: (data set, its name in R's call, formula, REML)
MODELS = {
    name: (problem.dataset, problem.formula, problem.reml) for name, problem in LMER_GOLDENS.items()
}


@cache
def golden_fit(model: str) -> gv.LinearMixedFit:
    """Our fit of one of the models."""
    data, formula, reml = MODELS[model]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", gv.GlmmviMessage)
        return gv.lmer(formula, load_data(data), REML=reml)
