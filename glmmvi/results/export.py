"""A fit as plain numbers and names, ready for JSON."""

from __future__ import annotations

from typing import Any

import numpy as np

from glmmvi.results.advi import AdviResult
from glmmvi.results.fit import LinearMixedFit
from glmmvi.results.generalized_fit import GeneralizedMixedFit
from glmmvi.results.tables import CoefficientTable


def fit_as_dict(fit: LinearMixedFit | GeneralizedMixedFit) -> dict[str, Any]:
    """Everything that a report needs, as dictionaries, lists, numbers and strings.

    Parameters
    ----------
    fit : LinearMixedFit or GeneralizedMixedFit

    Returns
    -------
    dict
        Numbers that do not exist (a correlation with a variance of 0) are ``None``.

    Examples
    --------
    >>> import glmmvi as gv
    >>> fit = gv.lmer("Yield ~ 1 + (1 | Batch)", gv.load_dataset("Dyestuff"))
    >>> round(fit_as_dict(fit)["fixef"]["(Intercept)"]["estimate"], 6)
    1527.5
    """
    return {
        "formula": str(fit.design.formula),
        "title": fit.title.strip(),
        "nobs": fit.nobs(),
        "rows_dropped": fit.design.n_dropped,
        "ngrps": fit.ngrps(),
        "elbo": fit.elbo,
        **_criteria(fit),
        "fixef": _coefficients(fit.summary().coefficients),
        "dropped_columns": list(fit.design.dropped_columns),
        "theta": fit.estimates.theta.tolist(),
        "sigma": fit.sigma(),
        "VarCorr": _records(fit.VarCorr().as_data_frame()),
        "ranef": _records(fit.ranef().as_data_frame()),
        "singular": fit.isSingular(),
        "converged": fit.optimization.converged,
        "optimizer": fit.optimization.optimizer,
        "stopped_because": fit.optimization.reason,
    }


def _criteria(fit: LinearMixedFit | GeneralizedMixedFit) -> dict[str, Any]:
    if isinstance(fit.posterior, AdviResult):
        advi = fit.posterior
        return {"elbo_error": advi.elbo_error, "seed": advi.seed, "steps": advi.steps}
    log_lik = fit.logLik()
    criteria = {
        "logLik": {"value": float(log_lik), "df": log_lik.df},
        "AIC": fit.AIC(),
        "BIC": fit.BIC(),
    }
    if isinstance(fit, LinearMixedFit):
        return {"REML" if fit.reml else "deviance": -2.0 * fit.elbo, **criteria}
    names = {"family": fit.family.name, "link": fit.family.link_name}
    return {**names, "dispersion": fit.dispersion_parameters(), **criteria}


def _coefficients(table: CoefficientTable) -> dict[str, dict[str, float]]:
    columns = {"estimate": table.estimates, "se": table.standard_errors}
    columns[table.statistic] = table.statistics
    if table.p_values is not None:
        columns["p"] = table.p_values
    return {
        name: {key: float(values[i]) for key, values in columns.items()}
        for i, name in enumerate(table.names)
    }


def _records(frame: Any) -> list[dict[str, Any]]:
    return [
        {
            key: None if value is None or (isinstance(value, float) and np.isnan(value)) else value
            for key, value in row.items()
        }
        for row in frame.to_dict("records")
    ]
