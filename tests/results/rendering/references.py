"""R's numbers (R 4.2.2, lme4 1.1-31) as our tables."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from glmmvi.results.tables import (
    CoefficientTable,
    GroupCoefficients,
    GroupTable,
    InformationCriteria,
    LogLikelihood,
    ModelCall,
    ModelSummary,
    OptimizerReport,
    RandomEffects,
    RemlCriterion,
    VarCorr,
    VarCorrTerm,
)

FOLDER = Path(__file__).parents[2] / "reference" / "printouts"


@cache
def numbers_as_written() -> dict[str, Any]:
    """Give numbers.json itself: cbpp_glmer's random effects as ``profile()`` had left them."""
    return json.loads((FOLDER / "numbers.json").read_text())


@cache
def numbers() -> dict[str, Any]:
    """Give R's numbers of the 34 models of printouts.R, by model."""
    fresh = json.loads((FOLDER / "extra_numbers.json").read_text())["cbpp_glmer"]
    return {**numbers_as_written(), "cbpp_glmer": fresh}


@cache
def texts() -> dict[str, dict[str, str]]:
    """Give R's printouts of the same models, by model and call."""
    return json.loads((FOLDER / "texts.json").read_text())


@cache
def extra_numbers() -> dict[str, Any]:
    """Give R's numbers of the models of extra.R."""
    return json.loads((FOLDER / "extra_numbers.json").read_text())


@cache
def extra_texts() -> dict[str, dict[str, str]]:
    """Give R's printouts of the models of extra.R."""
    return json.loads((FOLDER / "extra_texts.json").read_text())


def terminal(text: str) -> str:
    """Put a message() that R's script marked where a terminal shows it: at the end, unmarked."""
    return text.replace("[message] \n", "\n")


def given(value: Any) -> Any:
    """R's NULL comes as an empty object."""
    return None if value == {} or value == [] else value


def number(value: Any) -> float:
    """Turn a number that JSON cannot say, and comes as a text or not at all, into a float."""
    return float("nan") if value in (None, "NA", "NaN") else float(value)


def array(values: Any) -> np.ndarray:
    return np.array([[number(v) for v in row] for row in values])


def title(r: dict[str, Any]) -> str:
    if not r["isGLMM"]:
        ml = "maximum likelihood "
        return f"Linear mixed model fit by {'REML' if r['isREML'] else ml}"
    n = r["nAGQ"]
    how = "Laplace Approximation" if n == 1 else f"Adaptive Gauss-Hermite Quadrature, nAGQ = {n}"
    return f"Generalized linear mixed model fit by maximum likelihood ({how})"


def var_corr(r: dict[str, Any]) -> VarCorr:
    terms, sigma = [], None
    labels = dict.fromkeys(row["grp"] for row in r["VarCorr"])
    for label in labels:
        rows = [row for row in r["VarCorr"] if row["grp"] == label]
        if "var1" not in rows[0]:
            sigma = rows[0]["sdcor"]
            continue
        names = tuple(row["var1"] for row in rows if "var2" not in row)
        correlation = np.eye(len(names))
        for row in rows:
            if "var2" in row:
                i, j = names.index(row["var2"]), names.index(row["var1"])
                correlation[i, j] = correlation[j, i] = number(row.get("sdcor"))
        sd = np.array([float(row["sdcor"]) for row in rows if "var2" not in row])
        terms.append(VarCorrTerm(label, names, sd, correlation))
    return VarCorr(tuple(terms), sigma)


def coefficients(r: dict[str, Any]) -> CoefficientTable:
    matrix = array(r["coefmat"])
    names = tuple(r["fixef"])
    has_scale = any("var1" not in row for row in r["VarCorr"])
    p_values = matrix[:, 3] if matrix.shape[1] == 4 else None
    return CoefficientTable(names, matrix[:, 0], matrix[:, 1], "t" if has_scale else "z", p_values)


def summary(r: dict[str, Any]) -> ModelSummary:
    if r["isREML"]:
        criterion = RemlCriterion(r["REMLcrit"])
    else:
        # R's deviance() of a glmer is another number than the one in the printout's table
        deviance = -2.0 * r["logLik"]
        criterion = InformationCriteria(r["AIC"], r["BIC"], r["logLik"], deviance, r["dfresid"])
    family, link = given(r["family"]) or (None, None)
    return ModelSummary(
        title=title(r),
        class_name=r["class"],
        call=ModelCall(
            tuple(r["formula_deparse"]),
            data=given(r["data"]),
            weights=given(r["weights"]),
            offset=given(r.get("offset")),
            subset=given(r.get("subset")),
            control=given(r["control"]),
        ),
        criterion=criterion,
        residual_quantiles=np.array(r["scaled_resid_quantiles"]),
        var_corr=var_corr(r),
        n_obs=r["nobs"],
        n_groups=r["ngrps"],
        coefficients=coefficients(r),
        correlation=array(r["corr_fixef"]) if given(r["corr_fixef"]) else None,
        family=family,
        link=link,
        fit_messages=tuple(r.get("fit_messages", ())),
        optimizer=OptimizerReport(
            r["optimizer"],
            code=r["conv"],
            message=given(r.get("optimizer_message")) or "",
            model_messages=tuple(r["messages"]),
            warnings=tuple(r["warnings"]),
        ),
    )


def random_effects(r: dict[str, Any]) -> RandomEffects:
    tables = []
    for group in dict.fromkeys(row["grpvar"] for row in r["ranef"]):
        rows = [row for row in r["ranef"] if row["grpvar"] == group]
        names = tuple(dict.fromkeys(row["term"] for row in rows))
        levels = tuple(dict.fromkeys(str(row["grp"]) for row in rows))
        shape = (len(names), len(levels))
        values = np.array([number(row["condval"]) for row in rows]).reshape(shape).T
        sd = np.array([number(row.get("condsd")) for row in rows]).reshape(shape).T
        tables.append(GroupTable(group, levels, names, values, sd))
    return RandomEffects(tuple(tables))


def group_coefficients(r: dict[str, Any]) -> GroupCoefficients:
    estimates = np.array(list(r["fixef"].values()))
    return GroupCoefficients.from_effects(tuple(r["fixef"]), estimates, random_effects(r))


def log_likelihood(r: dict[str, Any]) -> LogLikelihood:
    return LogLikelihood(r["logLik"], df=r["df"], n_obs=r["nobs"], reml=r["isREML"])
