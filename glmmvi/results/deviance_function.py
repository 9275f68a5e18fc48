"""``getME(fit, "devfun")``: the deviance of a fit as a function of its parameters."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glmmvi.errors import ArgumentError
from glmmvi.inference.deviance_functions import joint_modes_deviance, marginal_deviance
from glmmvi.inference.linear_mixed import criterion
from glmmvi.inference.profiled_deviance import unpack
from glmmvi.results.any_fit import AnyFit
from glmmvi.results.structured_posterior import StructuredPosterior
from glmmvi.results.variational_posterior import VariationalPosterior

Vector = NDArray[np.float64]


def deviance_function(fit: AnyFit) -> Callable[[ArrayLike], float]:
    """The function that the fit minimised, as lme4's ``getME(fit, "devfun")``.

    Parameters
    ----------
    fit : LinearMixedFit or GeneralizedMixedFit

    Returns
    -------
    callable
        Of an `lmer` fit, and of a `glmer` fit with ``nAGQ = 0``: of ``theta``. Of other `glmer`
        fits: of ``theta`` and then the fixed effects, at the estimated dispersion.

    Raises
    ------
    ArgumentError
        For a fit with priors or a posterior of every parameter, a corrected bound, or one read
        from a file.

    Examples
    --------
    >>> import glmmvi as gv
    >>> fit = gv.lmer("Reaction ~ Days + (Days | Subject)", gv.load_dataset("sleepstudy"))
    >>> devfun = fit.getME("devfun")
    >>> round(devfun(fit.getME("theta")), 3), round(devfun([1, 0, 1]), 1)
    (1743.628, 1773.7)
    """
    posterior = fit.posterior
    sizes = [term.d for term in fit.design.terms]
    k = sum(d * (d + 1) // 2 for d in sizes)
    if isinstance(posterior, StructuredPosterior):
        problem = posterior.problem
        return _checked(lambda theta: criterion(problem, unpack(theta, sizes)), k, "theta")
    if not isinstance(posterior, VariationalPosterior) or posterior.corrected:
        corrected = isinstance(posterior, VariationalPosterior)
        kind = "a fit with correction='cumulant'" if corrected else posterior.origin
        raise ArgumentError(
            f"getME: there is no 'devfun' of {kind}: it is of fits by maximum likelihood (or "
            "REML) by the structured engine, with their data"
        )
    if posterior.nAGQ == 0:
        made = joint_modes_deviance(posterior.problem, posterior.solution)
        return _checked(made, k, "theta")
    made = marginal_deviance(posterior.problem, posterior.solution, posterior.nAGQ)
    return _checked(made, k + fit.design.p, "theta and the fixed effects")


def _checked(
    function: Callable[[Vector], float], length: int, what: str
) -> Callable[[ArrayLike], float]:
    def devfun(parameters: ArrayLike) -> float:
        x = np.asarray(parameters, dtype=np.float64)
        if x.shape != (length,) or not np.isfinite(x).all():
            raise ArgumentError(f"devfun: {length} finite numbers were expected: {what}")
        return function(x)

    return devfun
