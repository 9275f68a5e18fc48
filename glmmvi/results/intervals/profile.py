"""R's ``profile``: the signed root of the rise of the deviance along every parameter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

from glmmvi.errors import ArgumentError
from glmmvi.inference.profile_likelihood import trace_profile
from glmmvi.inference.tail_probabilities import chi_squared_quantile
from glmmvi.results.fit import LinearMixedFit
from glmmvi.results.intervals.parameters import (
    IntervalParameter,
    chosen_parameters,
    interval_parameters,
    tails,
)
from glmmvi.results.intervals.profiler import profiler_of
from glmmvi.results.mixed_fit import MixedModelFit
from glmmvi.results.tables import ConfidenceIntervals
from glmmvi.unknown_arguments import names_arguments


@dataclass(frozen=True)
class ParameterProfile:
    """The profile of one parameter.

    Attributes
    ----------
    name : str
    estimate : float
    bounds : pair of float
        Smallest and largest value of the parameter.
    value : float64, shape (m,)
        Increasing.
    zeta : float64, shape (m,)
        Signed square root of the rise of the deviance; it never falls.
    """

    name: str
    estimate: float
    bounds: tuple[float, float]
    value: NDArray[np.float64]
    zeta: NDArray[np.float64]

    def at(self, zeta: float) -> float:
        """The value at which the profile has this `zeta`: its bound where it ends before."""
        from scipy.interpolate import PchipInterpolator

        # of a stretch with one zeta, the value nearest to the estimate
        rises = np.diff(self.zeta) > 0.0
        below = self.value < self.estimate
        increasing = np.where(below, np.append(rises, True), np.append(True, rises))
        z, v = self.zeta[increasing], self.value[increasing]
        if zeta <= z[0]:
            return self.bounds[0]
        if zeta >= z[-1]:
            return self.bounds[1]
        return float(PchipInterpolator(z, v)(zeta))


@dataclass(frozen=True)
class Profile:
    """Profiles of the parameters of a fit; ``profile(fit)["Days"]`` is one of them.

    Attributes
    ----------
    parameters : tuple of ParameterProfile
    """

    parameters: tuple[ParameterProfile, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the parameters."""
        return tuple(parameter.name for parameter in self.parameters)

    def __getitem__(self, name: str) -> ParameterProfile:
        for parameter in self.parameters:
            if parameter.name == name:
                return parameter
        raise KeyError(f"no profile of {name!r}; there are {', '.join(self.names)}")

    def as_data_frame(self) -> pd.DataFrame:
        """Columns ``.zeta``, ``.focal`` (the parameter's value) and ``.par`` (its name)."""
        tables = [
            pd.DataFrame({".zeta": p.zeta, ".focal": p.value, ".par": p.name})
            for p in self.parameters
        ]
        return pd.concat(tables, ignore_index=True)

    def confint(self, level: float = 0.95) -> ConfidenceIntervals:
        """Intervals by interpolation, as lme4; ``fit.confint()`` solves for the bounds."""
        low, high = (
            np.array([parameter.at(float(ndtri(tail))) for parameter in self.parameters])
            for tail in tails(level)
        )
        return ConfidenceIntervals(self.names, low, high, level)


@names_arguments
def profile(
    fit: MixedModelFit,
    which: str | Sequence[str] | None = None,
    *,
    alphamax: float = 0.01,
    oldNames: bool = True,
) -> Profile:
    """Profile the deviance over sds, correlations, sigma and fixed effects.

    Parameters
    ----------
    fit : fitted model
        REML fits are profiled under maximum likelihood, as in lme4; of a generalized model
        the ELBO is profiled.
    which : str or sequence of str, optional
        Names; ``"theta_"`` is all covariance parameters, ``"beta_"`` all fixed effects.
    alphamax : float
        The profile goes as far as simultaneous intervals of this error would need: to
        ``sqrt(qchisq(1 - alphamax, number of parameters))``.
    oldNames : bool
        ``.sig01`` (lme4's ``signames = TRUE``), or ``sd_(Intercept)|Subject``.

    Returns
    -------
    Profile

    Raises
    ------
    ArgumentError
        If `alphamax` is not a probability, or the fit cannot be profiled.

    Examples
    --------
    >>> import glmmvi as gv
    >>> fit = gv.lmer("Yield ~ 1 + (1 | Batch)", gv.load_dataset("Dyestuff"))
    >>> path = profile(fit, ".sigma")[".sigma"]
    >>> round(path.at(0.0), 1), bool((path.zeta[1:] > path.zeta[:-1]).all())
    (49.5, True)
    """
    tails(alphamax)
    parameters = parameters_of(fit, oldNames=oldNames)
    chosen = chosen_parameters(parameters, which)
    if not chosen:
        raise ArgumentError(f"which={which!r} names no parameter")
    profiler = profiler_of(fit)
    cutoff = float(np.sqrt(chi_squared_quantile(1.0 - alphamax, len(parameters))))
    paths = []
    for parameter in chosen:
        start = profiler.start(parameter)
        points = trace_profile(start, cutoff=cutoff, spacing=cutoff / 8.0)
        paths.append(
            ParameterProfile(
                parameter.name,
                start.estimate,
                start.target.bounds,
                np.array([point.value for point in points]),
                np.array([point.zeta for point in points]),
            )
        )
    return Profile(tuple(paths))


def parameters_of(fit: MixedModelFit, *, oldNames: bool) -> list[IntervalParameter]:
    """The parameters of a fit that have intervals."""
    return interval_parameters(
        fit.design.terms,
        fit.design.column_names,
        residual=isinstance(fit, LinearMixedFit),
        oldNames=oldNames,
    )
