"""``anova`` of two or more models: likelihood ratio tests of each against the next smaller."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np

from glmmvi.caller import stack_level
from glmmvi.errors import DataError, GlmmviMessage, GlmmviWarning
from glmmvi.inference.tail_probabilities import chi_squared_tail
from glmmvi.results.fit import LinearMixedFit
from glmmvi.results.mixed_fit import MixedModelFit
from glmmvi.results.refit import refit_ml
from glmmvi.results.tables import AnovaTable
from glmmvi.results.testing.model_names import model_names

COLUMNS = ("npar", "AIC", "BIC", "logLik", "deviance", "Chisq", "Df", "Pr(>Chisq)")


def compare_models(
    fits: Sequence[MixedModelFit],
    *,
    refit: bool = True,
    names: Sequence[str] | None = None,
) -> AnovaTable:
    """Likelihood ratio tests, as lme4's ``anova(fit1, fit2, ...)``.

    Parameters
    ----------
    fits : sequence of fitted models
        Of the same data, in any order: they are sorted by their number of parameters.
    refit : bool
        Whether REML fits are refitted by maximum likelihood first.
    names : sequence of str, optional
        Of the models; by default the names of the caller's variables.

    Returns
    -------
    AnovaTable

    Raises
    ------
    DataError
        If the models have other data: another number of rows, or another response.

    Warns
    -----
    GlmmviMessage
        ``refitting model(s) with ML (instead of REML)``.
    GlmmviWarning
        ``some models fit with REML = TRUE, some not``.
    """
    if len({fit.nobs() for fit in fits}) > 1:
        rows = ", ".join(str(fit.nobs()) for fit in fits)
        raise DataError(f"models were not all fitted to the same size of dataset ({rows} rows)")
    labels = model_names(fits, names)
    reml = [isinstance(fit, LinearMixedFit) and fit.reml for fit in fits]
    if refit and any(reml):
        warnings.warn(
            "refitting model(s) with ML (instead of REML)", GlmmviMessage, stacklevel=stack_level()
        )
        fits = [refit_ml(fit) if isinstance(fit, LinearMixedFit) else fit for fit in fits]
    elif any(reml) and not all(reml):
        warnings.warn(
            "some models fit with REML = TRUE, some not", GlmmviWarning, stacklevel=stack_level()
        )
    _check_same_data(fits)
    order = np.argsort([fit.n_parameters for fit in fits], kind="stable")
    fits, labels = [fits[i] for i in order], [labels[i] for i in order]

    log_lik = np.array([float(fit.logLik()) for fit in fits])  # type: ignore[attr-defined]
    n_parameters = np.array([float(fit.n_parameters) for fit in fits])
    first = np.array([np.nan])
    statistic = np.concatenate([first, 2.0 * np.maximum(np.diff(log_lik), 0.0)])
    df = np.concatenate([first, np.diff(n_parameters)])
    p_value = np.where(df > 0, chi_squared_tail(statistic, np.where(df > 0, df, 1.0)), np.nan)
    call = fits[0].call
    heading = [f"Data: {call.data}"] if call.data else []
    if call.subset:
        heading.append(f"Subset: {call.subset}")
    heading.append("Models:")
    heading += [f"{label}: {fit.formula}" for label, fit in zip(labels, fits, strict=True)]
    return AnovaTable(
        tuple(heading),
        tuple(labels),
        COLUMNS,
        (
            n_parameters,
            -2.0 * log_lik + 2.0 * n_parameters,
            -2.0 * log_lik + np.log(fits[0].nobs()) * n_parameters,
            log_lik,
            -2.0 * log_lik,
            statistic,
            df,
            p_value,
        ),
    )


def _check_same_data(fits: Sequence[MixedModelFit]) -> None:
    """Refuse models of different responses: their likelihoods cannot be compared."""
    first = fits[0].design
    for fit in fits[1:]:
        design = fit.design
        same = design.y.shape == first.y.shape and np.array_equal(design.y, first.y)
        if not same or (design.totals is None) != (first.totals is None):
            raise DataError(
                "all models must be fit to the same data object: the responses of "
                f"'{fits[0].formula}' and '{fit.formula}' differ"
            )
