"""A fit as plain numbers and names, ready for JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from glmmvi.results.fit import LinearMixedFit


def fit_as_dict(fit: LinearMixedFit) -> dict[str, Any]:
    """Everything that a report needs, as dictionaries, lists, numbers and strings.

    Parameters
    ----------
    fit : LinearMixedFit

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
    coefficients = fit.summary().coefficients
    return {
        "formula": str(fit.design.formula),
        "title": fit.title.strip(),
        "nobs": fit.nobs(),
        "rows_dropped": fit.design.n_dropped,
        "ngrps": fit.ngrps(),
        "elbo": fit.elbo,
        **_criteria(fit),
        "fixef": {
            name: {"estimate": estimate, "se": se, "t": t}
            for name, estimate, se, t in zip(
                coefficients.names,
                coefficients.estimates.tolist(),
                coefficients.standard_errors.tolist(),
                coefficients.statistics.tolist(),
                strict=True,
            )
        },
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


def _criteria(fit: LinearMixedFit) -> dict[str, Any]:
    if fit.advi is not None:
        return {"elbo_error": fit.advi.elbo_error, "seed": fit.advi.seed, "steps": fit.advi.steps}
    return {
        "REML" if fit.reml else "deviance": fit.REMLcrit(),
        "logLik": {"value": fit.elbo, "df": fit.n_parameters},
        "AIC": fit.AIC(),
        "BIC": fit.BIC(),
    }


def _records(frame: Any) -> list[dict[str, Any]]:
    return [
        {
            key: None if value is None or (isinstance(value, float) and np.isnan(value)) else value
            for key, value in row.items()
        }
        for row in frame.to_dict("records")
    ]
