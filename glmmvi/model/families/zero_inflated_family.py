"""Zero-inflated counts, with one probability of an extra zero."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from glmmvi.errors import ArgumentError
from glmmvi.model.families.density import Density, Kernel
from glmmvi.model.families.family import Dispersion, Family
from glmmvi.model.families.link import Link
from glmmvi.model.families.log_mean import LogMeanKernel, log_mean_likelihood
from glmmvi.model.families.negative_binomial_family import (
    NegativeBinomialDensity,
    NegativeBinomialFamily,
    starting_theta,
)
from glmmvi.model.families.poisson_family import PoissonFamily, PoissonKernel
from glmmvi.model.families.response_checks import (
    require,
    response_and_weights,
    times,
    total,
    warn_non_integer,
)
from glmmvi.model.families.saturated import poisson_saturated
from glmmvi.unknown_arguments import names_arguments

Array = NDArray[np.float64]
_INFLATION = Dispersion("zero_inflation", special.expit, special.logit)


@names_arguments
def zero_inflated(base: Family | None = None) -> ZeroInflatedFamily:
    """Zero-inflated counts: 0 with probability ``zero_inflation``, else from `base`.

    Parameters
    ----------
    base : Family
        `poisson`, `negative_binomial` or `nbinom2`; by default ``poisson()``.

    Returns
    -------
    ZeroInflatedFamily

    Examples
    --------
    >>> from glmmvi.model.families import nbinom2
    >>> zero_inflated(nbinom2()).dispersion_names
    ('theta', 'zero_inflation')
    """
    chosen = PoissonFamily() if base is None else base
    if not isinstance(chosen, PoissonFamily | NegativeBinomialFamily):
        raise ArgumentError(
            "zero_inflated() takes poisson(), negative_binomial(theta) or nbinom2(), not "
            f"{getattr(chosen, 'name', chosen)!r}"
        )
    return ZeroInflatedFamily(chosen.link_function, chosen)


@dataclass(frozen=True)
class ZeroInflatedFamily(Family):
    """Counts of `base` with extra zeros. ``mu`` is the mean of `base`, not of the response.

    Attributes
    ----------
    base : PoissonFamily or NegativeBinomialFamily
    """

    link_function: Link
    base: PoissonFamily | NegativeBinomialFamily = field(default_factory=PoissonFamily)

    @property
    def name(self) -> str:
        """Name of the base with its prefix."""
        return f"zero-inflated {self.base.name}"

    @property
    def _dispersions(self) -> tuple[Dispersion, ...]:
        return (*self.base._dispersions, _INFLATION)

    def for_response(self, y: ArrayLike) -> ZeroInflatedFamily:
        """Return the family whose link is continued as that of the base."""
        base = self.base.for_response(y)
        return replace(self, link_function=base.link_function, base=base)

    def bind(
        self, y: ArrayLike, weights: ArrayLike | None = None, totals: ArrayLike | None = None
    ) -> Density:
        """Check a response and bind it; see `Family.bind`."""
        counts, multiplier = response_and_weights(y, weights)
        require(
            counts >= 0.0,
            f"negative values not allowed for the '{self.name}' family",
            counts,
        )
        warn_non_integer(counts)
        inner: LogMeanKernel
        if isinstance(self.base, NegativeBinomialFamily):
            density = NegativeBinomialDensity(self.base, counts, multiplier)
            inner, inner_constant = density.kernel, density.constant
            base_start = np.empty(0) if self.base.theta else starting_theta(counts, multiplier)
        else:
            fixed = times(multiplier, poisson_saturated(counts))
            inner, base_start = PoissonKernel(counts), np.empty(0)

            def inner_constant(dispersion: Array) -> tuple[Array | float, Array]:
                return fixed, np.empty(0)

        zero = counts == 0.0
        positive_weight = total(multiplier, (~zero).astype(np.float64))
        zero_weight = total(multiplier, zero.astype(np.float64))

        def constant(dispersion: Array) -> tuple[Array | float, Array]:
            # The base's constant is 0 where the count is 0.
            value, slopes = inner_constant(dispersion[:-1])
            inflation = float(special.expit(dispersion[-1]))
            logs = np.where(
                zero, special.log_expit(dispersion[-1]), special.log_expit(-dispersion[-1])
            )
            slope = (1.0 - inflation) * zero_weight - inflation * positive_weight
            return value + times(multiplier, logs), np.append(slopes, slope)

        link = self.for_response(counts).link_function
        # Zeros may all be extra: start them at the mean of the others.
        typical = float(counts[~zero].mean()) if not zero.all() else 0.1
        share = float(zero.mean())
        excess = min(max(share - float(np.exp(-typical)), 0.05), 0.9)
        return log_mean_likelihood(
            _ZeroInflatedKernel(inner, zero),
            link,
            link.link(np.where(zero, 0.5 * typical, counts)),
            np.append(base_start, special.logit(excess)),
            constant,
            scale=multiplier,
            width=np.pi / 2,
        )

    def response_mean(self, mu: ArrayLike, dispersion: ArrayLike = ()) -> Array:
        """Mean of the response: ``(1 - zero_inflation) mu``."""
        inflation = self.to_natural(dispersion)[-1]
        return (1.0 - inflation) * np.asarray(mu, dtype=np.float64)

    def variance(self, mu: ArrayLike, dispersion: ArrayLike = ()) -> Array:
        """Variance of the response, extra zeros included."""
        mean = np.asarray(mu, dtype=np.float64)
        inflation = self.to_natural(dispersion)[-1]
        base = self.base.variance(mean, np.asarray(dispersion, dtype=np.float64)[:-1])
        return (1.0 - inflation) * (base + inflation * mean * mean)

    def simulate(
        self,
        eta: ArrayLike,
        dispersion: ArrayLike,
        rng: np.random.Generator,
        weights: ArrayLike | None = None,
        totals: ArrayLike | None = None,
    ) -> Array:
        """Draw counts."""
        values = np.asarray(dispersion, dtype=np.float64)
        base = replace(self.base, link_function=self.link_function)
        draws = base.simulate(eta, values[:-1], rng)
        return np.where(rng.random(draws.shape) < special.expit(values[-1]), 0.0, draws)


@dataclass(frozen=True, eq=False)
class _ZeroInflatedKernel:
    """``log(1 + exp(b - logit(inflation)))`` at zero, the base's kernel ``b`` elsewhere."""

    base: LogMeanKernel
    zero: NDArray[np.bool_]

    def __call__(self, log_mean: Array, dispersion: Array, rows: slice) -> Kernel:
        base = self.base(log_mean, dispersion[:-1], rows)
        assert base.second is not None
        zero = self.zero[rows]
        x = base.value[..., zero] - dispersion[-1]
        share = special.expit(x)  # probability that a zero comes from the base
        value, first, second = base.value.copy(), base.first.copy(), base.second.copy()
        slope, bend = first[..., zero], second[..., zero]
        value[..., zero] = np.logaddexp(0.0, x)
        first[..., zero] = share * slope
        second[..., zero] = share * (bend + (1.0 - share) * slope * slope)
        inner = [part.copy() for part in base.dispersion]
        for part in inner:
            part[..., zero] *= share
        inflation = np.zeros_like(value)
        inflation[..., zero] = -share
        return Kernel(value, first, second, (*inner, inflation))
