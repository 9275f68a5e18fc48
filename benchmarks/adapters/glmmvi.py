"""This package."""

from __future__ import annotations

from benchmarks.column_files import as_data_frame, read_columns
from benchmarks.request import Request

INSTALL = "pip install glmmvi"


def load() -> str:
    import glmmvi
    from glmmvi import glmer, lmer  # noqa: F401 (names are imported when first used)

    return glmmvi.__version__


def refusal(request: Request) -> str | None:
    return None


def prepare(request: Request):
    import glmmvi

    family = request.family if request.family != "Gamma" else glmmvi.Gamma(request.link)
    if request.family == "binomial" and request.link != "logit":
        family = glmmvi.binomial(request.link)
    return request, as_data_frame(read_columns(request.folder_path)), family


def fit(prepared):
    import glmmvi

    request, data, family = prepared
    if request.family == "gaussian":
        fitted = glmmvi.lmer(request.formula, data, REML=request.reml)
    else:
        fitted = glmmvi.glmer(request.formula, data, family=family)
    fitted.vcov()
    return fitted


def estimates(fitted, request: Request) -> dict:
    import numpy as np

    table = fitted.VarCorr().as_data_frame()
    sds = {}
    for row in table[table["var2"].isna()].itertuples():
        sds["Residual" if row.grp == "Residual" else f"{row.grp} {row.var1}"] = float(row.sdcor)
    beta = fitted.fixef()
    return {
        "beta": beta.to_dict(),
        "se": dict(zip(beta.index, np.sqrt(np.diag(fitted.vcov())).tolist(), strict=True)),
        "sds": sds,
        "criterion": float(fitted.REMLcrit() if request.reml else -2.0 * float(fitted.logLik())),
        "evaluations": fitted.optimization.evaluations,
    }
