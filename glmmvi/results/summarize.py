"""From a fit to the numbers that its printouts show."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from glmmvi.design.design_matrices import DesignMatrices
from glmmvi.design.random_term import RandomTerm
from glmmvi.inference.optimization_record import OptimizationRecord
from glmmvi.results.estimates import Estimates
from glmmvi.results.tables import (
    CoefficientTable,
    InformationCriteria,
    LogLikelihood,
    ModelCall,
    ModelSummary,
    OptimizerReport,
    RemlCriterion,
    VarCorr,
    VarCorrTerm,
)

SINGULAR = "boundary (singular) fit: see help('isSingular')"


def var_corr(terms: Sequence[RandomTerm], estimates: Estimates) -> VarCorr:
    """Standard deviations and correlations of every term, and the residual's."""
    return VarCorr(
        tuple(
            VarCorrTerm.from_covariance(
                term.label, term.column_names, estimates.sigma**2 * (factor @ factor.T)
            )
            for term, factor in zip(terms, estimates.Lambda, strict=True)
        ),
        sigma=estimates.sigma,
    )


def rank_deficiency(dropped: Sequence[str]) -> tuple[str, ...]:
    """lme4's message about columns that were dropped, if any were."""
    if not dropped:
        return ()
    columns = (
        "1 column / coefficient" if len(dropped) == 1 else f"{len(dropped)} columns / coefficients"
    )
    return (f"fixed-effect model matrix is rank deficient so dropping {columns}",)


def model_summary(
    *,
    design: DesignMatrices,
    estimates: Estimates,
    call: ModelCall,
    title: str,
    log_lik: LogLikelihood,
    df_residual: int,
    scaled: NDArray[np.float64],
    optimization: OptimizationRecord,
    singular: bool,
    notes: tuple[str, ...],
) -> ModelSummary:
    """Collect the numbers of lme4's ``print`` and ``summary``.

    Parameters
    ----------
    design, estimates, call, title
        Of the fit.
    log_lik : LogLikelihood
        Shown as the REML criterion if it is the restricted one.
    df_residual : int
        Observations minus parameters.
    scaled : float64, shape (n,)
        Pearson residuals over sigma.
    optimization : OptimizationRecord
        Its verdict is shown where it did not converge.
    singular : bool
        Whether to say that the fit is singular.
    notes : tuple of str
        Lines under R's layout.

    Returns
    -------
    ModelSummary
    """
    criterion: RemlCriterion | InformationCriteria
    if log_lik.reml:
        criterion = RemlCriterion(-2.0 * log_lik.value)
    else:
        criterion = InformationCriteria.from_log_lik(
            log_lik.value, n_parameters=log_lik.df, n_observations=log_lik.n_obs
        )
    standard_errors = np.sqrt(np.diag(estimates.beta_cov))
    with np.errstate(invalid="ignore", divide="ignore"):
        correlation = estimates.beta_cov / np.outer(standard_errors, standard_errors)
    return ModelSummary(
        title=title,
        class_name="lmerMod",
        call=call,
        criterion=criterion,
        residual_quantiles=np.quantile(scaled, [0.0, 0.25, 0.5, 0.75, 1.0]),
        var_corr=var_corr(design.terms, estimates),
        n_obs=log_lik.n_obs,
        n_groups={term.group: term.L for term in design.terms},
        coefficients=CoefficientTable(design.column_names, estimates.beta, standard_errors, "t"),
        correlation=correlation,
        fit_messages=rank_deficiency(design.dropped_columns),
        optimizer=OptimizerReport(
            optimizer=optimization.optimizer,
            code=0 if optimization.converged else 1,
            message="" if optimization.converged else optimization.reason,
            model_messages=(SINGULAR,) if singular else (),
        ),
        notes=notes,
        dropped=design.dropped_columns,
    )
