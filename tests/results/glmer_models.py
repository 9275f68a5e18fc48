"""The models of tests/reference/glmer: their data, R's numbers, and our fits, each made once."""

from __future__ import annotations

import json
import warnings
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import glmmvi as gv

FOLDER = Path(__file__).parents[1] / "reference" / "glmer"


@cache
def _reference() -> dict[str, Any]:
    return json.loads((FOLDER / "glmer_reference.json").read_text())


@cache
def models() -> dict[str, Any]:
    """Data, formula, family, link, and the numbers of lme4, glmmTMB and exact ML, by model."""
    return _reference()["models"]


@cache
def reference_data(name: str) -> pd.DataFrame:
    """One of the data sets, factors as in R."""
    if not (FOLDER / f"{name}.csv").exists():
        data = gv.load_dataset(name)
        if name == "grouseticks":
            data["cHEIGHT"] = data["HEIGHT"] - data["HEIGHT"].mean()
        if name == "cbpp":
            data["obs"] = np.arange(len(data))
        return data
    data = pd.read_csv(FOLDER / f"{name}.csv")
    for column, levels in _reference()["factors"].get(name, {}).items():
        if column in data:
            data[column] = pd.Categorical(data[column].astype(str), categories=levels)
    return data


def family_of(name: str, link: str) -> gv.Family:
    """A family of R's (or glmmTMB's) by its name and link."""
    if name.startswith("zero_inflated"):
        return gv.zero_inflated(gv.nbinom2(link) if name.endswith("nbinom2") else gv.poisson(link))
    return getattr(gv, name.replace(".", "_"))(link=link)


@cache
def generalized_fit(name: str) -> gv.GeneralizedMixedFit:
    """Our fit of one of the models; a warning is an error, as the models are all sound."""
    model = models()[name]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return gv.glmer(
            model["formula"],
            reference_data(model["data"]),
            family_of(model["family"], model["link"]),
        )


def sds(fit: gv.GeneralizedMixedFit) -> np.ndarray:
    """Standard deviations of the random effects, term by term."""
    return np.concatenate([term.sd for term in fit.VarCorr().terms])


def standard_errors(fit: gv.GeneralizedMixedFit) -> np.ndarray:
    """Of the fixed effects."""
    return np.sqrt(np.diag(fit.vcov()))


_CBPP = "cbind(incidence, size - incidence) ~ period + (1 | herd)"
_TICKS = "TICKS ~ YEAR + cHEIGHT + "

# golden of printouts.R: (data set, formula, family, further arguments); no family: glmer_nb
GOLDENS: dict[str, tuple[str, str, Any, dict[str, Any]]] = {
    "cbpp_glmer": ("cbpp", _CBPP, gv.binomial(), {}),
    "cbpp_glmer_cloglog": ("cbpp", _CBPP, gv.binomial("cloglog"), {}),
    "cbpp_glmer_probit": ("cbpp", _CBPP, gv.binomial("probit"), {}),
    "cbpp_glmer_nAGQ0": ("cbpp", _CBPP, gv.binomial(), {"nAGQ": 0}),
    "cbpp_glmer_nAGQ9": ("cbpp", _CBPP, gv.binomial(), {"nAGQ": 9}),
    "cbpp_glmer_olre": ("cbpp", _CBPP + " + (1 | obs)", gv.binomial(), {}),
    "cbpp_glmer_weights": (
        "cbpp",
        "incidence / size ~ period + (1 | herd)",
        gv.binomial(),
        {"weights": "size"},
    ),
    "gammasim_glmer_log": ("gammasim", "y ~ x + (1 | g)", gv.Gamma("log"), {}),
    "gammasim_glmer_inverse_gaussian": (
        "gammasim",
        "y ~ x + (1 | g)",
        gv.inverse_gaussian("log"),
        {},
    ),
    "grouseticks_glmer": (
        "grouseticks",
        _TICKS + "(1 | BROOD) + (1 | INDEX) + (1 | LOCATION)",
        gv.poisson(),
        {},
    ),
    "grouseticks_glmer_brood": ("grouseticks", _TICKS + "(1 | BROOD)", gv.poisson(), {}),
    "grouseticks_glmer_nb": ("grouseticks", _TICKS + "(1 | BROOD)", None, {}),
    "grouseticks_glmer_offset": (
        "grouseticks",
        "TICKS ~ YEAR + offset(log(rep(2, 403))) + (1 | BROOD)",
        gv.poisson(),
        {},
    ),
    "nbsim_glmer_nb": ("nbsim", "y ~ f1 * f2 + (1 | g)", None, {}),
    "sleepstudy_glmer_gamma_log": (
        "sleepstudy",
        "Reaction ~ Days + (1 | Subject)",
        gv.Gamma("log"),
        {},
    ),
    "verbagg_glmer_factor_response": (
        "VerbAgg",
        "r2 ~ Anger + Gender + btype + situ + (1 | id) + (1 | item)",
        gv.binomial(),
        {"nAGQ": 0},
    ),
}


@cache
def golden_fit(name: str) -> gv.GeneralizedMixedFit:
    """Our fit of one of lme4's goldens, by `glmer_nb` where no family is given."""
    data, formula, family, arguments = GOLDENS[name]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        if family is None:
            return gv.glmer_nb(formula, reference_data(data), **arguments)
        return gv.glmer(formula, reference_data(data), family, **arguments)
