"""Which engine fits a generalized model, and what its answer is called."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from glmmvi.api.arguments import start_factors
from glmmvi.api.cumulant_engine import corrected_answer
from glmmvi.api.memory import check_memory
from glmmvi.caller import Action, act
from glmmvi.design import DesignMatrices
from glmmvi.errors import ArgumentError, FitError
from glmmvi.inference import adaptive_quadrature, generalized_mixed, joint_modes
from glmmvi.inference.generalized_mixed import GeneralizedMixedProblem, build_problem
from glmmvi.inference.level_grid import one_factor
from glmmvi.inference.likelihood import make_likelihood
from glmmvi.inference.memory_need import GENERALIZED_MATRICES
from glmmvi.model.families import Family
from glmmvi.model.families.density import DensityOrigin, bound_density
from glmmvi.model.prior_weights import prior_weights
from glmmvi.results.control import GlmerControl
from glmmvi.results.engine_arrays import generalized_arrays
from glmmvi.results.generalized_answer import GeneralizedAnswer, structured_answer

MOST_NODES = 100  # as lme4
MOST_COLUMNS = 3

_VARIATIONAL = "Variational Approximation"
_BOUND = "The log likelihood is a lower bound (variational approximation)."
_INDEFINITE = (
    "variance-covariance matrix computed from finite-difference Hessian is not positive definite "
    "or contains NA values: falling back to the fixed effects' own block at fixed covariance "
    "parameters"
)
_JOINT = (
    "The log likelihood is Laplace's approximation, with fixed and random effects maximised",
    "together (nAGQ = 0): fast, but the fixed effects are shrunk. nAGQ = 1 is closer.",
)


def checked_nagq(value: Any) -> int:
    """``nAGQ`` as an integer: 0, 1, or a number of quadrature nodes.

    Raises
    ------
    ArgumentError
        If it is not a whole number from 0 to 100.

    Examples
    --------
    >>> checked_nagq(9.0)
    9
    """
    number = isinstance(value, (Integral, Real)) and not isinstance(value, (bool, np.bool_))
    if not number or not float(value).is_integer():
        raise ArgumentError(
            f"nAGQ={value!r} is not a whole number: use 0 (fast), 1 (the variational bound) or "
            "the number of quadrature nodes, such as 25"
        )
    if not 0 <= value <= MOST_NODES:
        raise ArgumentError(
            f"nAGQ={value!r} is not between 0 and {MOST_NODES} (lme4's limit): 25 nodes are "
            "enough for most models"
        )
    return int(value)


def generalized_problem(
    design: DesignMatrices, family: Family, constant: Action = "stop"
) -> GeneralizedMixedProblem:
    """What the engines of a generalized model start from.

    Parameters
    ----------
    design : DesignMatrices
    family : Family
    constant : {"stop", "warning", "message", "ignore"}
        What to do about a response that does not vary (lme4's ``check.response.not.const``).

    Raises
    ------
    DataError
        If the response is constant, or not in the family's range.
    """
    if np.ptp(design.y) == 0.0:
        act(constant, "Response is constant: there is nothing to explain")
    origin = DensityOrigin(family, design.y, prior_weights(design), design.totals)
    density = bound_density(origin)
    check_memory(design, GENERALIZED_MATRICES)
    return build_problem(generalized_arrays(design), make_likelihood(density))


def fit_structured(
    design: DesignMatrices,
    family: Family,
    *,
    nAGQ: int,
    start: ArrayLike | None,
    control: GlmerControl,
    correction: str | None = None,
) -> GeneralizedAnswer:
    """Fit by the structured Gaussian surrogate, by quadrature around it, or by joint modes.

    Parameters
    ----------
    design : DesignMatrices
    family : Family
    nAGQ : int
        1: the surrogate's ELBO; more: adaptive Gauss-Hermite quadrature with so many nodes a
        dimension; 0: lme4's fast approximation.
    start : array, optional
        lme4's ``theta``.
    control : GlmerControl
    correction : {None, "cumulant"}
        Of the surrogate's ELBO; see `glmmvi.inference.cumulant_correction`.

    Returns
    -------
    GeneralizedAnswer

    Raises
    ------
    ArgumentError
        For quadrature over more than one grouping factor or more than three columns.
    DataError
        See `generalized_problem`.
    """
    if nAGQ > 1:
        check_quadrature(design, nAGQ)
    problem = generalized_problem(design, family, control.check_response_not_const)
    factors = None if start is None else start_factors(start, design)
    tolerance, limit = control.tolerance, control.max_evaluations
    if correction is not None:
        fallback = (_VARIATIONAL, (_BOUND,))
        return corrected_answer(problem, family, start=factors, control=control, fallback=fallback)
    if nAGQ == 0:
        solution, log_likelihood, record = joint_modes.optimize(
            problem, start=factors, tolerance=tolerance, max_evaluations=limit
        )
        notes: tuple[str, ...] = _JOINT
    elif nAGQ == 1:
        solution, record = generalized_mixed.optimize(
            problem,
            start=factors,
            hessian=control.use_hessian,
            tolerance=tolerance,
            max_evaluations=limit,
        )
        log_likelihood, notes = solution.elbo, (_BOUND,)
        if control.use_hessian and solution.parameter_cov is None:
            act(control.check_conv_hess, _INDEFINITE, error=FitError)
    else:
        found, record = adaptive_quadrature.optimize(
            problem,
            nAGQ,
            start=factors,
            hessian=control.use_hessian,
            tolerance=tolerance,
            max_evaluations=limit,
        )
        solution, log_likelihood, notes = found.solution, found.log_likelihood, ()
    if not np.isfinite(log_likelihood):
        raise FitError(
            f"the log likelihood of the {family.name} family is not finite: the response may be "
            "outside its range, or in an extreme unit"
        )
    return structured_answer(
        problem,
        family,
        solution,
        record,
        log_likelihood=log_likelihood,
        approximation=approximation_title(nAGQ),
        notes=notes,
        nAGQ=nAGQ,
    )


@dataclass(frozen=True)
class StructuredEngine:
    """`fit_structured` with its options: fits the model to another response.

    Attributes
    ----------
    family : Family
    nAGQ : int
    control : GlmerControl
    correction : {None, "cumulant"}
    """

    family: Family
    nAGQ: int  # noqa: N815 (lme4's name)
    control: GlmerControl
    correction: str | None = None

    def __call__(self, design: DesignMatrices, theta: ArrayLike | None) -> GeneralizedAnswer:
        """Fit a design, starting from ``theta``."""
        return fit_structured(
            design,
            self.family,
            nAGQ=self.nAGQ,
            start=theta,
            control=self.control,
            correction=self.correction,
        )


def approximation_title(nAGQ: int) -> str:
    """What the title of a fit says of its log likelihood."""
    return _VARIATIONAL if nAGQ == 1 else f"Adaptive Gauss-Hermite Quadrature, nAGQ = {nAGQ}"


def check_quadrature(design: DesignMatrices, nAGQ: int) -> None:
    """Refuse quadrature for models that it cannot integrate.

    Raises
    ------
    ArgumentError
    """
    groups = list(dict.fromkeys(term.group for term in design.terms))
    columns = sum(term.d for term in design.terms)
    if one_factor(generalized_arrays(design)) is None:
        has = f"{len(groups)} grouping factors: {', '.join(groups)}"
    elif columns > MOST_COLUMNS:
        has = f"{columns} columns of random effects for {', '.join(groups)}"
    else:
        return
    raise ArgumentError(
        f"nAGQ = {nAGQ}: nAGQ > 1 is only available for models with a single grouping factor and "
        f"at most {MOST_COLUMNS} columns of random effects; this one has {has}. Use nAGQ = 1 (the "
        "variational bound) or nAGQ = 0"
    )
