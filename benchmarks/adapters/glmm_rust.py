"""glmm: Python bindings of the Rust crate."""

from __future__ import annotations

import numpy as np

from benchmarks.column_files import Factor, as_data_frame, read_columns
from benchmarks.request import Request

INSTALL = "pip install glmm"

_FAMILIES = {"gaussian": "gaussian", "binomial": "binomial", "poisson": "poisson", "Gamma": "gamma"}


def load() -> str:
    from importlib.metadata import version

    import glmm  # noqa: F401

    return version("glmm")


def refusal(request: Request) -> str | None:
    if request.family not in _FAMILIES:
        return f"has no family {request.family}"
    return None


def prepare(request: Request):
    columns = read_columns(request.folder_path)
    weights = columns.pop("trials", None) if request.has_trials else None
    try:
        data = as_data_frame(columns)
    except ImportError:  # it takes arrays as well, and sorts the levels of text
        data = {
            name: np.array(c.levels)[c.codes] if isinstance(c, Factor) else c
            for name, c in columns.items()
        }
    return request, data, weights


def fit(prepared):
    import glmm

    request, data, weights = prepared
    gaussian = request.family == "gaussian"
    return glmm.fit(
        data,
        request.plain_formula if request.family == "binomial" else request.formula,
        family=_FAMILIES[request.family],
        link=request.link,
        weights=weights,
        reml=request.reml if gaussian else None,
        satterthwaite=False,  # lme4 has none either
        anova_test="Wald",
    )


def estimates(fitted, request: Request) -> dict:
    sds = {}
    for (group, columns), packed in zip(fitted.re_groups, fitted.varcorr, strict=True):
        d = len(columns)
        for j, column in enumerate(columns):  # packed by columns of the lower triangle
            diagonal = sum(d - i for i in range(j))
            sds[f"{group} {column}"] = float(np.sqrt(packed[diagonal]))
    if request.family == "gaussian":
        sds["Residual"] = float(np.sqrt(fitted.dispersion))
    return {
        "beta": dict(zip(fitted.names, fitted.beta.tolist(), strict=True)),
        "se": dict(zip(fitted.names, fitted.se.tolist(), strict=True)),
        "sds": sds,
        "criterion": -2.0 * float(fitted.loglik),
        "evaluations": fitted.n_eval,
    }
