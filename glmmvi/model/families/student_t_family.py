"""The Student t family."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from glmmvi.errors import ArgumentError
from glmmvi.model.families.density import Density, Kernel
from glmmvi.model.families.family import Dispersion, Family
from glmmvi.model.families.link import Link
from glmmvi.model.families.mean_links import LogLink, check_link
from glmmvi.model.families.response_checks import average, response_and_weights, times, total
from glmmvi.unknown_arguments import names_arguments

Array = NDArray[np.float64]

_LINKS: dict[str, Link] = {"identity": Link(), "log": LogLink()}
_SIGMA, _DF = Dispersion("sigma"), Dispersion("df")


@names_arguments
def student_t(df: float | None = None, link: str = "identity") -> StudentTFamily:
    """Student t family: glmmTMB's ``t_family``, a response with heavy tails.

    Parameters
    ----------
    df : float, optional
        Degrees of freedom; estimated if None.
    link : {"identity", "log"}

    Returns
    -------
    StudentTFamily

    Examples
    --------
    >>> student_t(df=4).dispersion_names, student_t().dispersion_names
    (('sigma',), ('sigma', 'df'))
    """
    check_link("t", link, tuple(_LINKS))
    if df is not None and (isinstance(df, str) or not df > 0.0):
        raise ArgumentError(f"df must be a positive number, not {df!r}; None estimates it")
    return StudentTFamily(_LINKS[link], None if df is None else float(df))


@dataclass(frozen=True)
class StudentTFamily(Family):
    """``mu + sigma t_df``. The log density is not concave: the curvature may be negative.

    Attributes
    ----------
    df : float, optional
        Degrees of freedom; estimated if None.
    """

    link_function: Link = field(default_factory=Link)
    df: float | None = None

    @property
    def name(self) -> str:
        """GlmmTMB's printed name."""
        return "t"

    @property
    def _dispersions(self) -> tuple[Dispersion, ...]:
        return (_SIGMA, _DF) if self.df is None else (_SIGMA,)

    def scale_and_df(self, dispersion: ArrayLike) -> tuple[float, float]:
        """Return sigma and the degrees of freedom."""
        values = np.exp(np.asarray(dispersion, dtype=np.float64))
        return float(values[0]), float(values[1]) if self.df is None else self.df

    def bind(
        self, y: ArrayLike, weights: ArrayLike | None = None, totals: ArrayLike | None = None
    ) -> Density:
        """Check a response and bind it; weights multiply the log density."""
        response, multiplier = response_and_weights(y, weights)
        sum_weights = total(multiplier, np.ones_like(response))

        def constant(dispersion: Array) -> tuple[Array | float, Array]:
            sigma, df = self.scale_and_df(dispersion)
            half, more = 0.5 * df, 0.5 * (df + 1.0)
            level = special.gammaln(more) - special.gammaln(half)
            level -= 0.5 * np.log(df * np.pi) + np.log(sigma)
            slopes = [-1.0]
            if self.df is None:
                slopes.append(df * 0.5 * (special.psi(more) - special.psi(half)) - 0.5)
            return times(multiplier, level), sum_weights * np.array(slopes)

        link = self.link_function
        start = link.link(response) if link.name == "identity" else self._log_start(response)
        variance = average((response - average(response, multiplier)) ** 2, multiplier)
        dispersion = np.array([0.5 * np.log(0.5 * variance if variance > 0.0 else 1.0)])
        if self.df is None:
            dispersion = np.append(dispersion, np.log(10.0))
        return Density(
            len(response),
            _StudentTKernel(self, response),
            start,
            dispersion,
            scale=multiplier,
            constant=constant,
            width=partial(
                self._width, 1.0 if link.name == "identity" else np.exp(np.median(start))
            ),
        )

    def _log_start(self, response: Array) -> Array:
        typical = float(np.mean(np.abs(response)))
        return np.log(np.maximum(response, 0.1 * typical if typical > 0.0 else 1.0))

    def _width(self, slope: float, dispersion: Array) -> float:
        """Distance at which the residual is ``i sigma sqrt(df)``."""
        sigma, df = self.scale_and_df(dispersion)
        return float(max(sigma * np.sqrt(df) / slope, 1e-8))

    def variance(self, mu: ArrayLike, dispersion: ArrayLike = ()) -> Array:
        """Return ``sigma^2 df / (df - 2)``, infinite for ``df <= 2``."""
        sigma, df = self.scale_and_df(dispersion)
        value = sigma * sigma * df / (df - 2.0) if df > 2.0 else np.inf
        return np.full_like(np.asarray(mu, dtype=np.float64), value)

    def simulate(
        self,
        eta: ArrayLike,
        dispersion: ArrayLike,
        rng: np.random.Generator,
        weights: ArrayLike | None = None,
        totals: ArrayLike | None = None,
    ) -> Array:
        """Draw responses."""
        sigma, df = self.scale_and_df(dispersion)
        mean = self.inverse_link(eta)
        return mean + sigma * rng.standard_t(df, size=mean.shape)


@dataclass(frozen=True, eq=False)
class _StudentTKernel:
    """``-(df + 1) / 2 log(1 + z^2 / df)``."""

    family: StudentTFamily
    response: Array

    def __call__(self, eta: Array, dispersion: Array, rows: slice, second: bool) -> Kernel:
        sigma, df = self.family.scale_and_df(dispersion)
        identity = self.family.link_function.name == "identity"
        mean = eta if identity else np.exp(np.minimum(eta, 150.0))
        residual = self.response[rows] - mean
        spread = df * sigma * sigma
        square = residual * residual
        logs = np.log1p(square / spread)
        denominator = spread + square
        share = square / denominator
        first = (df + 1.0) * residual / denominator
        bend = (df + 1.0) * (square - spread) / (denominator * denominator) if second else None
        by_dispersion: tuple[Array, ...] = ((df + 1.0) * share,)
        if self.family.df is None:
            by_dispersion += (0.5 * ((df + 1.0) * share - df * logs),)
        if not identity:
            if bend is not None:
                bend = bend * mean * mean + first * mean
            first = first * mean
        return Kernel(-0.5 * (df + 1.0) * logs, first, bend, by_dispersion)
