"""The Gamma family."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from glmmvi.model.families.density import Density, Kernel
from glmmvi.model.families.exponential_sum import ExponentialSum
from glmmvi.model.families.family import Dispersion, Family
from glmmvi.model.families.link import Link
from glmmvi.model.families.log_mean import continued, log_mean_likelihood, plausible_means
from glmmvi.model.families.mean_links import POSITIVE_MEAN_LINKS, LogLink, positive_mean_link
from glmmvi.model.families.response_checks import (
    average,
    require,
    response_and_weights,
    times,
)
from glmmvi.model.families.weighted_shapes import WeightedShapes, draw_where_informative
from glmmvi.unknown_arguments import names_arguments

Array = NDArray[np.float64]


@names_arguments
def Gamma(link: str = "inverse") -> GammaFamily:
    """Gamma family: positive responses with a constant coefficient of variation ``sigma``.

    Parameters
    ----------
    link : {"inverse", "log", "identity"}
        R's default is ``inverse``. With ``inverse`` and ``identity`` the link is continued
        beyond the means that the response allows; see `mean_links`.

    Returns
    -------
    GammaFamily

    Examples
    --------
    >>> density = Gamma("log").bind([1.0])
    >>> density.pointwise(np.zeros(1), np.zeros(1))[0].tolist()
    [-1.0]
    """
    return GammaFamily(positive_mean_link("Gamma", link, ("inverse", "log", "identity")))


@dataclass(frozen=True)
class GammaFamily(Family):
    """Gamma with mean ``mu`` and shape ``weights / sigma^2``."""

    link_function: Link = field(default_factory=lambda: POSITIVE_MEAN_LINKS["inverse"])
    dispersion_parameters: ClassVar[tuple[Dispersion, ...]] = (Dispersion("sigma"),)
    constant_scale: ClassVar[bool] = True

    @property
    def name(self) -> str:
        """R's printed name."""
        return "Gamma"

    def for_response(self, y: ArrayLike) -> GammaFamily:
        """Return the family with its link continued beyond the `plausible_means`."""
        low, high = plausible_means(np.asarray(y, dtype=np.float64))
        return replace(self, link_function=continued(self.link_function, low, high, rational=True))

    def bind(
        self, y: ArrayLike, weights: ArrayLike | None = None, totals: ArrayLike | None = None
    ) -> Density:
        """Check a response and bind it; see `Family.bind`.

        Weights divide the dispersion, as in R's ``glm`` and lme4: the shape is
        ``weights / sigma^2``. (glmmTMB multiplies the log density instead.)
        """
        response, multiplier = response_and_weights(y, weights)
        require(response > 0.0, "non-positive values not allowed for the 'Gamma' family", response)
        logs = np.log(response)
        shapes = WeightedShapes.of(response, multiplier)
        sum_logs = float(shapes.weights @ logs)

        def constant(dispersion: Array) -> tuple[Array | float, Array]:
            # Few weights differ, often: the special functions see each of them once.
            shape = shapes.distinct * float(np.exp(-2.0 * dispersion[0]))
            level = shape * np.log(shape) - special.gammaln(shape)
            slope = shape * (np.log(shape) + 1.0 - special.psi(shape))
            precision = float(np.exp(-2.0 * dispersion[0]))
            values = shapes.by_row(level) + (shapes.weights * precision - shapes.informative) * logs
            return values, np.array([-2.0 * (shapes.sum(slope) + precision * sum_logs)])

        link = self.for_response(response).link_function
        start = link.link(response)
        mean = average(response, multiplier)
        spread = average((response / mean - 1.0) ** 2, multiplier)
        dispersion = np.array([0.5 * np.log(max(spread, 1e-4))])
        if isinstance(link, LogLink):
            one = np.ones_like(response)
            exponentials = ExponentialSum(
                scaled=True,
                linear=np.asarray(times(multiplier, -one)),
                rates=(-1.0,),
                amplitudes=(np.asarray(times(multiplier, -response)),),
            )
            return Density(len(response), exponentials, start, dispersion, constant=constant)

        def kernel(log_mean: Array, dispersion: Array, rows: slice) -> Kernel:
            shape = float(np.exp(-2.0 * dispersion[0]))
            ratio = response[rows] * np.exp(np.minimum(-log_mean, 300.0))
            value = -shape * (ratio + log_mean)
            return Kernel(value, shape * (ratio - 1.0), -shape * ratio, (-2.0 * value,))

        return log_mean_likelihood(kernel, link, start, dispersion, constant, scale=multiplier)

    def variance(self, mu: ArrayLike, dispersion: ArrayLike = ()) -> Array:
        """Return ``mu^2``, R's variance function."""
        return np.square(np.asarray(mu, dtype=np.float64))

    def dev_resids(self, y: ArrayLike, mu: ArrayLike, weights: ArrayLike) -> Array:
        """Squared deviance residuals, R's formula."""
        response, mean = np.asarray(y, dtype=np.float64), np.asarray(mu, dtype=np.float64)
        return -2.0 * np.asarray(weights) * (np.log(response / mean) - (response - mean) / mean)

    def simulate(
        self,
        eta: ArrayLike,
        dispersion: ArrayLike,
        rng: np.random.Generator,
        weights: ArrayLike | None = None,
        totals: ArrayLike | None = None,
    ) -> Array:
        """Draw responses; a row of weight 0 gets its mean."""
        precision = float(np.exp(-2.0 * np.asarray(dispersion, dtype=np.float64)[0]))

        def draw(mean: Array, shape: Array | float) -> Array:
            return rng.gamma(shape, mean / shape)

        return draw_where_informative(draw, self.inverse_link(eta), precision, weights)
