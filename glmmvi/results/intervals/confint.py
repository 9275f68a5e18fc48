"""R's ``confint``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal, get_args, overload

import numpy as np
import pandas as pd
from scipy.special import ndtri

from glmmvi.caller import act
from glmmvi.errors import ArgumentError, nearest_hint
from glmmvi.inference.profile_likelihood import profile_bound
from glmmvi.results.fit import LinearMixedFit
from glmmvi.results.generalized_fit import GeneralizedMixedFit
from glmmvi.results.intervals.parameters import IntervalParameter, chosen_parameters, tails
from glmmvi.results.intervals.profile import Profile, parameters_of
from glmmvi.results.intervals.profiler import estimates_of, profiler_of
from glmmvi.results.intervals.surrogate import posterior_intervals, surrogate_intervals
from glmmvi.results.intervals.wald import wald_intervals
from glmmvi.results.lm_list import GroupIntervals, LmList
from glmmvi.results.mixed_fit import MixedModelFit
from glmmvi.results.posterior_moments import FullPosterior
from glmmvi.results.tables import ConfidenceIntervals

Method = Literal["profile", "Wald", "boot", "vi"]
BootType = Literal["perc", "basic", "norm"]


@overload
def confint(fit: LmList, *, level: float = ..., pool: bool = ...) -> GroupIntervals: ...
@overload
def confint(fit: MixedModelFit | Profile, *args: Any, **kwargs: Any) -> ConfidenceIntervals: ...
def confint(
    fit: MixedModelFit | Profile | LmList,
    parm: str | Sequence[str] | None = None,
    level: float = 0.95,
    method: Method = "profile",
    *,
    nsim: int = 500,
    boot_type: BootType = "perc",
    seed: int | None = None,
    oldNames: bool = True,
    quiet: bool = False,
    **other: Any,
) -> ConfidenceIntervals | GroupIntervals:
    """Confidence intervals of sds, correlations, sigma and fixed effects.

    Parameters
    ----------
    fit : fitted model, Profile or LmList
        Of a `Profile`, intervals by interpolation; of an `LmList`, those of every group.
    parm : str or sequence of str, optional
        Names; ``"theta_"`` is all covariance parameters, ``"beta_"`` all fixed effects.
    level : float
        Probability that the interval is made for.
    method : {"profile", "Wald", "boot", "vi"}
        ``"profile"``: where the deviance, everything else at its best, has risen by the
        quantile of a chi-square; of a REML fit the deviance under maximum likelihood, as in
        lme4, of a generalized model the ELBO. ``"Wald"``: fixed effects only. ``"boot"``:
        parametric bootstrap, refitting to `nsim` simulated responses. ``"vi"``: from the
        Gaussian surrogate of all parameters, covariance parameters on an unconstrained
        scale; of a fit with a posterior of every parameter, from its moments.
    nsim : int
        Simulations, with ``method="boot"``.
    boot_type : {"perc", "basic", "norm"}
        Which interval of the bootstrap; see :meth:`glmmvi.results.bootstrap.Bootstrap.confint`.
    seed : int, optional
        Of the bootstrap.
    oldNames : bool
        ``.sig01`` and ``.sigma``, or ``sd_(Intercept)|Subject`` and ``sigma``.
    quiet : bool
        Whether to leave out the message that announces a wait.
    **other
        ``pool=``, of an `LmList`: see :meth:`glmmvi.results.lm_list.LmList.confint`.

    Returns
    -------
    ConfidenceIntervals, or GroupIntervals of an `LmList`
        nan where a method has no interval.

    Raises
    ------
    ArgumentError
        For an unknown parameter, level or method, or a fit that has no profile.

    Notes
    -----
    Profile bounds are solved for, to 1e-7 in ``zeta``; lme4 (1.1-31) interpolates a spline
    through a grid, and agrees to three or four digits where its inner optimiser converges.

    Examples
    --------
    >>> import glmmvi as gv
    >>> fit = gv.lmer("Reaction ~ Days + (Days | Subject)", gv.load_dataset("sleepstudy"))
    >>> fit.confint("Days", method="Wald").as_data_frame().round(3)
          2.5 %  97.5 %
    Days  7.438  13.497
    >>> fit.confint(["sd_Days|Subject", "sigma"], oldNames=False).as_data_frame().round(1)
                     2.5 %  97.5 %
    sd_Days|Subject    3.8     8.8
    sigma             22.9    28.9
    """
    if isinstance(fit, LmList):
        if parm is not None:
            raise ArgumentError("confint: parm= is not for lmList: take confint(fits)['Days']")
        return fit.confint(level, **other)
    if other:
        name = next(iter(other))
        known = ("parm", "level", "method", "nsim", "boot_type", "seed", "oldNames", "quiet")
        raise ArgumentError(
            f"confint: unused argument ({name} = {other[name]!r}){nearest_hint(name, known)}"
        )
    if isinstance(fit, Profile):
        chosen = chosen_parameters([IntervalParameter(name) for name in fit.names], parm)
        return replace(fit, parameters=tuple(fit[each.name] for each in chosen)).confint(level)
    if method not in get_args(Method):
        listed = ", ".join(map(repr, get_args(Method)))
        hint = nearest_hint(str(method), get_args(Method))
        raise ArgumentError(f"confint: method={method!r} is none of {listed}{hint}")
    tails(level)
    parameters = chosen_parameters(parameters_of(fit, oldNames=oldNames), parm)
    if method == "Wald":
        return wald_intervals(fit.estimates, parameters, level)
    if method == "vi" and isinstance(fit.posterior, FullPosterior):
        return posterior_intervals(fit.posterior, parameters, level)
    if method == "vi":
        profiler = profiler_of(fit, refit=False)
        return surrogate_intervals(fit.estimates, parameters, level, profiler.start)
    if not quiet:
        kind = "bootstrap" if method == "boot" else "profile"
        act("message", f"Computing {kind} confidence intervals ...")
    if method == "boot":
        return boot_intervals(fit, parameters, level, nsim=nsim, boot_type=boot_type, seed=seed)
    return profile_intervals(fit, parameters, level)


def boot_intervals(
    fit: MixedModelFit,
    parameters: Sequence[IntervalParameter],
    level: float,
    *,
    nsim: int,
    boot_type: BootType,
    seed: int | None,
) -> ConfidenceIntervals:
    """Intervals from a parametric bootstrap of all parameters."""
    from glmmvi.results.bootstrap import bootMer

    if not isinstance(fit, (LinearMixedFit, GeneralizedMixedFit)):
        raise ArgumentError(f"a {type(fit).__name__} cannot be refitted for a bootstrap")

    def values(refitted: MixedModelFit) -> pd.Series:
        return pd.Series(
            estimates_of(refitted, parameters), index=[parameter.name for parameter in parameters]
        )

    return bootMer(fit, values, nsim, seed=seed).confint(level, type=boot_type)


def profile_intervals(
    fit: MixedModelFit, parameters: Sequence[IntervalParameter], level: float
) -> ConfidenceIntervals:
    """Profile intervals of some parameters of a fit."""
    profiler = profiler_of(fit)
    ends = np.empty((2, len(parameters)))
    for j, parameter in enumerate(parameters):
        start = profiler.start(parameter)
        ends[:, j] = [profile_bound(start, float(ndtri(tail))) for tail in tails(level)]
    names = tuple(parameter.name for parameter in parameters)
    return ConfidenceIntervals(names, ends[0], ends[1], level)
