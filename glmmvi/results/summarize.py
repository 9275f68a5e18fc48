"""From a fit to the numbers that its printouts show."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from glmmvi.design.design_matrices import DesignMatrices
from glmmvi.design.random_term import RandomTerm
from glmmvi.errors import ArgumentError
from glmmvi.model.families import Family
from glmmvi.results.estimates import Estimates
from glmmvi.results.posterior import Optimization
from glmmvi.results.tables import (
    CoefficientTable,
    EvidenceLowerBound,
    InformationCriteria,
    ModelCall,
    ModelSummary,
    OptimizerReport,
    RemlCriterion,
    VarCorr,
    VarCorrTerm,
)

SINGULAR = "boundary (singular) fit: see help('isSingular')"


def var_corr(
    terms: Sequence[RandomTerm],
    estimates: Estimates,
    *,
    residual_sd: float | None,
    sigma: float | None = None,
) -> VarCorr:
    """Standard deviations and correlations of every term, and the residual sd if there is one.

    Parameters
    ----------
    terms, estimates
        Of the fit.
    residual_sd : float or None
        The fit's.
    sigma : float, optional
        Scale to put in its place: sds relative to the fit's times this.

    Raises
    ------
    ArgumentError
        If `sigma` is no number that is at least 0.
    """
    unit = estimates.sigma
    if sigma is not None:
        if not isinstance(sigma, (int, float, np.number)) or not 0.0 <= sigma < np.inf:
            raise ArgumentError(f"VarCorr: sigma={sigma!r} has to be a number, at least 0")
        unit *= float(sigma) / (1.0 if residual_sd is None else residual_sd)
        residual_sd = None if residual_sd is None else float(sigma)
    return VarCorr(
        tuple(
            VarCorrTerm.from_covariance(
                term.label, term.column_names, unit**2 * (factor @ factor.T)
            )
            for term, factor in zip(terms, estimates.Lambda, strict=True)
        ),
        sigma=residual_sd,
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
    class_name: str,
    family: Family | None,
    varcorr: VarCorr,
    criterion: RemlCriterion | InformationCriteria | EvidenceLowerBound,
    n_obs: int,
    scaled: NDArray[np.float64],
    optimization: Optimization,
    singular: bool,
    notes: tuple[str, ...],
) -> ModelSummary:
    """Collect the numbers of lme4's ``print`` and ``summary``.

    Parameters
    ----------
    design, estimates, call, title, class_name
        Of the fit.
    family : Family or None
        None for a linear mixed model.
    varcorr : VarCorr
        Covariance parameters.
    criterion : RemlCriterion, InformationCriteria or EvidenceLowerBound
        How well it fits.
    n_obs : int
        Observations used.
    scaled : float64, shape (n,)
        Pearson residuals over sigma.
    optimization : Optimization
        Its verdict is shown where it did not converge.
    singular : bool
        Whether to say that the fit is singular.
    notes : tuple of str
        Lines under R's layout.

    Returns
    -------
    ModelSummary
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        standard_errors = np.sqrt(np.diag(estimates.beta_cov))
        correlation = estimates.beta_cov / np.outer(standard_errors, standard_errors)
        p_values = 2.0 * ndtr(-np.abs(estimates.beta / standard_errors))
    return ModelSummary(
        title=title,
        class_name=class_name,
        family=None if family is None else family.name,
        link=None if family is None else family.link_name,
        call=call,
        criterion=criterion,
        residual_quantiles=np.quantile(scaled, [0.0, 0.25, 0.5, 0.75, 1.0]),
        var_corr=varcorr,
        n_obs=n_obs,
        n_groups={term.group: term.L for term in design.terms},
        coefficients=CoefficientTable(
            design.column_names,
            estimates.beta,
            standard_errors,
            "t" if family is None or family.uses_scale else "z",
            p_values=None if family is None else p_values,
        ),
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
