"""Degrees of freedom of tests of fixed effects, by the method that was asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from glmmvi.errors import ArgumentError, nearest_hint
from glmmvi.inference.kenward_roger import KenwardRogerTest, kenward_roger_test
from glmmvi.inference.satterthwaite import covariance_sensitivity, f_test
from glmmvi.results.fit import LinearMixedFit
from glmmvi.results.testing.kenward_roger_of_fit import kenward_roger_of
from glmmvi.results.testing.refit import structured

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
Ddf = Literal["Satterthwaite", "Kenward-Roger"]


@dataclass(frozen=True)
class ScaledTest:
    """An F test.

    Attributes
    ----------
    statistic : float
        Before scaling: lmerTest's ``Mean Sq`` is this times ``sigma^2``.
    scale : float
        1 but for Kenward and Roger's method.
    num_df, den_df : float
    """

    statistic: float
    scale: float
    num_df: float
    den_df: float


@dataclass(frozen=True)
class SmallSample:
    """A method for tests in small samples, at a fit.

    Attributes
    ----------
    name : {"Satterthwaite", "Kenward-Roger"}
    beta_cov : float64, shape (p, p)
        Covariance matrix that standard errors come from.
    df : callable
        Of one contrast.
    test : callable
        Of contrasts (m, p) and right-hand sides (m,) or None.
    """

    name: Ddf
    beta_cov: Matrix
    df: Callable[[Vector], float]
    test: Callable[[Matrix, Vector | None], ScaledTest]


def check_ddf(ddf: Any) -> None:
    """Refuse what is not there.

    Raises
    ------
    ArgumentError
        For unknown names.
    """
    known = (*get_args(Ddf), "lme4")
    if ddf is not None and ddf not in known:
        raise ArgumentError(
            f"ddf={ddf!r} is none of {', '.join(map(repr, known))}{nearest_hint(str(ddf), known)}"
        )


def small_sample(fit: LinearMixedFit, ddf: Ddf) -> SmallSample:
    """The method at the estimates of a fit.

    Parameters
    ----------
    fit : LinearMixedFit
        By the exact engine.
    ddf : {"Satterthwaite", "Kenward-Roger"}

    Returns
    -------
    SmallSample

    Raises
    ------
    ArgumentError
        For Kenward and Roger's method: if the fit is by maximum likelihood (as lmerTest), or
        has too many random effects.
    """
    beta = fit.estimates.beta
    if ddf == "Kenward-Roger":
        kr = kenward_roger_of(fit)

        def scaled(contrasts: Matrix, rhs: Vector | None) -> ScaledTest:
            found: KenwardRogerTest = kenward_roger_test(kr, beta, contrasts, rhs)
            return ScaledTest(found.statistic, found.scale, found.num_df, found.den_df)

        return SmallSample(ddf, kr.adjusted, kr.df, scaled)
    posterior = structured(fit)
    sensitivity = covariance_sensitivity(posterior.problem, posterior.solution)

    def plain(contrasts: Matrix, rhs: Vector | None) -> ScaledTest:
        found = f_test(sensitivity, beta, contrasts, rhs)
        return ScaledTest(found.statistic, 1.0, found.num_df, found.den_df)

    return SmallSample("Satterthwaite", fit.estimates.beta_cov, sensitivity.df, plain)
