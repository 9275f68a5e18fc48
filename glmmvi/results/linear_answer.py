"""What the structured engine answers for a linear mixed model."""

from __future__ import annotations

from dataclasses import dataclass

from numpy.typing import ArrayLike

from glmmvi.design.design_matrices import DesignMatrices
from glmmvi.errors import FitError
from glmmvi.inference.linear_mixed import build_problem, optimize
from glmmvi.inference.optimization_record import OptimizationRecord
from glmmvi.inference.profiled_deviance import unpack
from glmmvi.results.engine_arrays import engine_arrays
from glmmvi.results.estimates import Estimates, estimates_at
from glmmvi.results.structured_posterior import StructuredPosterior


@dataclass(frozen=True)
class LinearAnswer:
    """Estimates of a linear mixed model, with the posterior and the verdict behind them."""

    estimates: Estimates
    posterior: StructuredPosterior
    optimization: OptimizationRecord


def linear_answer(
    design: DesignMatrices, theta: ArrayLike | None, *, reml: bool, tolerance: float | None = None
) -> LinearAnswer:
    """Fit a design.

    Parameters
    ----------
    design : DesignMatrices
    theta : float64, shape (k,), optional
        lme4's ``theta`` to start from.
    reml : bool
    tolerance : float, optional
        See :func:`glmmvi.inference.linear_mixed.optimize`.

    Returns
    -------
    LinearAnswer

    Raises
    ------
    FitError
        If the response is a linear combination of the fixed effects.
    """
    problem = build_problem(engine_arrays(design), reml=reml)
    if problem.basis.y_scale == 0.0:
        raise FitError("the response is an exact linear combination of the fixed effects")
    start = None if theta is None else unpack(theta, [term.d for term in design.terms])  # type: ignore[arg-type]
    solution, record = optimize(problem, start=start, tolerance=tolerance)
    return LinearAnswer(
        estimates_at(solution),
        StructuredPosterior(problem, solution),
        record,
    )
