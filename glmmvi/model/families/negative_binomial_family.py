"""The negative binomial family, with theta known or estimated."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from glmmvi.errors import ArgumentError
from glmmvi.model.families.density import Density, Kernel
from glmmvi.model.families.family import Dispersion, Family
from glmmvi.model.families.link import Link
from glmmvi.model.families.log_mean import continued, log_mean_likelihood
from glmmvi.model.families.mean_links import LogLink, positive_mean_link
from glmmvi.model.families.response_checks import (
    average,
    require,
    response_and_weights,
    times,
    warn_non_integer,
    y_log_y_over_mu,
)
from glmmvi.model.families.saturated import negative_binomial_saturated
from glmmvi.unknown_arguments import names_arguments

Array = NDArray[np.float64]
_LINKS = ("log", "sqrt", "identity")
_THETA = Dispersion("theta")


@names_arguments
def negative_binomial(theta: float, link: str = "log") -> NegativeBinomialFamily:
    """Negative binomial family with known ``theta``: MASS's ``negative.binomial(theta)``.

    Parameters
    ----------
    theta : float
        The variance is ``mu + mu^2 / theta``.
    link : {"log", "sqrt", "identity"}

    Returns
    -------
    NegativeBinomialFamily

    Raises
    ------
    ArgumentError
        If `theta` is not a positive number; R's ``'theta' must be specified`` where it is text.

    Examples
    --------
    >>> negative_binomial(2).name
    'Negative Binomial(2)'
    """
    if isinstance(theta, str) or not np.isfinite(theta) or theta <= 0.0:
        raise ArgumentError(
            f"'theta' must be specified: a positive number, not {theta!r}. nbinom2() estimates it."
        )
    links = positive_mean_link("negative.binomial", link, _LINKS)
    return NegativeBinomialFamily(links, float(theta))


@names_arguments
def nbinom2(link: str = "log") -> NegativeBinomialFamily:
    """Negative binomial family whose ``theta`` is estimated with the model.

    Parameters
    ----------
    link : {"log", "sqrt", "identity"}

    Returns
    -------
    NegativeBinomialFamily

    Examples
    --------
    >>> nbinom2().dispersion_names
    ('theta',)
    """
    return NegativeBinomialFamily(positive_mean_link("nbinom2", link, _LINKS))


@dataclass(frozen=True)
class NegativeBinomialFamily(Family):
    """Counts with variance ``mu + mu^2 / theta``.

    Attributes
    ----------
    theta : float, optional
        Known; estimated if None.
    estimate : float, optional
        Of a theta that was estimated: R prints it with the family, and its deviance residuals
        take it.
    """

    link_function: Link = field(default_factory=LogLink)
    theta: float | None = None
    estimate: float | None = None

    @property
    def name(self) -> str:
        """R's printed name."""
        shown = self.estimate if self.theta is None else self.theta
        return "nbinom2" if shown is None else f"Negative Binomial({shown:.5g})"

    @property
    def _dispersions(self) -> tuple[Dispersion, ...]:
        return (_THETA,) if self.theta is None else ()

    def theta_of(self, dispersion: ArrayLike) -> float:
        """Return theta, known or from the dispersion parameter, its logarithm."""
        if self.theta is not None:
            return self.theta
        return float(np.exp(np.asarray(dispersion, dtype=np.float64)[0]))

    def fitted_with(self, dispersion: ArrayLike) -> NegativeBinomialFamily:
        """Return the family with the estimate of its theta, which its `dev_resids` needs."""
        return replace(self, estimate=None if self.theta else self.theta_of(dispersion))

    def for_response(self, y: ArrayLike) -> NegativeBinomialFamily:
        """Return the family with its link continued below a mean of ``min(1, mean(y)) / 20``."""
        smallest = 0.05 * min(1.0, max(float(np.mean(np.asarray(y))), 1e-8))
        return replace(self, link_function=continued(self.link_function, smallest, np.inf))

    def bind(
        self, y: ArrayLike, weights: ArrayLike | None = None, totals: ArrayLike | None = None
    ) -> Density:
        """Check a response and bind it; see `Family.bind`."""
        counts, multiplier = response_and_weights(y, weights)
        require(
            counts >= 0.0, "negative values not allowed for the negative binomial family", counts
        )
        warn_non_integer(counts)
        link = self.for_response(counts).link_function
        start = link.link(counts + (counts == 0.0) / 6.0)
        density = NegativeBinomialDensity(self, counts, multiplier)
        return log_mean_likelihood(
            density.kernel,
            link,
            start,
            _NONE if self.theta is not None else starting_theta(counts, multiplier),
            density.constant,
            scale=multiplier,
        )

    def variance(self, mu: ArrayLike, dispersion: ArrayLike = ()) -> Array:
        """Return ``mu + mu^2 / theta``."""
        mean = np.asarray(mu, dtype=np.float64)
        return mean + mean * mean / self.theta_of(dispersion)

    def dev_resids(self, y: ArrayLike, mu: ArrayLike, weights: ArrayLike) -> Array:
        """Squared deviance residuals, MASS's formula; needs a theta, known or its estimate."""
        theta = self.estimate if self.theta is None else self.theta
        if theta is None:
            raise ArgumentError(
                "deviance residuals of a negative binomial family need its theta: use "
                "negative_binomial(theta) or glmer_nb"
            )
        counts, mean = np.asarray(y, dtype=np.float64), np.asarray(mu, dtype=np.float64)
        shifted = counts + theta
        inside = y_log_y_over_mu(counts, mean) - shifted * np.log(shifted / (mean + theta))
        return 2.0 * np.asarray(weights) * inside

    def simulate(
        self,
        eta: ArrayLike,
        dispersion: ArrayLike,
        rng: np.random.Generator,
        weights: ArrayLike | None = None,
        totals: ArrayLike | None = None,
    ) -> Array:
        """Draw counts."""
        theta = self.theta_of(dispersion)
        mean = self.inverse_link(eta)
        return rng.poisson(rng.gamma(theta, mean / theta)).astype(np.float64)


_NONE = np.empty(0)
_HUGE = 1e4  # counts from which the log density is written relative to the saturated one


def starting_theta(counts: Array, weights: Array | None) -> Array:
    """Return the log of the moment estimate of theta, between 0.2 and 50, shape (1,)."""
    mean = average(counts, weights)
    excess = average((counts - mean) ** 2, weights) - mean
    theta = mean * mean / excess if excess > 0.0 else 50.0
    return np.log([min(max(theta, 0.2), 50.0)])


@dataclass(frozen=True, eq=False)
class NegativeBinomialDensity:
    """Log density of counts as a kernel in the log mean plus a constant.

    That of a huge count is a small difference of huge numbers; it is written relative to
    `negative_binomial_saturated`.
    """

    family: NegativeBinomialFamily
    counts: Array
    weights: Array | None
    _distinct: tuple[Array, NDArray[np.intp]] = field(init=False)
    _huge: bool = field(init=False)

    def __post_init__(self) -> None:
        values, codes = np.unique(self.counts, return_inverse=True)
        object.__setattr__(self, "_distinct", (values, codes))
        object.__setattr__(self, "_huge", bool(values[-1] > _HUGE) if len(values) else False)

    def kernel(self, log_mean: Array, dispersion: Array, rows: slice) -> Kernel:
        """``y x - (y + theta) log(1 + exp(x))`` for ``x = log_mean - log(theta)``."""
        theta = self.family.theta_of(dispersion)
        x = log_mean - np.log(theta)
        counts = self.counts[rows]
        shifted = counts + theta
        fall = np.exp(-np.abs(x))
        soft = np.maximum(x, 0.0) + np.log1p(fall)
        value = counts * x - shifted * soft
        pull = shifted * (np.where(x > 0.0, 1.0, fall) / (1.0 + fall))
        second = -shifted * (fall / np.square(1.0 + fall))
        first = counts - pull
        by_theta = -first - theta * soft
        if self._huge:
            huge = counts > _HUGE
            relative = _relative_kernel(log_mean[..., huge], counts[huge], theta)
            for into, part in zip((value, first, second, by_theta), relative, strict=True):
                into[..., huge] = part
        return Kernel(value, first, second, () if self.family.theta is not None else (by_theta,))

    def constant(self, dispersion: Array) -> tuple[Array | float, Array]:
        """``log Gamma(y + theta) - log Gamma(theta) - log y!``, weighted."""
        theta = self.family.theta_of(dispersion)
        values, codes = self._distinct
        table = (
            special.gammaln(values + theta) - special.gammaln(theta) - special.gammaln(values + 1.0)
        )
        slopes = theta * (special.psi(values + theta) - special.psi(theta))
        if self._huge:
            huge = values > _HUGE
            table[huge], slopes[huge] = negative_binomial_saturated(values[huge], theta)
        constant = times(self.weights, table[codes])
        if self.family.theta is not None:
            return constant, _NONE
        count = np.bincount(codes, weights=self.weights, minlength=len(values))
        return constant, np.array([float(slopes @ count)])


def _relative_kernel(
    log_mean: Array, counts: Array, theta: float
) -> tuple[Array, Array, Array, Array]:
    """Log density of positive counts less `negative_binomial_saturated`, with derivatives.

    ``c u - (y + theta) log(1 + p (exp(u) - 1))`` for ``c = min(y, theta)``, ``p = c / (y + theta)``
    and ``u = log(mu / y)``, of opposite sign where ``y > theta``: no large terms that cancel.

    Returns
    -------
    value, first, second, by_theta : float64
        The last is the derivative in ``log(theta)``.
    """
    total = counts + theta
    smaller = np.minimum(counts, theta)
    share = smaller / total
    sign = np.where(counts > theta, -1.0, 1.0)
    distance = log_mean - np.log(counts)
    u = sign * distance
    growth = np.expm1(np.minimum(u, 600.0))
    ratio = 1.0 + share * growth
    soft = np.log1p(share * growth) + np.maximum(u - 600.0, 0.0)
    value = smaller * u - total * soft
    pull = smaller * (1.0 - share)
    first = -sign * pull * (growth / ratio)
    second = -pull * ((1.0 + growth) / ratio / ratio)
    by_theta = -first - theta * np.where(sign < 0.0, distance + soft, soft)
    return value, first, second, by_theta
