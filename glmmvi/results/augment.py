"""broom.mixed's ``augment``: the data of a fit with what the fit says of every row."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from glmmvi.design.sparse_columns import sparse_columns
from glmmvi.errors import ArgumentError
from glmmvi.inference.effects_posterior import combination_variance
from glmmvi.inference.elbo_gradient import schur_complement
from glmmvi.results.any_fit import AnyFit
from glmmvi.results.effects import effects_of
from glmmvi.results.generalized_fit import GeneralizedMixedFit
from glmmvi.results.new_response import shown_columns
from glmmvi.results.prediction import linear_predictor
from glmmvi.results.variational_posterior import VariationalPosterior
from glmmvi.unknown_arguments import names_arguments

Vector = NDArray[np.float64]


@names_arguments
def augment(fit: AnyFit, newdata: Any = None) -> pd.DataFrame:
    """The model frame with fitted values, residuals and influence of every row.

    Parameters
    ----------
    fit : LinearMixedFit or GeneralizedMixedFit
    newdata : DataFrame, optional
        Then the new data with ``.fitted`` (and ``.fixed``) alone.

    Returns
    -------
    DataFrame
        broom.mixed's columns (0.2.9.4): ``.rownames`` (where the data have row labels of their
        own), ``.fitted`` (link scale), ``.resid`` (deviance
        residuals), ``.hat``, ``.cooksd``, ``.fixed`` (without random effects), ``.mu``,
        ``.offset``, ``.sqrtXwt``, ``.sqrtrwt``, ``.weights``, ``.wtres``, and of a generalized
        model ``.eta``.

    Examples
    --------
    >>> import glmmvi as gv
    >>> fit = gv.lmer("Reaction ~ Days + (Days | Subject)", gv.load_dataset("sleepstudy"))
    >>> augment(fit).round(3)[["Days", ".fitted", ".resid", ".hat", ".fixed"]].head(2)
       Days  .fitted  .resid   .hat   .fixed
    0     0  253.664  -4.104  0.229  251.405
    1     1  273.330 -14.625  0.170  261.872
    """
    if newdata is not None:
        frame = pd.DataFrame(newdata).copy()
        frame[".fitted"] = fit.predict(newdata, allow_new_levels=True).to_numpy()
        frame[".fixed"] = fit.predict(newdata, re_form=float("nan")).to_numpy()
        return frame
    design, estimates = fit.design, fit.estimates
    eta = linear_predictor(design, estimates)
    fixed = design.offset + design.X @ estimates.beta
    weights = design.weights
    generalized = isinstance(fit, GeneralizedMixedFit)
    if isinstance(fit, GeneralizedMixedFit):
        mu = fit.family.inverse_link(eta)
        root_weight = np.sqrt(weights / fit.family.variance(mu, fit.dispersion))
        root_working = np.abs(fit.family.mu_eta(eta)) * root_weight
        try:
            residual = fit.residuals("deviance")
        except ArgumentError:
            residual = fit.residuals("pearson")
    else:
        mu, root_weight = eta, np.sqrt(weights)
        root_working, residual = root_weight, fit.residuals("deviance")
    hat = leverage(fit)
    weighted = root_weight * (design.y - mu)
    with np.errstate(divide="ignore", invalid="ignore"):
        cook = (weighted / (1.0 - hat)) ** 2 * hat / (fit.sigma() ** 2 * design.p)
    frame = design.frame.rename(columns=shown_columns(design))
    if not frame.index.equals(pd.RangeIndex(len(frame))):
        frame.insert(0, ".rownames", frame.index.astype(str))
        frame = frame.reset_index(drop=True)
    columns: dict[str, Any] = {
        ".fitted": eta,
        ".resid": residual.dropna().to_numpy() if len(design.omitted) else residual.to_numpy(),
        ".hat": hat,
        ".cooksd": np.where(np.isfinite(cook), cook, np.nan),
        ".fixed": fixed,
        ".mu": mu,
        ".offset": design.offset,
        ".sqrtXwt": root_working,
        ".sqrtrwt": root_weight,
        ".weights": weights,
        ".wtres": weighted,
    }
    if generalized:
        columns[".eta"] = eta
    for name, values in columns.items():
        frame[name] = values
    return frame


def leverage(fit: AnyFit) -> Vector:
    """lme4's ``hatvalues``: prior weight times the variance of the row's linear predictor.

    Over ``sigma^2``, given the covariance parameters. Of a generalized model lme4 warns that it
    "may not make sense": the weight is the prior one, not that of the response's variance.

    Parameters
    ----------
    fit : LinearMixedFit or GeneralizedMixedFit

    Returns
    -------
    float64, shape (n,)
    """
    effects = effects_of(fit.posterior)
    if isinstance(fit.posterior, VariationalPosterior):
        problem, solution = fit.posterior.problem, fit.posterior.solution
        X_inv = np.linalg.inv(problem.basis.X_factor)
        given = X_inv @ np.linalg.inv(schur_complement(problem.system, solution.state)) @ X_inv.T
        effects = replace(effects, gaussian=replace(effects.gaussian, beta_cov=given))
    design = fit.design
    Z = {r: sparse_columns(term) for r, term in enumerate(design.terms)}
    variance = combination_variance(effects, design.X, Z)
    return design.weights * variance / fit.estimates.sigma**2
