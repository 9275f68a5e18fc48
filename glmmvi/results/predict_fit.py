"""``predict``: point predictions, their standard errors and intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from glmmvi.errors import ArgumentError
from glmmvi.inference.covariance_points import CovariancePoint
from glmmvi.model.families import Family
from glmmvi.results.effects import covariance_points_of, effects_of
from glmmvi.results.prediction import PredictionRows, predicted, prediction_rows
from glmmvi.results.prediction_intervals import (
    drawn_interval,
    interval_ends,
    left_out_terms,
    link_moments,
    table,
)
from glmmvi.results.rows import by_row, table_by_row

if TYPE_CHECKING:
    from glmmvi.results.mixed_fit import MixedModelFit

Vector = NDArray[np.float64]

N_DRAWS = 4000


def predict_fit(
    fit: MixedModelFit,
    newdata: Any,
    *,
    family: Family | None,
    dispersion: Vector,
    type: str,
    re_form: Any,
    random_only: bool,
    allow_new_levels: bool,
    offset: Any,
    se_fit: bool,
    interval: str | None,
    level: float,
    covariance_uncertainty: bool,
    weights: Any,
    seed: int | None,
) -> pd.Series | pd.DataFrame:
    """Predictions of a fit.

    Parameters
    ----------
    fit : MixedModelFit
    newdata, type, re_form, random_only, allow_new_levels, offset, se_fit, interval, level, \
covariance_uncertainty, weights, seed
        See :meth:`glmmvi.results.generalized_fit.GeneralizedMixedFit.predict`.
    family : Family or None
        None for a linear mixed model.
    dispersion : float64, shape (k,)
        Unconstrained.

    Returns
    -------
    Series
        The predictions, by the row labels of the data, if nothing else was asked for.
    DataFrame
        ``fit``, ``se.fit``, ``lwr``, ``upr``.

    Raises
    ------
    ArgumentError, DataError
    """
    if type not in ("link", "response"):
        raise ArgumentError(f"predict: type={type!r} is neither 'link' nor 'response'")
    if interval not in (None, "none", "confidence", "prediction"):
        raise ArgumentError(
            f"predict: interval={interval!r} is none of None, 'confidence' and 'prediction'"
        )
    wanted = se_fit or interval not in (None, "none")
    if (covariance_uncertainty or weights is not None) and not wanted:
        which = "covariance_uncertainty" if covariance_uncertainty else "weights"
        raise ArgumentError(f"predict: {which}= goes with interval= or se_fit=True")
    rows = prediction_rows(
        fit.design,
        newdata,
        re_form=re_form,
        random_only=random_only,
        allow_new_levels=allow_new_levels,
        offset=offset,
    )
    eta = predicted(rows, fit.estimates)
    if not wanted:
        values = eta if type == "link" or family is None else _mean(family, dispersion, eta)
        if newdata is None:
            return by_row(fit.design, values)
        return pd.Series(values, index=rows.index)
    points = (
        covariance_points_of(fit.posterior)
        if covariance_uncertainty
        else [CovariancePoint(effects_of(fit.posterior), fit.estimates.sigma, dispersion)]
    )
    moments = link_moments(rows, eta, points)
    sd = np.sqrt(moments.variance)
    if family is None:
        ends = None
        if interval == "confidence":
            ends = interval_ends(moments, level)
        elif interval == "prediction":
            _whole(random_only)
            noise = 1.0 / _row_weights(fit, rows, newdata, weights)
            left_out = left_out_terms(fit.design, rows, newdata)
            ends = interval_ends(link_moments(rows, eta, points, left_out, noise), level)
        made = table(eta, sd if se_fit else None, ends, rows.index)
        return table_by_row(fit.design, made) if newdata is None else made
    values, ends = eta, None
    if interval == "confidence":
        ends = interval_ends(moments, level)
    if type == "response":
        values = _mean(family, dispersion, eta)
        sd = sd * np.abs(family.mu_eta(eta))
        if ends is not None:
            ends = _ordered(*(_mean(family, dispersion, end) for end in ends))
    if interval == "prediction":
        _whole(random_only)
        if type == "link":
            raise ArgumentError(
                "predict: interval='prediction' is of a new response: use type='response'"
            )
        left_out = left_out_terms(fit.design, rows, newdata)
        moments = link_moments(rows, eta, points, left_out)
        given = _row_weights(fit, rows, newdata, weights)
        trials = newdata is None and weights is None
        ends = drawn_interval(
            moments,
            family,
            [point.dispersion for point in points],
            level=level,
            n_draws=N_DRAWS,
            seed=seed,
            weights=given,
            totals=fit.design.totals if trials else None,
        )
    made = table(values, sd if se_fit else None, ends, rows.index)
    return table_by_row(fit.design, made) if newdata is None else made


def _mean(family: Family, dispersion: Vector, eta: Vector) -> Vector:
    return family.response_mean(family.inverse_link(eta), dispersion)


def _ordered(first: Vector, second: Vector) -> tuple[Vector, Vector]:
    return np.minimum(first, second), np.maximum(first, second)


def _whole(random_only: bool) -> None:
    if random_only:
        raise ArgumentError(
            "predict: interval='prediction' is of a new response, fixed effects included; "
            "random_only=True has interval='confidence'"
        )


def _row_weights(fit: MixedModelFit, rows: PredictionRows, newdata: Any, weights: Any) -> Vector:
    """Prior weights of the rows: those given, those of the fit, else 1."""
    n = len(rows.index)
    if weights is None:
        return fit.design.weights if newdata is None else np.ones(n)
    if isinstance(weights, str):
        if newdata is None or weights not in newdata:
            raise ArgumentError(f"predict: weights={weights!r} is no column of newdata")
        weights = newdata[weights]
    values = np.asarray(weights, dtype=np.float64)
    if values.shape not in ((), (n,)) or not (values > 0.0).all():
        raise ArgumentError(
            f"predict: weights= has shape {values.shape}; one positive number a row ({n}) was "
            "expected"
        )
    return np.broadcast_to(values, (n,))
