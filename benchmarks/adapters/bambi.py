"""bambi: Bayesian, by Markov chains (PyMC's NUTS); posterior means and sds are compared."""

from __future__ import annotations

from benchmarks.column_files import as_data_frame, read_columns
from benchmarks.request import Request

INSTALL = "pip install bambi 'matplotlib<3.10'"  # its arviz reads a private part of matplotlib

_LARGEST = 5_000  # rows: a chain takes minutes beyond
_FAMILIES = {"gaussian": "gaussian", "binomial": "bernoulli", "poisson": "poisson"}


def load() -> str:
    import bambi

    return bambi.__version__


def refusal(request: Request) -> str | None:
    if request.n > _LARGEST:
        return f"not tried beyond {_LARGEST:,} rows: it samples"
    if request.family not in _FAMILIES or request.link not in ("identity", "logit", "log"):
        return f"not tried: {request.family} with {request.link} link"
    if "/" in request.formula or "||" in request.formula or ":" in request.formula:
        return "its formulas have no nesting, double bar or interaction on the right of a bar"
    return None


def prepare(request: Request):
    data = as_data_frame(read_columns(request.folder_path))
    formula = request.formula
    if request.family == "binomial":
        formula = request.plain_formula.replace("I(age^2)", "I(age**2)")
        if request.has_trials:
            data["successes"] = (data["response01"] * data["trials"]).round().astype(int)
            data["trials"] = data["trials"].astype(int)
            formula = formula.replace("response01", "p(successes, trials)")
    return request, data, formula


def fit(prepared):
    import bambi

    request, data, formula = prepared
    family = "binomial" if request.has_trials else _FAMILIES[request.family]
    model = bambi.Model(formula, data, family=family)
    chains = model.fit(draws=1000, tune=1000, chains=2, cores=1, random_seed=1, progressbar=False)
    return chains


def estimates(fitted, request: Request) -> dict:
    import numpy as np

    posterior = fitted.posterior
    groups = {term.group for term in request.terms}
    means, deviations, sds = [], [], {}
    for name in posterior.data_vars:
        draws = np.asarray(posterior[name])
        draws = draws.reshape(draws.shape[0] * draws.shape[1], -1)
        if name.endswith("_sigma") and "|" in name:
            column, group = name.removesuffix("_sigma").split("|")
            column = "(Intercept)" if column == "1" else column
            sds[f"{group} {column}"] = float(draws.mean())
        elif name == "sigma":
            sds["Residual"] = float(draws.mean())
        elif "|" not in name and name not in groups and name not in ("mu", "p"):
            means.extend(draws.mean(axis=0).tolist())
            deviations.extend(draws.std(axis=0).tolist())
    names = request.column_names
    matched = len(names) == len(means)
    return {
        "beta": dict(zip(names, means, strict=True)) if matched else {},
        "se": dict(zip(names, deviations, strict=True)) if matched else {},
        "sds": sds,
        "criterion": None,
        "note": "posterior means under bambi's default priors, 2 x 1000 draws",
    }
