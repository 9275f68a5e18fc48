"""The Poisson family."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glmmvi.model.families.density import Density, Kernel
from glmmvi.model.families.exponential_sum import ExponentialSum
from glmmvi.model.families.family import Family
from glmmvi.model.families.link import Link
from glmmvi.model.families.log_mean import continued, log_mean_likelihood
from glmmvi.model.families.mean_links import LogLink, positive_mean_link
from glmmvi.model.families.response_checks import (
    require,
    response_and_weights,
    times,
    warn_non_integer,
    y_log_y_over_mu,
)
from glmmvi.model.families.saturated import poisson_saturated
from glmmvi.unknown_arguments import names_arguments

Array = NDArray[np.float64]
_NONE = np.empty(0)


@names_arguments
def poisson(link: str = "log") -> PoissonFamily:
    """Poisson family for counts.

    Parameters
    ----------
    link : {"log", "sqrt", "identity"}
        With ``sqrt`` and ``identity`` the link is continued near a mean of 0; see `mean_links`.

    Returns
    -------
    PoissonFamily

    Examples
    --------
    >>> density = poisson().bind([2.0])
    >>> density.pointwise(np.zeros(1), np.empty(0))[0].round(6).tolist()
    [-1.693147]
    """
    return PoissonFamily(positive_mean_link("poisson", link, ("log", "sqrt", "identity")))


@dataclass(frozen=True)
class PoissonFamily(Family):
    """Counts."""

    link_function: Link = field(default_factory=LogLink)

    @property
    def name(self) -> str:
        """R's printed name."""
        return "poisson"

    def for_response(self, y: ArrayLike) -> PoissonFamily:
        """Return the family with its link continued below a mean of ``min(1, mean(y)) / 20``."""
        smallest = 0.05 * min(1.0, max(float(np.mean(np.asarray(y))), 1e-8))
        return replace(self, link_function=continued(self.link_function, smallest, np.inf))

    def bind(
        self, y: ArrayLike, weights: ArrayLike | None = None, totals: ArrayLike | None = None
    ) -> Density:
        """Check a response and bind it; see `Family.bind`.

        Counts that are not whole numbers are warned about, in R's words, and used (R's log
        likelihood is then minus infinity).
        """
        counts, multiplier = response_and_weights(y, weights)
        require(counts >= 0.0, "negative values not allowed for the 'Poisson' family", counts)
        warn_non_integer(counts)
        constant = times(multiplier, poisson_saturated(counts))
        link = self.for_response(counts).link_function
        start = link.link(counts + 0.1)
        if isinstance(link, LogLink):
            means = np.where(counts > 0.0, counts, 1.0)  # what the log density is relative to
            exponentials = ExponentialSum(
                linear=np.asarray(times(multiplier, counts)),
                rates=(1.0,),
                amplitudes=(np.asarray(times(multiplier, -means)),),
                reference=np.log(means),
            )
            constant = constant - times(multiplier, (counts == 0.0).astype(np.float64))
            return Density(
                len(counts),
                exponentials,
                start,
                _NONE,
                constant=lambda dispersion: (constant, _NONE),
            )

        return log_mean_likelihood(
            PoissonKernel(counts),
            link,
            start,
            _NONE,
            lambda dispersion: (constant, _NONE),
            scale=multiplier,
        )

    def variance(self, mu: ArrayLike, dispersion: ArrayLike = ()) -> Array:
        """Return the mean."""
        return np.array(mu, dtype=np.float64)

    def dev_resids(self, y: ArrayLike, mu: ArrayLike, weights: ArrayLike) -> Array:
        """Squared deviance residuals, R's formula."""
        counts, mean = np.asarray(y, dtype=np.float64), np.asarray(mu, dtype=np.float64)
        return 2.0 * np.asarray(weights) * (y_log_y_over_mu(counts, mean) - (counts - mean))

    def simulate(
        self,
        eta: ArrayLike,
        dispersion: ArrayLike,
        rng: np.random.Generator,
        weights: ArrayLike | None = None,
        totals: ArrayLike | None = None,
    ) -> Array:
        """Draw counts."""
        return rng.poisson(self.inverse_link(eta)).astype(np.float64)


@dataclass(frozen=True, eq=False)
class PoissonKernel:
    """Log density less `poisson_saturated`: ``y log(mu / y) - (mu - y)``, of the log mean."""

    counts: Array

    def __call__(self, log_mean: Array, dispersion: Array, rows: slice) -> Kernel:
        """Return the kernel and its derivatives in the log mean."""
        counts = self.counts[rows]
        zero = counts == 0.0
        scale = np.where(zero, 1.0, counts)
        distance = log_mean - np.log(scale)
        growth = scale * np.expm1(np.minimum(distance, 300.0))
        first = np.where(zero, -1.0, 0.0) - growth
        return Kernel(counts * distance + first, first, -scale - growth)
