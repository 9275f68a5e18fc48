"""The lmer models among R's goldens: data and formula, each fitted once a run."""

from __future__ import annotations

import warnings
from functools import cache
from pathlib import Path

import pandas as pd

import glmmvi as gv

_LONG = [f"a_fairly_long_name_{i}" for i in range(1, 14)]

# model: (data set, its name in R's call, formula, REML)
MODELS = {
    "sleepstudy_lmer": ("sleepstudy", "Reaction ~ Days + (Days | Subject)", True),
    "sleepstudy_lmer_ML": ("sleepstudy", "Reaction ~ Days + (Days | Subject)", False),
    "sleepstudy_lmer_bars2": ("sleepstudy", "Reaction ~ Days + (Days || Subject)", True),
    "sleepstudy_lmer_int": ("sleepstudy", "Reaction ~ Days + (1 | Subject)", True),
    "radon_lmer": ("radon", "log_radon ~ floor + (1 | county)", True),
    "radon_lmer_uranium": ("radon", "log_radon ~ floor + log_uranium + (1 | county)", True),
    "radon_lmer_slope": ("radon", "log_radon ~ floor + log_uranium + (1 + floor | county)", True),
    "penicillin_lmer": ("Penicillin", "diameter ~ 1 + (1 | plate) + (1 | sample)", True),
    "pastes_lmer_nested": ("Pastes", "strength ~ 1 + (1 | batch / cask)", True),
    "cake_lmer_ordered": ("cake", "angle ~ recipe * temperature + (1 | recipe:replicate)", True),
    "dyestuff_lmer": ("Dyestuff", "Yield ~ 1 + (1 | Batch)", True),
    "dyestuff2_lmer_singular": ("Dyestuff2", "Yield ~ 1 + (1 | Batch)", True),
    "orthodont_lmer_interaction": ("Orthodont", "distance ~ age * Sex + (1 | Subject)", True),
    "machines_lmer_factor_slope": ("Machines", "score ~ Machine + (Machine | Worker)", True),
    "machines_lmer_0factor_slope": ("Machines", "score ~ Machine + (0 + Machine | Worker)", True),
    "machines_lmer_doublebar_factor": ("Machines", "score ~ Machine + (Machine || Worker)", True),
    "wide_lmer": (
        "wide",
        "y ~ a_fairly_long_name_1 + a_fairly_long_name_2 + "
        "a_fairly_long_name_3 * a_fairly_long_name_4 + (1 + a_fairly_long_name_1 | g) + (1 | h)",
        True,
    ),
    "wide13_lmer": ("wide", f"y ~ {' + '.join(_LONG)} + (1 | g)", True),
}


@cache
def dataset(name: str) -> pd.DataFrame:
    """A data set of the goldens."""
    if name == "wide":
        return pd.read_csv(Path(__file__).parents[1] / "reference" / "data" / "wide.csv")
    return gv.load_dataset(name)


@cache
def golden_fit(model: str) -> gv.LinearMixedFit:
    """Our fit of one of the models."""
    data, formula, reml = MODELS[model]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", gv.GlmmviMessage)
        return gv.lmer(formula, dataset(data), REML=reml)
