"""Kenward and Roger's inference for a fit."""

from __future__ import annotations

import numpy as np

from glmmvi.design.sparse_columns import sparse_columns
from glmmvi.errors import ArgumentError
from glmmvi.inference.kenward_roger import KenwardRoger, kenward_roger
from glmmvi.results.fit import LinearMixedFit
from glmmvi.results.testing.refit import structured

_LARGEST = 4000  # random effects: dense matrices of so many rows


def kenward_roger_of(fit: LinearMixedFit) -> KenwardRoger:
    """The corrected covariance matrix of the fixed effects, under REML.

    Parameters
    ----------
    fit : LinearMixedFit
        Under REML. Prior weights divide the residual variance (pbkrtest, 0.5.2, leaves them out).

    Returns
    -------
    KenwardRoger

    Raises
    ------
    ArgumentError
        If the fit is by another engine or by maximum likelihood, or has too many random
        effects.
    """
    structured(fit)
    if not fit.reml:
        raise ArgumentError(
            "Kenward-Roger's method is only available for REML model fits: fit with REML=True, or "
            "use ddf='Satterthwaite'"
        )
    design = fit.design
    q = sum(term.L * term.d for term in design.terms)
    if q > _LARGEST:
        raise ArgumentError(
            f"ddf='Kenward-Roger' needs dense matrices of all random effects, {q} x {q} here (at "
            f"most {_LARGEST}): use ddf='Satterthwaite', which with so many hardly differs"
        )
    estimates = fit.estimates
    Z = sparse_columns(design.terms)
    weighted = Z.multiply(design.weights[:, None]).tocsr()
    return kenward_roger(
        (Z.T @ weighted).toarray(),
        np.asarray(weighted.T @ design.X),
        estimates.beta_cov,
        [estimates.sigma**2 * factor @ factor.T for factor in estimates.Lambda],
        [term.L for term in design.terms],
        estimates.sigma**2,
        design.n_used,
    )
