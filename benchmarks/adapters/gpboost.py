"""gpboost: grouped random effects of a Gaussian process library. No formulas: it gets our X."""

from __future__ import annotations

import numpy as np

from benchmarks.column_files import read_columns
from benchmarks.request import Request

INSTALL = "pip install gpboost"

_LIKELIHOODS = {
    ("gaussian", "identity"): "gaussian",
    ("binomial", "logit"): "bernoulli_logit",
    ("binomial", "probit"): "bernoulli_probit",
    ("poisson", "log"): "poisson",
    ("Gamma", "log"): "gamma",
}


def load() -> str:
    import gpboost

    return gpboost.__version__


def refusal(request: Request) -> str | None:
    if (request.family, request.link) not in _LIKELIHOODS:
        return f"has no {request.family} with {request.link} link"
    if any(term.columns[0] != "(Intercept)" for term in request.terms):
        return "random slopes without an intercept were not tried"
    return None


def prepare(request: Request):
    y = read_columns(request.folder_path)["response01"]
    codes = np.column_stack([request.codes(i) for i in range(len(request.terms))])
    slopes, owner = [], []
    for i in range(len(request.terms)):
        for column in request.Z(i).T[1:]:
            slopes.append(column)
            owner.append(i + 1)
    arguments = {
        "likelihood": _LIKELIHOODS[request.family, request.link],
        "group_data": codes.astype(str),
        "num_parallel_threads": 1,
    }
    if slopes:
        arguments["group_rand_coef_data"] = np.column_stack(slopes)
        arguments["ind_effect_group_rand_coef"] = owner
    if request.has_trials:
        arguments["likelihood"] = arguments["likelihood"].replace("bernoulli", "binomial")
        arguments["weights"] = read_columns(request.folder_path)["trials"]
    return arguments, np.ascontiguousarray(y), request.X()


def fit(prepared):
    import gpboost

    arguments, y, X = prepared
    model = gpboost.GPModel(**arguments)
    model.fit(y=y, X=X)
    return model, model.get_coef(std_err=True, format_pandas=False)


def estimates(fitted, request: Request) -> dict:
    model, coefficients = fitted
    coefficients = np.asarray(coefficients).reshape(2, -1)
    variances = np.asarray(model.get_cov_pars(format_pandas=False)).reshape(-1)
    sds = {}
    if request.family == "gaussian":
        sds["Residual"] = float(np.sqrt(variances[0]))
        variances = variances[1:]
    names = [f"{term.group} {term.columns[0]}" for term in request.terms]
    names += [f"{term.group} {column}" for term in request.terms for column in term.columns[1:]]
    sds.update(zip(names, np.sqrt(variances[: len(names)]).tolist(), strict=True))
    correlated = any(len(term.columns) > 1 for term in request.terms)
    return {
        "beta": dict(zip(request.column_names, coefficients[0].tolist(), strict=True)),
        "se": dict(zip(request.column_names, coefficients[1].tolist(), strict=True)),
        "sds": sds,
        "criterion": 2.0 * float(model.get_current_neg_log_likelihood()),
        "note": "; ".join(
            ["maximum likelihood"] * (request.family == "gaussian" and request.reml)
            + ["independent slopes"] * correlated
        ),
    }
