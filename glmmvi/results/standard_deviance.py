"""lme4's ``devfun2``, the deviance by sds and correlations; its ``allFit``, which is refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from glmmvi.errors import ArgumentError
from glmmvi.inference.covariance_coordinates import (
    engine_factor_and_rotation,
    sds_and_correlations,
)
from glmmvi.inference.gaussian_deviance import gaussian_deviance, under_ml
from glmmvi.inference.linear_mixed import LinearMixedProblem
from glmmvi.inference.profiled_deviance import pack, unpack
from glmmvi.results.any_fit import AnyFit
from glmmvi.results.fit import LinearMixedFit
from glmmvi.results.intervals.profile import parameters_of
from glmmvi.results.refit import refit_ml
from glmmvi.results.structured_posterior import StructuredPosterior
from glmmvi.unknown_arguments import names_arguments

Matrix = NDArray[np.float64]

_ROUNDING = 1e-8  # of a correlation matrix's pivot


@dataclass(frozen=True)
class StandardDeviance:
    """A deviance as a function of sds, correlations and the residual sd: call it.

    Attributes
    ----------
    optimum : Series
        Maximum likelihood estimates by name: the function's parameters in its order, then the
        fixed effects, which the function itself chooses.
    basedev : float
        The deviance there.
    thopt : float64, shape (k,)
        lme4's ``theta`` there.
    stderr : float64, shape (p,)
        Standard errors of the fixed effects.
    """

    problem: LinearMixedProblem
    optimum: pd.Series
    basedev: float
    thopt: NDArray[np.float64]
    stderr: NDArray[np.float64]

    def __call__(self, pars: ArrayLike) -> float:
        """The deviance at sds and correlations (lower triangle by columns) and the residual sd."""
        x = np.asarray(pars, dtype=np.float64)
        k = len(self.thopt)
        if x.shape != (k + 1,) or not np.isfinite(x).all():
            raise ArgumentError(
                f"devfun2: {k + 1} finite numbers were expected: "
                f"{', '.join(map(str, self.optimum.index[: k + 1]))}"
            )
        sigma = float(x[k])
        if sigma <= 0.0:
            raise ArgumentError(f"devfun2: the residual sd is {sigma:g}, not above 0")
        basis = self.problem.basis
        factors = [
            engine_factor_and_rotation(_factor(table) / sigma, Z_factor)[0]
            for table, Z_factor in zip(
                unpack(x[:k], self.problem.structure.d), basis.Z_factors, strict=True
            )
        ]
        return gaussian_deviance(self.problem, factors, float(np.log(sigma / basis.y_scale))).value

    def __repr__(self) -> str:
        return f"devfun2: a deviance, {self.basedev:.6g} at its optimum\n{self.optimum}"


def _factor(table: Matrix) -> Matrix:
    """The lower triangle whose sds and correlations these are; they may be at their bounds."""
    sd, d = np.diag(table), len(table)
    if (sd < 0.0).any():
        raise ArgumentError(f"devfun2: the sd {sd.min():g} is below 0")
    L = np.zeros((d, d))
    for j in range(d):
        pivot = 1.0 - L[j, :j] @ L[j, :j]
        rest = table[j + 1 :, j] - L[j + 1 :, :j] @ L[j, :j]
        flat = pivot < _ROUNDING
        if pivot < -_ROUNDING or (flat and (np.abs(rest) > _ROUNDING**0.5).any()):
            raise ArgumentError(
                f"devfun2: no covariance matrix has the correlations "
                f"{', '.join(f'{r:g}' for r in table[np.tril_indices(d, -1)])}"
            )
        if not flat:
            L[j, j] = np.sqrt(pivot)
            L[j + 1 :, j] = rest / L[j, j]
    return sd[:, None] * L


def _standard(factors: Sequence[Matrix], sigma: float) -> list[float]:
    tables = [sds_and_correlations(sigma * factor) for factor in factors]
    # without an sd there is no correlation: any will do
    return [*np.nan_to_num(pack(tables)).tolist(), sigma]


@names_arguments
def devfun2(fit: AnyFit, *, signames: bool = True) -> StandardDeviance:
    """The deviance by sds, correlations and the residual sd, as lme4's ``devfun2``.

    Parameters
    ----------
    fit : LinearMixedFit
        A REML fit is fitted again by maximum likelihood, as in lme4.
    signames : bool
        Whether the parameters are called ``.sig01``, ..., ``.sigma``, or
        ``sd_(Intercept)|Subject``, ..., ``sigma``.

    Returns
    -------
    StandardDeviance
        A function of sds and correlations (the lower triangle of each term, by columns) and the
        residual sd, with the fixed effects at their best: what profiles are of. ``optimum``,
        ``basedev``, ``thopt`` and ``stderr`` are lme4's attributes.

    Raises
    ------
    ArgumentError
        For a generalized model, a fit with priors, or one read from a file.

    Examples
    --------
    >>> import glmmvi as gv
    >>> fit = gv.lmer("Reaction ~ Days + (Days | Subject)", gv.load_dataset("sleepstudy"))
    >>> deviance = devfun2(fit, signames=False)
    >>> round(deviance.basedev, 3), round(deviance([20, 0.3, 6, 30]), 3)
    (1751.939, 1758.871)
    >>> list(deviance.optimum.index[:4])
    ['sd_(Intercept)|Subject', 'cor_Days.(Intercept)|Subject', 'sd_Days|Subject', 'sigma']
    """
    if not isinstance(fit, LinearMixedFit):
        raise ArgumentError(
            "devfun2 is of lmer fits; of a glmer fit there is getME(fit, 'devfun'), the deviance "
            "by theta and the fixed effects, and profile(fit)"
        )
    if not isinstance(fit.posterior, StructuredPosterior):
        raise ArgumentError(
            f"devfun2: there is none of {fit.posterior.origin}: it is of fits by maximum "
            "likelihood (or REML) by the structured engine, with their data"
        )
    best = refit_ml(fit) if fit.reml else fit
    assert isinstance(best.posterior, StructuredPosterior)
    estimates, problem = best.estimates, under_ml(best.posterior.problem, best.design.weights)
    names = [parameter.name for parameter in parameters_of(best, oldNames=signames)]
    factors = unpack(estimates.theta, problem.structure.d)
    values = [*_standard(factors, float(estimates.sigma)), *best.fixef().tolist()]
    return StandardDeviance(
        problem,
        pd.Series(values, index=names),
        -2.0 * float(best.logLik()),
        estimates.theta,
        np.sqrt(np.diag(best.vcov().to_numpy())),
    )


@names_arguments
def allFit(fit: Any) -> NoReturn:
    """Refuse: lme4's ``allFit`` compares optimisers, and this package has one.

    Parameters
    ----------
    fit : LinearMixedFit or GeneralizedMixedFit
        ``print(fit.optimization)`` says what allFit is asked for: whether the optimum was found.

    Raises
    ------
    ArgumentError
        Always.

    Examples
    --------
    >>> import glmmvi as gv
    >>> fit = gv.lmer("Yield ~ 1 + (1 | Batch)", gv.load_dataset("Dyestuff"))
    >>> print(str(fit.optimization).splitlines()[1])
    Verdict         : converged: the next step is expected to gain less than the tolerance
    """
    raise ArgumentError(
        "allFit: there are no optimisers to compare: every fit is by the one that follows exact "
        "gradients until the next step would gain nothing. print(fit.optimization) says whether "
        "it got there (verdict, largest gradient, gain still expected); update(fit, start=...) "
        "tries another start"
    )
