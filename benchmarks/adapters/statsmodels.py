"""statsmodels: MixedLM for one grouping factor. No lme4 formulas: it gets our X and Z."""

from __future__ import annotations

import numpy as np

from benchmarks.column_files import read_columns
from benchmarks.request import Request

INSTALL = "pip install statsmodels"

_LARGEST = 100_000  # rows; it loops over groups in Python


def load() -> str:
    import statsmodels
    import statsmodels.api

    return statsmodels.__version__


def refusal(request: Request) -> str | None:
    if request.family != "gaussian":
        return "has no maximum likelihood for this family (only variational and Laplace Bayes)"
    if len(request.terms) > 1:
        return "MixedLM has one grouping factor"
    if request.n > _LARGEST:
        return f"not tried beyond {_LARGEST:,} rows"
    return None


def prepare(request: Request):
    y = read_columns(request.folder_path)["response01"]
    return request, y, request.X(), request.Z(0), request.codes(0)


def fit(prepared):
    from statsmodels.regression.mixed_linear_model import MixedLM

    request, y, X, Z, codes = prepared
    fitted = MixedLM(y, X, groups=codes, exog_re=Z).fit(reml=request.reml)
    _ = fitted.bse_fe
    return fitted


def estimates(fitted, request: Request) -> dict:
    names = request.column_names
    term = request.terms[0]
    sds = np.sqrt(np.diag(np.atleast_2d(fitted.cov_re))).tolist()
    return {
        "beta": dict(zip(names, np.asarray(fitted.fe_params).tolist(), strict=True)),
        "se": dict(zip(names, np.asarray(fitted.bse_fe).tolist(), strict=True)),
        "sds": {
            **{f"{term.group} {c}": sd for c, sd in zip(term.columns, sds, strict=True)},
            "Residual": float(np.sqrt(fitted.scale)),
        },
        "criterion": -2.0 * float(fitted.llf),
    }
