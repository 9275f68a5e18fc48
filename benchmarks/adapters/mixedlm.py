"""mixedlm: lme4's interface with a Rust backend."""

from __future__ import annotations

import numpy as np

from benchmarks.column_files import as_data_frame, read_columns
from benchmarks.request import Request

INSTALL = "pip install mixedlm"


def load() -> str:
    from importlib.metadata import version

    import mixedlm  # noqa: F401

    return version("mixedlm")


def refusal(request: Request) -> str | None:
    if request.family not in ("gaussian", "binomial", "poisson"):
        return f"not tried: {request.family}"
    if request.link not in ("identity", "logit", "log"):
        return f"not tried: {request.link} link"
    return None


def prepare(request: Request):
    return request, as_data_frame(read_columns(request.folder_path))


def fit(prepared):
    import mixedlm
    from mixedlm.families import Binomial, Poisson

    request, data = prepared
    if request.family == "gaussian":
        fitted = mixedlm.lmer(request.formula, data, REML=request.reml)
    elif request.family == "poisson":
        fitted = mixedlm.glmer(request.formula, data, family=Poisson())
    else:
        fitted = mixedlm.glmer(
            request.plain_formula.replace("^", "**"),
            data,
            family=Binomial(),
            weights="trials" if request.has_trials else None,
        )
    fitted.vcov()
    return fitted


def estimates(fitted, request: Request) -> dict:
    # it has names of its own for the columns of factors: theirs are R's, in R's order
    beta = dict(zip(request.column_names, map(float, fitted.fixef().values()), strict=True))
    sds = {}
    components = fitted.VarCorr()
    for group in components.groups.values():
        for column, sd in group.stddev.items():
            sds[f"{group.grouping_factor} {column}"] = float(sd)
    if request.family == "gaussian":
        sds["Residual"] = float(fitted.sigma)
    log_likelihood = fitted.logLik()
    return {
        "beta": beta,
        "se": dict(zip(beta, np.sqrt(np.diag(fitted.vcov())).tolist(), strict=True)),
        "sds": sds,
        "criterion": -2.0 * float(getattr(log_likelihood, "value", np.nan)),
    }
