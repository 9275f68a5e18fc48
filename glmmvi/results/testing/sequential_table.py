"""``anova`` of one model: lme4's sequential sums of squares, without p values."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from glmmvi.inference.elbo_gradient import schur_complement
from glmmvi.results.mixed_fit import MixedModelFit
from glmmvi.results.tables import AnovaTable
from glmmvi.results.variational_posterior import VariationalPosterior


def sequential_table(fit: MixedModelFit, sigma: float) -> AnovaTable:
    """Sequential sums of squares and F values of the fixed-effects terms.

    Parameters
    ----------
    fit : fitted model
    sigma : float
        Residual standard deviation (1 for a family without a scale).

    Returns
    -------
    AnovaTable
        lme4 gives no p values: see :func:`glmmvi.anova` with ``type=`` or ``ddf=``.

    Notes
    -----
    The upper triangle of the inverse covariance matrix of the fixed effects, times their
    estimates, is a vector of independent contributions in the order of the columns.
    """
    design, estimates = fit.design, fit.estimates
    contributions = np.zeros(0)
    if design.p:
        root = np.linalg.cholesky(fixed_precision(fit)).T
        contributions = sigma**2 * (root @ estimates.beta) ** 2
    assign = np.array(design.assign, dtype=np.intp)
    numbers = [int(k) for k in np.unique(assign) if k > 0]
    total = np.array([contributions[assign == k].sum() for k in numbers])
    count = np.array([float((assign == k).sum()) for k in numbers])
    mean = total / count
    return AnovaTable(
        ("Analysis of Variance Table",),
        tuple(design.term_labels[k - 1] for k in numbers),
        ("npar", "Sum Sq", "Mean Sq", "F value"),
        (count, total, mean, mean / sigma**2),
    )


def fixed_precision(fit: MixedModelFit) -> NDArray[np.float64]:
    """Inverse covariance matrix of the fixed effects, the covariance parameters given.

    Of a generalized model this is lme4's ``crossprod(RX)``, not the inverse of ``vcov``, which
    has the uncertainty of the covariance parameters in it.
    """
    posterior = fit.posterior
    if not isinstance(posterior, VariationalPosterior):
        return np.asarray(np.linalg.inv(fit.estimates.beta_cov), dtype=np.float64)
    problem, X_factor = posterior.problem, posterior.problem.basis.X_factor
    within = schur_complement(problem.system, posterior.solution.state)
    return np.asarray(X_factor.T @ within @ X_factor)
