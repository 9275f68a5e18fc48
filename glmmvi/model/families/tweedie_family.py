"""The Tweedie family with power between 1 and 2: compound Poisson-Gamma."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from glmmvi.errors import ArgumentError
from glmmvi.model.families.density import Density, Kernel
from glmmvi.model.families.exponential_sum import ExponentialSum
from glmmvi.model.families.family import Dispersion, Family
from glmmvi.model.families.link import Link
from glmmvi.model.families.mean_links import LogLink, positive_mean_link
from glmmvi.model.families.response_checks import (
    average,
    require,
    response_and_weights,
    times,
)
from glmmvi.model.families.tweedie_series import tweedie_series
from glmmvi.unknown_arguments import names_arguments

Array = NDArray[np.float64]

_PHI = Dispersion("phi", lambda x: np.exp(2.0 * x), lambda phi: 0.5 * np.log(phi))
_POWER = Dispersion("power", lambda x: 1.0 + special.expit(x), lambda p: special.logit(p - 1.0))


@names_arguments
def tweedie(power: float | None = None, link: str = "log") -> TweedieFamily:
    """Tweedie family: positive responses with exact zeros, variance ``phi mu^power``.

    Parameters
    ----------
    power : float, optional
        Strictly between 1 and 2; estimated if None (glmmTMB's ``tweedie``).
    link : {"log"}

    Returns
    -------
    TweedieFamily

    Examples
    --------
    >>> density = tweedie(1.5).bind([0.0, 1.0])
    >>> density.pointwise(np.zeros(2), np.zeros(1))[0].round(6).tolist()
    [-2.0, -1.028615]
    """
    if power is not None and (isinstance(power, str) or not 1.0 < power < 2.0):
        raise ArgumentError(
            f"power must lie strictly between 1 and 2, not {power!r}: 1 is poisson(), 2 is "
            "Gamma(), 3 is inverse_gaussian(); None estimates it"
        )
    chosen = positive_mean_link("tweedie", link, ("log",))
    return TweedieFamily(chosen, None if power is None else float(power))


@dataclass(frozen=True)
class TweedieFamily(Family):
    """A Poisson number of Gamma jumps.

    Attributes
    ----------
    power : float, optional
        Known; estimated if None.
    """

    link_function: Link = field(default_factory=LogLink)
    power: float | None = None

    @property
    def name(self) -> str:
        """GlmmTMB's printed name."""
        return "tweedie"

    @property
    def _dispersions(self) -> tuple[Dispersion, ...]:
        return (_PHI,) if self.power is not None else (_PHI, _POWER)

    def phi_and_power(self, dispersion: ArrayLike) -> tuple[float, float]:
        """Return the dispersion and the power."""
        natural = self.to_natural(dispersion)
        return float(natural[0]), float(natural[1]) if self.power is None else self.power

    def bind(
        self, y: ArrayLike, weights: ArrayLike | None = None, totals: ArrayLike | None = None
    ) -> Density:
        """Check a response and bind it; weights multiply the log density (glmmTMB)."""
        response, multiplier = response_and_weights(y, weights)
        require(response >= 0.0, "negative values not allowed for the 'tweedie' family", response)
        mean = max(average(response, multiplier), 1e-8)
        assumed = 1.5 if self.power is None else self.power
        spread = average((response - mean) ** 2, multiplier) / mean**assumed
        start = np.array([0.5 * np.log(max(spread, 1e-6))])
        if self.power is None:
            start = np.append(start, 0.0)
        kernel: ExponentialSum | _TweedieKernel = _TweedieKernel(self, response)
        scale = multiplier
        if self.power is not None:
            weight = np.ones_like(response) if multiplier is None else multiplier
            kernel = ExponentialSum(
                scaled=True,
                rates=(1.0 - self.power, 2.0 - self.power),
                amplitudes=(
                    -weight * response / (self.power - 1.0),
                    -weight / (2.0 - self.power),
                ),
            )
            scale = None
        return Density(
            len(response),
            kernel,
            np.log(np.maximum(response, 0.1 * mean)),
            start,
            scale=scale,
            constant=_TweedieConstant(self, response, multiplier),
        )

    def variance(self, mu: ArrayLike, dispersion: ArrayLike = ()) -> Array:
        """Return ``phi mu^power``."""
        phi, power = self.phi_and_power(dispersion)
        return phi * np.asarray(mu, dtype=np.float64) ** power

    def dev_resids(self, y: ArrayLike, mu: ArrayLike, weights: ArrayLike) -> Array:
        """Squared deviance residuals, statmod's formula; needs a known power."""
        if self.power is None:
            raise ArgumentError(
                "deviance residuals of a tweedie family need its power: use tweedie(power)"
            )
        p = self.power
        response, mean = np.asarray(y, dtype=np.float64), np.asarray(mu, dtype=np.float64)
        inside = response ** (2.0 - p) / ((1.0 - p) * (2.0 - p))
        inside = inside - response * mean ** (1.0 - p) / (1.0 - p) + mean ** (2.0 - p) / (2.0 - p)
        return 2.0 * np.asarray(weights) * inside

    def simulate(
        self,
        eta: ArrayLike,
        dispersion: ArrayLike,
        rng: np.random.Generator,
        weights: ArrayLike | None = None,
        totals: ArrayLike | None = None,
    ) -> Array:
        """Draw responses."""
        phi, power = self.phi_and_power(dispersion)
        mean = self.inverse_link(eta)
        jumps = rng.poisson(mean ** (2.0 - power) / (phi * (2.0 - power)))
        shape = jumps * (2.0 - power) / (power - 1.0)
        draws = rng.gamma(np.maximum(shape, 1.0), phi * (power - 1.0) * mean ** (power - 1.0))
        small = (jumps > 0) & (shape < 1.0)
        if np.any(small):
            scale = phi * (power - 1.0) * mean ** (power - 1.0)
            draws = np.where(small, rng.gamma(np.maximum(shape, 1e-12), scale), draws)
        return np.where(jumps > 0, draws, 0.0)


@dataclass(frozen=True, eq=False)
class _TweedieKernel:
    """The exponent of the density, for an estimated power and log link."""

    family: TweedieFamily
    response: Array

    def __call__(self, eta: Array, dispersion: Array, rows: slice, second: bool) -> Kernel:
        phi, power = self.family.phi_and_power(dispersion)
        response = self.response[rows]
        rise = (response / phi) * np.exp(np.minimum((1.0 - power) * eta, 300.0))
        fall = np.exp(np.minimum((2.0 - power) * eta, 300.0)) / phi
        left, right = rise / (power - 1.0), fall / (2.0 - power)
        value = -(left + right)
        by_power = eta * (left + right) + left / (power - 1.0) - right / (2.0 - power)
        curvature = -(power - 1.0) * rise - (2.0 - power) * fall if second else None
        chain = (power - 1.0) * (2.0 - power)
        return Kernel(value, rise - fall, curvature, (-2.0 * value, chain * by_power))


@dataclass(frozen=True, eq=False)
class _TweedieConstant:
    """The normalising series of every positive response; the last evaluation is kept."""

    family: TweedieFamily
    response: Array
    weights: Array | None
    _last: dict[bytes, tuple[Array, Array]] = field(default_factory=dict)

    def __call__(self, dispersion: Array) -> tuple[Array, Array]:
        key = np.asarray(dispersion, dtype=np.float64).tobytes()
        if key not in self._last:
            result = self._evaluate(dispersion)
            self._last.clear()
            self._last[key] = result
        return self._last[key]

    def _evaluate(self, dispersion: Array) -> tuple[Array, Array]:
        phi, power = self.family.phi_and_power(dispersion)
        positive = self.response > 0.0
        values, codes = np.unique(self.response[positive], return_inverse=True)
        series = tweedie_series(values, phi, power)
        constant = np.zeros_like(self.response)
        constant[positive] = series.log_a[codes]
        weights = None if self.weights is None else self.weights[positive]
        count = np.bincount(codes, weights=weights, minlength=len(values))
        slopes = [2.0 * float(series.by_log_phi @ count)]
        if self.family.power is None:
            chain = (power - 1.0) * (2.0 - power)
            slopes.append(chain * float(series.by_power @ count))
        return np.asarray(times(self.weights, constant)), np.array(slopes)
