"""The inverse Gaussian family."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

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
_LINKS = ("1/mu^2", "inverse", "log", "identity")


@names_arguments
def inverse_gaussian(link: str = "1/mu^2") -> InverseGaussianFamily:
    """Inverse Gaussian family: positive responses with variance ``sigma^2 mu^3``.

    Parameters
    ----------
    link : {"1/mu^2", "inverse", "log", "identity"}
        All but ``log`` are continued beyond the means that the response allows; see
        `mean_links`.

    Returns
    -------
    InverseGaussianFamily

    Examples
    --------
    >>> density = inverse_gaussian("log").bind([1.0])
    >>> density.pointwise(np.zeros(1), np.zeros(1))[0].round(6).tolist()
    [-0.918939]
    """
    return InverseGaussianFamily(positive_mean_link("inverse.gaussian", link, _LINKS))


@dataclass(frozen=True)
class InverseGaussianFamily(Family):
    """Inverse Gaussian with mean ``mu`` and shape ``weights / sigma^2``."""

    link_function: Link = field(default_factory=lambda: POSITIVE_MEAN_LINKS["1/mu^2"])
    dispersion_parameters: ClassVar[tuple[Dispersion, ...]] = (Dispersion("sigma"),)
    constant_scale: ClassVar[bool] = True

    @property
    def name(self) -> str:
        """R's printed name."""
        return "inverse.gaussian"

    def for_response(self, y: ArrayLike) -> InverseGaussianFamily:
        """Return the family with its link continued beyond the `plausible_means`."""
        low, high = plausible_means(np.asarray(y, dtype=np.float64))
        return replace(self, link_function=continued(self.link_function, low, high, rational=True))

    def bind(
        self, y: ArrayLike, weights: ArrayLike | None = None, totals: ArrayLike | None = None
    ) -> Density:
        """Check a response and bind it; see `Family.bind`.

        Weights divide the dispersion, as in R's ``glm`` and lme4: the shape is
        ``weights / sigma^2``.
        """
        response, multiplier = response_and_weights(y, weights)
        require(
            response > 0.0,
            "positive values only are allowed for the 'inverse.gaussian' family",
            response,
        )
        fixed = -0.5 * (np.log(2.0 * np.pi) + 3.0 * np.log(response))
        reciprocal = 1.0 / response
        shapes = WeightedShapes.of(response, multiplier)
        fixed = shapes.informative * fixed + shapes.by_row(0.5 * np.log(shapes.distinct))
        reciprocal = shapes.weights * reciprocal
        sum_reciprocals, count = float(reciprocal.sum()), float(shapes.informative.sum())

        def constant(dispersion: Array) -> tuple[Array | float, Array]:
            precision = float(np.exp(-2.0 * dispersion[0]))
            values = fixed - dispersion[0] * shapes.informative - (0.5 * precision) * reciprocal
            return values, np.array([precision * sum_reciprocals - count])

        link = self.for_response(response).link_function
        start = link.link(response)
        mean = average(response, multiplier)
        spread = average((response - mean) ** 2, multiplier) / mean**3
        dispersion = np.array([0.5 * np.log(max(spread, 1e-8))])
        if isinstance(link, LogLink):
            one = np.ones_like(response)
            exponentials = ExponentialSum(
                scaled=True,
                rates=(-1.0, -2.0),
                amplitudes=(
                    np.asarray(times(multiplier, one)),
                    np.asarray(times(multiplier, -0.5 * response)),
                ),
            )
            return Density(len(response), exponentials, start, dispersion, constant=constant)

        def kernel(log_mean: Array, dispersion: Array, rows: slice) -> Kernel:
            shape = float(np.exp(-2.0 * dispersion[0]))
            inverse = np.exp(np.minimum(-log_mean, 300.0))
            square = response[rows] * inverse * inverse
            value = shape * (inverse - 0.5 * square)
            first, second = shape * (square - inverse), shape * (inverse - 2.0 * square)
            return Kernel(value, first, second, (-2.0 * value,))

        return log_mean_likelihood(kernel, link, start, dispersion, constant, scale=multiplier)

    def variance(self, mu: ArrayLike, dispersion: ArrayLike = ()) -> Array:
        """Return ``mu^3``, R's variance function."""
        return np.asarray(mu, dtype=np.float64) ** 3

    def dev_resids(self, y: ArrayLike, mu: ArrayLike, weights: ArrayLike) -> Array:
        """Squared deviance residuals, R's formula."""
        response, mean = np.asarray(y, dtype=np.float64), np.asarray(mu, dtype=np.float64)
        return np.asarray(weights) * (response - mean) ** 2 / (response * mean**2)

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
        return draw_where_informative(rng.wald, self.inverse_link(eta), precision, weights)
