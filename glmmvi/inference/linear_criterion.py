"""The REML criterion of a fit by maximum likelihood, and the other way round."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from numpy.typing import NDArray

from glmmvi.inference.linear_mixed import LinearMixedProblem, Matrix, criterion
from glmmvi.inference.profiled_deviance import criterion_constant


def criterion_under(
    problem: LinearMixedProblem,
    weights: NDArray,
    Lambda: Sequence[Matrix],
    *,
    reml: bool,
) -> float:
    """``-2`` times the (restricted) log likelihood at covariance factors, whatever the fit's was.

    The residual variance and the fixed effects are profiled out, as lme4's ``devCrit`` does.

    Parameters
    ----------
    problem : LinearMixedProblem
    weights : float64, shape (n,)
        Prior weights.
    Lambda : sequence of float64, shape (d, d)
        Relative covariance factors of the user's scale.
    reml : bool
        Whether the fixed effects are integrated out.

    Returns
    -------
    float
    """
    if reml != problem.reml:
        constant = criterion_constant(problem.basis, weights, problem.products.n, reml=reml)
        problem = replace(problem, reml=reml, constant=constant)
    return criterion(problem, Lambda)
