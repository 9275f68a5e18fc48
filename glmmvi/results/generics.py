"""R's generic functions under R's names, so that a script ports line by line.

``fixef(fit)`` is ``fit.fixef()``, and so on: each function here calls the method of the same
name.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from glmmvi.results.fit import LinearMixedFit, ResidualType
from glmmvi.results.tables import (
    GroupCoefficients,
    LogLikelihood,
    ModelSummary,
    RandomEffects,
)
from glmmvi.results.tables import (
    VarCorr as VarCorrTable,
)
from glmmvi.unknown_arguments import names_arguments


@names_arguments
def fixef(fit: LinearMixedFit, *, add_dropped: bool = False) -> pd.Series:
    """Fixed effects: :meth:`LinearMixedFit.fixef`."""
    return fit.fixef(add_dropped=add_dropped)


def ranef(fit: LinearMixedFit, *arguments: Any, **named: Any) -> RandomEffects:
    """Random effects: :meth:`LinearMixedFit.ranef`, with its arguments."""
    return fit.ranef(*arguments, **named)


@names_arguments
def coef(fit: LinearMixedFit) -> GroupCoefficients:
    """Fixed plus random effects of every level: :meth:`LinearMixedFit.coef`."""
    return fit.coef()


@names_arguments
def VarCorr(fit: LinearMixedFit, sigma: float | None = None) -> VarCorrTable:
    """Covariance parameters: :meth:`LinearMixedFit.VarCorr`."""
    return fit.VarCorr(sigma)


@names_arguments
def sigma(fit: LinearMixedFit) -> float:
    """Residual standard deviation: :meth:`LinearMixedFit.sigma`."""
    return fit.sigma()


@names_arguments
def vcov(fit: LinearMixedFit, *, correlation: bool = False) -> pd.DataFrame:
    """Covariance matrix of the fixed effects: :meth:`LinearMixedFit.vcov`."""
    return fit.vcov(correlation=correlation)


@names_arguments
def logLik(fit: LinearMixedFit, REML: bool | None = None) -> LogLikelihood:
    """Log likelihood: :meth:`LinearMixedFit.logLik`."""
    return fit.logLik() if REML is None else fit.logLik(REML)


@names_arguments
def AIC(fit: LinearMixedFit, *others: LinearMixedFit) -> float | pd.DataFrame:
    """Akaike's information criterion: :meth:`LinearMixedFit.AIC`.

    Returns
    -------
    float
    DataFrame
        Of several fits, as in R: ``df`` and ``AIC``, a row a fit.
    """
    return _criteria("AIC", fit, others)


@names_arguments
def BIC(fit: LinearMixedFit, *others: LinearMixedFit) -> float | pd.DataFrame:
    """Schwarz's information criterion: :meth:`LinearMixedFit.BIC`; as :func:`AIC`."""
    return _criteria("BIC", fit, others)


def _criteria(
    name: str, fit: LinearMixedFit, others: tuple[LinearMixedFit, ...]
) -> float | pd.DataFrame:
    if not others:
        return float(getattr(fit, name)())
    fits = [fit, *others]
    return pd.DataFrame(
        {"df": [each.n_parameters for each in fits], name: [getattr(each, name)() for each in fits]}
    )


@names_arguments
def REMLcrit(fit: LinearMixedFit) -> float:
    """REML criterion: :meth:`LinearMixedFit.REMLcrit`."""
    return fit.REMLcrit()


@names_arguments
def deviance(fit: LinearMixedFit, REML: bool | None = None) -> float:
    """-2 log likelihood: :meth:`LinearMixedFit.deviance`."""
    return fit.deviance() if REML is None else fit.deviance(REML)


@names_arguments
def fitted(fit: LinearMixedFit) -> pd.Series:
    """Fitted values: :meth:`LinearMixedFit.fitted`."""
    return fit.fitted()


def residuals(fit: LinearMixedFit, type: ResidualType | None = None, **arguments: Any) -> pd.Series:
    """Residuals: :meth:`LinearMixedFit.residuals`, deviance residuals of a glmer fit."""
    return fit.residuals(**arguments) if type is None else fit.residuals(type, **arguments)


def predict(fit: LinearMixedFit, newdata: Any = None, **arguments: Any) -> pd.Series | pd.DataFrame:
    """Predictions: :meth:`LinearMixedFit.predict`."""
    return fit.predict(newdata, **arguments)


@names_arguments
def nobs(fit: LinearMixedFit) -> int:
    """Observations used: :meth:`LinearMixedFit.nobs`."""
    return fit.nobs()


@names_arguments
def ngrps(fit: LinearMixedFit) -> dict[str, int]:
    """Levels of every grouping factor: :meth:`LinearMixedFit.ngrps`."""
    return fit.ngrps()


@names_arguments
def isSingular(fit: LinearMixedFit, tol: float = 1e-4) -> bool:
    """Whether the fit is singular: :meth:`LinearMixedFit.isSingular`."""
    return fit.isSingular(tol)


def summary(fit: LinearMixedFit, **layout: Any) -> ModelSummary:
    """lme4's summary: :meth:`LinearMixedFit.summary`."""
    return fit.summary(**layout)


def update(fit: LinearMixedFit, formula: Any = None, **changes: Any) -> Any:
    """Fit again with changes: :meth:`MixedModelFit.update`."""
    return fit.update(formula, **changes)
