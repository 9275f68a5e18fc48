"""Importance sampling from a fit's surrogate: ``fit.check()``."""

from __future__ import annotations

from numbers import Integral
from typing import TYPE_CHECKING

import numpy as np

from glmmvi.errors import ArgumentError
from glmmvi.inference.importance_ratios import (
    generalized_ratios,
    linear_ratios,
    paired_normals,
    pairs_per_chunk,
)
from glmmvi.inference.importance_sampling import (
    ImportanceSummary,
    series_settles,
    summarize_ratios,
)
from glmmvi.inference.independent_parts import independent_parts
from glmmvi.inference.level_gap import level_gap
from glmmvi.inference.level_grid import one_factor, product_rule
from glmmvi.inference.linear_mixed import posterior_of
from glmmvi.results.diagnosis.surrogate_check import SurrogateCheck
from glmmvi.results.engine_arrays import generalized_arrays
from glmmvi.results.penalized_posterior import PenalizedPosterior
from glmmvi.results.structured_posterior import StructuredPosterior
from glmmvi.results.variational_posterior import VariationalPosterior

if TYPE_CHECKING:
    from glmmvi.results.mixed_fit import MixedModelFit

_DRAWS = 2000
_DRAWS_OF_EXACT = 100  # they only show that all ratios are equal
_FEWEST = 20  # draws
_NODES = {1: 41, 2: 15, 3: 9}  # nodes a dimension, by the columns of the one grouping factor
_FEWEST_NODES = 7

_QUADRATURE = "use nAGQ = 25"
_CUMULANT = 'use correction="cumulant" (experimental)'
_NOTHING = (
    "expect standard deviations of the random effects that are too small; neither nAGQ = 25 (one "
    'grouping factor, up to three columns) nor correction="cumulant" (a small third cumulant) '
    "applies"
)
_NUMERICAL = "a linear model's surrogate is exact but for rounding: look at the data's scale"
_WITH_PRIORS = (
    "expect standard deviations of the random effects that are too small; nAGQ = 25 and "
    'correction="cumulant" are for fits without priors'
)


def check_surrogate(
    fit: MixedModelFit, draws: int | None = None, *, seed: int = 1
) -> SurrogateCheck:
    """Importance-sample a fit's model from its Gaussian surrogate.

    Parameters
    ----------
    fit : MixedModelFit
        Of a structured engine; with priors, at the penalised estimates.
    draws : int, optional
        Number of draws, in antithetic pairs: 2,000 by default, 100 for a linear model. Each
        costs one evaluation of the likelihood on all rows: some 0.1 s for a million.
    seed : int
        Same seed, same numbers.

    Returns
    -------
    SurrogateCheck

    Raises
    ------
    ArgumentError
        For a fit whose surrogate covers the covariance parameters too (stochastic methods,
        ``theta_posterior=True``), and for fewer than 20 draws.
    """
    outer = fit.posterior
    penalized = isinstance(outer, PenalizedPosterior)
    posterior = outer.inner if isinstance(outer, PenalizedPosterior) else outer
    if draws is not None and (
        isinstance(draws, bool) or not isinstance(draws, Integral) or draws < _FEWEST
    ):
        raise ArgumentError(f"check: draws={draws!r} is not a whole number from {_FEWEST} up")
    if isinstance(seed, bool) or not isinstance(seed, Integral) or seed < 0:
        raise ArgumentError(f"check: seed={seed!r} is not a whole number from 0 up")
    if isinstance(posterior, StructuredPosterior):
        summary = _of_linear(fit, posterior, int(draws or _DRAWS_OF_EXACT), int(seed))
        quadrature, remedy, reported = None, _NUMERICAL, posterior.elbo
        if penalized and not np.isneginf(summary.pareto_k):
            raise ArgumentError(
                "check: with a prior of the fixed effects the REML surrogate is not that of the "
                "flat prior that the model has; check a fit with REML=False"
            )
    elif isinstance(posterior, VariationalPosterior):
        summary = _of_generalized(posterior, int(draws or _DRAWS), int(seed))
        quadrature = _by_quadrature(posterior, summary.draws)
        remedy = _WITH_PRIORS if penalized else _remedy(summary, quadrature)
        reported = posterior.elbo if penalized else float(fit.log_likelihood)
    else:
        raise ArgumentError(
            "check() is for fits whose surrogate is the structured Gaussian of the random effects "
            "(the default method); the surrogate of this one covers the covariance parameters too, "
            "and has its own ELBO"
        )
    return SurrogateCheck(
        importance=summary,
        elbo=posterior.elbo,
        fit_log_likelihood=reported,
        quadrature=quadrature,
        remedy=remedy,
        exact=bool(np.isneginf(summary.pareto_k)),
        seed=int(seed),
    )


def _of_linear(
    fit: MixedModelFit, posterior: StructuredPosterior, draws: int, seed: int
) -> ImportanceSummary:
    solution, arrays = posterior.solution, generalized_arrays(fit.design)
    gaussian = posterior_of(posterior.problem, solution)
    p = gaussian.factorization.structure.p if gaussian.X_factor is not None else 0
    normals = paired_normals(
        gaussian.factorization, (draws + 1) // 2, pairs_per_chunk(arrays), seed, p=p
    )
    return summarize_ratios(
        linear_ratios(arrays, gaussian, solution.Lambda, solution.u_mean, solution.beta, normals)
    )


def _of_generalized(posterior: VariationalPosterior, draws: int, seed: int) -> ImportanceSummary:
    system, solution = posterior.problem.system, posterior.solution
    normals = paired_normals(
        solution.state.factorization, (draws + 1) // 2, pairs_per_chunk(system.arrays), seed
    )
    parts = independent_parts(system.arrays.terms)
    return summarize_ratios(
        generalized_ratios(system, solution.state, solution.dispersion, parts, normals)
    )


def _by_quadrature(posterior: VariationalPosterior, draws: int) -> float | None:
    """Log likelihood at the surrogate's parameters, where it is a sum of small integrals.

    It takes no more log densities than twice those of the draws, down to seven nodes.
    """
    system, solution = posterior.problem.system, posterior.solution
    columns = one_factor(system.arrays)
    if columns is None or columns.d not in _NODES:
        return None
    count = _NODES[columns.d]
    while count > _FEWEST_NODES and len(product_rule(count, columns.d)[0]) > 2 * draws:
        count -= 2
    found = level_gap(system, columns, solution.state, solution.dispersion, count)
    return float(found.log_likelihood.sum())


def _remedy(summary: ImportanceSummary, quadrature: float | None) -> str:
    if quadrature is not None:
        return _QUADRATURE
    settles = series_settles(summary.half_variance, summary.sixth_third_cumulant)
    return _CUMULANT if settles else _NOTHING
