"""The gaussian family."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glmmvi.model.families.density import Density, Kernel
from glmmvi.model.families.exponential_sum import ExponentialSum
from glmmvi.model.families.family import Dispersion, Family
from glmmvi.model.families.link import Link
from glmmvi.model.families.mean_links import LogLink, check_link
from glmmvi.model.families.reciprocal_link import ReciprocalLink
from glmmvi.model.families.response_checks import average, response_and_weights, times, total
from glmmvi.unknown_arguments import names_arguments

Array = NDArray[np.float64]

_LINKS: dict[str, Link] = {"identity": Link(), "log": LogLink(), "inverse": ReciprocalLink()}


@names_arguments
def gaussian(link: str = "identity") -> GaussianFamily:
    """Gaussian family, residual sd ``sigma``; weights are precision weights.

    Parameters
    ----------
    link : {"identity", "log", "inverse"}
        With ``inverse`` the link is continued beyond the means that the response allows; see
        `reciprocal_link`.

    Returns
    -------
    GaussianFamily

    Examples
    --------
    >>> density = gaussian().bind([1.0])
    >>> density.pointwise(np.zeros(1), np.zeros(1))[0].round(6).tolist()
    [-1.418939]
    """
    check_link("gaussian", link, tuple(_LINKS))
    return GaussianFamily(_LINKS[link])


@dataclass(frozen=True)
class GaussianFamily(Family):
    """Gaussian with mean ``mu`` and variance ``sigma^2 / weights``."""

    link_function: Link = field(default_factory=Link)
    dispersion_parameters: ClassVar[tuple[Dispersion, ...]] = (Dispersion("sigma"),)
    constant_scale: ClassVar[bool] = True

    @property
    def name(self) -> str:
        """R's printed name."""
        return "gaussian"

    def for_response(self, y: ArrayLike) -> GaussianFamily:
        """Return the family with the inverse link continued from ten times ``max |y|`` on."""
        if not isinstance(self.link_function, ReciprocalLink):
            return self
        return GaussianFamily(self.link_function.for_response(np.asarray(y, dtype=np.float64)))

    def bind(
        self, y: ArrayLike, weights: ArrayLike | None = None, totals: ArrayLike | None = None
    ) -> Density:
        """Check a response and bind it; see `Family.bind`.

        A row of weight 0 keeps its place but says nothing. Where the link of a response does
        not exist (R: "cannot find valid starting values: please specify some"), the iteration
        starts from a small mean instead.
        """
        response, precision = response_and_weights(y, weights)
        link = self.for_response(response).link_function
        name = link.name
        level: Array | float = -0.5 * np.log(2.0 * np.pi)
        informative: Array | float = 1.0
        count = float(len(response))
        if precision is not None:
            seen = precision > 0.0
            informative, count = seen.astype(np.float64), float(seen.sum())
            level = informative * (level + 0.5 * np.log(np.where(seen, precision, 1.0)))
        squares: Array | float = 0.0
        sum_squares = 0.0
        if name == "log":
            squares = np.asarray(times(precision, response * response))
            sum_squares = total(precision, response * response)

        def constant(dispersion: Array) -> tuple[Array | float, Array]:
            inverse = float(np.exp(-2.0 * dispersion[0]))
            values = level - dispersion[0] * informative - (0.5 * inverse) * squares
            return values, np.array([inverse * sum_squares - count])

        start = link.link(_startable(response, name))
        variance = average((response - average(response, precision)) ** 2, precision)
        dispersion = np.array([0.5 * np.log(variance if variance > 0.0 else 1.0)])
        weight = np.ones_like(response) if precision is None else precision
        if name == "identity":
            exponentials = ExponentialSum(scaled=True, quadratic=-weight, center=response)
            return Density(len(response), exponentials, start, dispersion, constant=constant)
        if name == "log":
            exponentials = ExponentialSum(
                scaled=True,
                rates=(1.0, 2.0),
                amplitudes=(weight * response, -0.5 * weight),
            )
            return Density(len(response), exponentials, start, dispersion, constant=constant)
        assert isinstance(link, ReciprocalLink)
        return Density(
            len(response),
            _Squares(response, link),
            start,
            dispersion,
            scale=precision,
            constant=constant,
            width=0.5 * float(np.median(np.abs(start))),
        )

    def variance(self, mu: ArrayLike, dispersion: ArrayLike = ()) -> Array:
        """Return 1, R's variance function."""
        return np.ones_like(np.asarray(mu, dtype=np.float64))

    def dev_resids(self, y: ArrayLike, mu: ArrayLike, weights: ArrayLike) -> Array:
        """Squared deviance residuals, R's formula."""
        return np.asarray(weights) * (np.asarray(y, dtype=np.float64) - np.asarray(mu)) ** 2

    def simulate(
        self,
        eta: ArrayLike,
        dispersion: ArrayLike,
        rng: np.random.Generator,
        weights: ArrayLike | None = None,
        totals: ArrayLike | None = None,
    ) -> Array:
        """Draw responses; a row of weight 0 gets its mean."""
        mean = self.inverse_link(eta)
        sd: Array | float = np.exp(np.asarray(dispersion, dtype=np.float64)[0])
        if weights is not None:
            precision = np.asarray(weights, dtype=np.float64)
            informative = precision > 0.0
            sd = np.where(informative, sd / np.sqrt(np.where(informative, precision, 1.0)), 0.0)
        return mean + sd * rng.standard_normal(mean.shape)


def _startable(response: Array, link_name: str) -> Array:
    """Responses, moved into the link's domain where they are outside of it."""
    small = 0.1 * (float(np.abs(response).mean()) or 1.0)
    if link_name == "log":
        return np.maximum(response, small)
    return np.where(response == 0.0, small, response) if link_name == "inverse" else response


@dataclass(frozen=True, eq=False)
class _Squares:
    """``-(y - mu)^2 / (2 sigma^2)`` under the inverse link."""

    response: Array
    link: ReciprocalLink

    def __call__(self, eta: Array, dispersion: Array, rows: slice, second: bool) -> Kernel:
        precision = float(np.exp(-2.0 * dispersion[0]))
        mean, slope, bend = self.link.mean(eta)
        residual = self.response[rows] - mean
        weighted = precision * residual
        value = -0.5 * weighted * residual
        curvature = weighted * bend - precision * slope * slope if second else None
        return Kernel(value, weighted * slope, curvature, (-2.0 * value,))
