"""The beta family."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from glmmvi.model.families.density import Density
from glmmvi.model.families.family import Dispersion, Family
from glmmvi.model.families.link import Link
from glmmvi.model.families.response_checks import (
    average,
    require,
    response_and_weights,
    times,
    total,
)
from glmmvi.model.families.unit_links import Logit, UnitLink, unit_link
from glmmvi.model.families.unit_mean import UnitMeanDensity, UnitMeanKernel
from glmmvi.unknown_arguments import names_arguments

Array = NDArray[np.float64]
_LINKS = ("logit", "probit", "cauchit", "cloglog")


@names_arguments
def beta(link: str = "logit") -> BetaFamily:
    """Beta family for proportions strictly between 0 and 1: glmmTMB's ``beta_family``.

    Parameters
    ----------
    link : {"logit", "probit", "cauchit", "cloglog"}

    Returns
    -------
    BetaFamily

    Examples
    --------
    >>> density = beta().bind([0.3])
    >>> density.pointwise(np.zeros(1), np.log([2.0]))[0].round(6).tolist()
    [0.0]
    """
    return BetaFamily(unit_link("beta", link, _LINKS))


@dataclass(frozen=True)
class BetaFamily(Family):
    """Beta with mean ``mu`` and variance ``mu (1 - mu) / (1 + precision)``."""

    link_function: Link = field(default_factory=Logit)
    dispersion_parameters: ClassVar[tuple[Dispersion, ...]] = (Dispersion("precision"),)

    @property
    def name(self) -> str:
        """GlmmTMB's printed name."""
        return "beta"

    def bind(
        self, y: ArrayLike, weights: ArrayLike | None = None, totals: ArrayLike | None = None
    ) -> Density:
        """Check a response and bind it; see `Family.bind`."""
        response, multiplier = response_and_weights(y, weights)
        require((response > 0.0) & (response < 1.0), "y values must be 0 < y < 1", response)
        log_y, log_rest = np.log(response), np.log1p(-response)
        fixed = -log_y - log_rest
        sum_weights = total(multiplier, np.ones_like(response))

        def constant(dispersion: Array) -> tuple[Array | float, Array]:
            precision = float(np.exp(dispersion[0]))
            values = times(multiplier, special.gammaln(precision) + fixed)
            return values, np.array([precision * special.psi(precision) * sum_weights])

        def kernel(
            mean: Array, rest: Array, dispersion: Array, rows: slice, second: bool
        ) -> UnitMeanKernel:
            precision = float(np.exp(dispersion[0]))
            a, b = precision * mean, precision * rest
            up, down = log_y[rows], log_rest[rows]
            left, right = up - special.psi(a), down - special.psi(b)
            value = a * up + b * down - special.gammaln(a) - special.gammaln(b)
            curvature = None
            if second:
                trigammas = special.polygamma(1, a) + special.polygamma(1, b)
                curvature = -precision * precision * trigammas
            return UnitMeanKernel(
                value, precision * (left - right), curvature, (a * left + b * right,)
            )

        link = self.link_function
        assert isinstance(link, UnitLink)
        mean = average(response, multiplier)
        variance = max(average((response - mean) ** 2, multiplier), 1e-6)
        return Density(
            len(response),
            UnitMeanDensity(kernel, link),
            self.link(np.clip(response, 0.01, 0.99)),  # a start: next to 0 cauchit is huge
            np.log([max(mean * (1.0 - mean) / variance - 1.0, 0.5)]),
            scale=multiplier,
            constant=constant,
            width=link.width,
        )

    def variance(self, mu: ArrayLike, dispersion: ArrayLike = ()) -> Array:
        """Return ``mu (1 - mu) / (1 + precision)``."""
        mean = np.asarray(mu, dtype=np.float64)
        return mean * (1.0 - mean) / (1.0 + self.to_natural(dispersion)[0])

    def simulate(
        self,
        eta: ArrayLike,
        dispersion: ArrayLike,
        rng: np.random.Generator,
        weights: ArrayLike | None = None,
        totals: ArrayLike | None = None,
    ) -> Array:
        """Draw proportions."""
        mean = self.inverse_link(eta)
        precision = self.to_natural(dispersion)[0]
        return rng.beta(
            np.maximum(precision * mean, 1e-12), np.maximum(precision * (1.0 - mean), 1e-12)
        )
