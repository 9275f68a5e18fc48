"""The beta-binomial family."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from glmmvi.model.families.binomial_family import log_choose, simulated_trials, trials_of
from glmmvi.model.families.density import Density
from glmmvi.model.families.family import Dispersion, Family
from glmmvi.model.families.link import Link
from glmmvi.model.families.response_checks import times, total
from glmmvi.model.families.unit_links import Logit, UnitLink, unit_link
from glmmvi.model.families.unit_mean import UnitMeanDensity, UnitMeanKernel
from glmmvi.unknown_arguments import names_arguments

Array = NDArray[np.float64]
_LINKS = ("logit", "probit", "cauchit", "cloglog")


@names_arguments
def betabinomial(link: str = "logit") -> BetaBinomialFamily:
    """Beta-binomial family, glmmTMB's ``betabinomial``: overdispersed successes among trials.

    Parameters
    ----------
    link : {"logit", "probit", "cauchit", "cloglog"}

    Returns
    -------
    BetaBinomialFamily

    Examples
    --------
    With precision 2 and mean 0.5 every number of successes is equally likely:

    >>> density = betabinomial().bind([0.25], totals=[4.0])
    >>> np.exp(density.pointwise(np.zeros(1), np.log([2.0]))[0]).round(6).tolist()
    [0.2]
    """
    return BetaBinomialFamily(unit_link("betabinomial", link, _LINKS))


@dataclass(frozen=True)
class BetaBinomialFamily(Family):
    """Successes among trials whose probability is beta with mean ``mu``."""

    link_function: Link = field(default_factory=Logit)
    dispersion_parameters: ClassVar[tuple[Dispersion, ...]] = (Dispersion("precision"),)

    @property
    def name(self) -> str:
        """GlmmTMB's printed name."""
        return "betabinomial"

    @property
    def takes_totals(self) -> bool:
        """Yes."""
        return True

    def bind(
        self, y: ArrayLike, weights: ArrayLike | None = None, totals: ArrayLike | None = None
    ) -> Density:
        """Check a response and bind it; weights and totals as for `binomial`."""
        response, trials, multiplier = trials_of(y, weights, totals)
        successes, failures = trials * response, trials * (1.0 - response)
        fixed = log_choose(successes, failures)
        sizes, codes = np.unique(trials, return_inverse=True)
        count = np.bincount(codes, weights=multiplier, minlength=len(sizes))
        sum_weights = total(multiplier, np.ones_like(response))

        def constant(dispersion: Array) -> tuple[Array | float, Array]:
            precision = float(np.exp(dispersion[0]))
            table = special.gammaln(precision) - special.gammaln(sizes + precision)
            slope = special.psi(precision) * sum_weights - special.psi(sizes + precision) @ count
            return times(multiplier, table[codes] + fixed), np.array([precision * slope])

        def kernel(
            mean: Array, rest: Array, dispersion: Array, rows: slice, second: bool
        ) -> UnitMeanKernel:
            precision = float(np.exp(dispersion[0]))
            a, b = precision * mean, precision * rest
            up, down = a + successes[rows], b + failures[rows]
            left, right = special.psi(up) - special.psi(a), special.psi(down) - special.psi(b)
            value = (special.gammaln(up) - special.gammaln(a)) + (
                special.gammaln(down) - special.gammaln(b)
            )
            curvature = None
            if second:
                rise = special.polygamma(1, up) - special.polygamma(1, a)
                fall = special.polygamma(1, down) - special.polygamma(1, b)
                curvature = precision * precision * (rise + fall)
            return UnitMeanKernel(
                value, precision * (left - right), curvature, (a * left + b * right,)
            )

        link = self.link_function
        assert isinstance(link, UnitLink)
        return Density(
            len(response),
            UnitMeanDensity(kernel, link),
            self.link((successes + 0.5) / (trials + 1.0)),
            np.log([10.0]),
            scale=multiplier,
            constant=constant,
            width=link.width,
        )

    def variance(self, mu: ArrayLike, dispersion: ArrayLike = ()) -> Array:
        """Return ``mu (1 - mu)``, the variance of one trial.

        The variance of a proportion of ``m`` trials is this times
        ``(m + precision) / (m (1 + precision))``.
        """
        mean = np.asarray(mu, dtype=np.float64)
        return mean * (1.0 - mean)

    def simulate(
        self,
        eta: ArrayLike,
        dispersion: ArrayLike,
        rng: np.random.Generator,
        weights: ArrayLike | None = None,
        totals: ArrayLike | None = None,
    ) -> Array:
        """Draw proportions of successes."""
        mean = self.inverse_link(eta)
        precision = self.to_natural(dispersion)[0]
        trials = np.round(simulated_trials(totals, weights))
        chance = rng.beta(
            np.maximum(precision * mean, 1e-12), np.maximum(precision * (1.0 - mean), 1e-12)
        )
        draws = rng.binomial(trials.astype(np.int64), chance, size=mean.shape)
        return draws / np.maximum(trials, 1.0)
