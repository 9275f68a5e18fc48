"""Prior distributions of a fully Bayesian fit. TensorFlow is loaded only to build them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
from scipy.special import gammaln

from glmmvi.errors import ArgumentError


class LogDensity(Protocol):
    """A normalised log density of one number."""

    def log_density(self, x: float) -> tuple[float, float]:
        """Log density at `x`, nats, and its derivative."""
        ...


_LOG_ROOT_2PI = 0.5 * float(np.log(2.0 * np.pi))


def _require_positive(prior: object, **values: float) -> None:
    for name, value in values.items():
        if not value > 0:
            raise ArgumentError(
                f"{type(prior).__name__}: {name} must be a positive number, not {value!r}"
            )


@dataclass(frozen=True)
class Normal:
    """Normal prior, for coefficients.

    Attributes
    ----------
    loc, scale : float
        Mean and sd, in the units of the coefficient.

    Examples
    --------
    >>> Normal(0.0, 2.5)
    Normal(loc=0.0, scale=2.5)
    """

    loc: float = 0.0
    scale: float = 1.0

    def __post_init__(self) -> None:
        _require_positive(self, scale=self.scale)

    def log_density(self, x: float) -> tuple[float, float]:
        """Log density and its derivative; see `LogDensity`."""
        z = (x - self.loc) / self.scale
        return -0.5 * z * z - np.log(self.scale) - _LOG_ROOT_2PI, -z / self.scale


@dataclass(frozen=True)
class StudentT:
    """Student's t prior, for coefficients.

    Attributes
    ----------
    df : float
        Degrees of freedom.
    loc, scale : float
        Centre and scale (not the sd), in the units of the coefficient.
    """

    df: float = 3.0
    loc: float = 0.0
    scale: float = 1.0

    def __post_init__(self) -> None:
        _require_positive(self, df=self.df, scale=self.scale)

    def log_density(self, x: float) -> tuple[float, float]:
        """Log density and its derivative; see `LogDensity`."""
        z, half = (x - self.loc) / self.scale, 0.5 * (self.df + 1.0)
        constant = gammaln(half) - gammaln(0.5 * self.df) - 0.5 * np.log(np.pi * self.df)
        value = float(constant) - np.log(self.scale) - half * np.log1p(z * z / self.df)
        return value, -2.0 * half * z / (self.df + z * z) / self.scale


@dataclass(frozen=True)
class HalfNormal:
    """Half-normal prior, for standard deviations.

    Attributes
    ----------
    scale : float
        Sd of the normal that is folded, in the units of the standard deviation.
    """

    scale: float = 1.0

    def __post_init__(self) -> None:
        _require_positive(self, scale=self.scale)

    def log_density(self, x: float) -> tuple[float, float]:
        """Log density and its derivative at ``x >= 0``; see `LogDensity`."""
        value, derivative = Normal(0.0, self.scale).log_density(x)
        return value + np.log(2.0), derivative


@dataclass(frozen=True)
class HalfCauchy:
    """Half-Cauchy prior, for standard deviations.

    Attributes
    ----------
    scale : float
        Its median, in the units of the standard deviation.
    """

    scale: float = 1.0

    def __post_init__(self) -> None:
        _require_positive(self, scale=self.scale)

    def log_density(self, x: float) -> tuple[float, float]:
        """Log density and its derivative at ``x >= 0``; see `LogDensity`."""
        z = x / self.scale
        value = np.log(2.0 / (np.pi * self.scale)) - np.log1p(z * z)
        return float(value), -2.0 * z / (1.0 + z * z) / self.scale


@dataclass(frozen=True)
class Exponential:
    """Exponential prior, for standard deviations.

    Attributes
    ----------
    rate : float
        One over its mean.
    """

    rate: float = 1.0

    def __post_init__(self) -> None:
        _require_positive(self, rate=self.rate)

    def log_density(self, x: float) -> tuple[float, float]:
        """Log density and its derivative at ``x >= 0``; see `LogDensity`."""
        return float(np.log(self.rate)) - self.rate * x, -self.rate


@dataclass(frozen=True)
class LKJ:
    """LKJ prior, for the correlation matrix of a term.

    Attributes
    ----------
    concentration : float
        1 is uniform over correlation matrices; more than 1 favours small correlations.
    """

    concentration: float = 1.0

    def __post_init__(self) -> None:
        _require_positive(self, concentration=self.concentration)

    def log_normalizer(self, d: int) -> float:
        """Log of the integral of ``det(C)^(concentration - 1)`` over d x d correlations.

        Lewandowski, Kurowicka and Joe (2009), through the rows of the Cholesky factor: each is
        a multivariate t in the coordinates of :mod:`glmmvi.inference.correlation_coordinates`.
        """
        a = d + 2.0 * self.concentration - 1.0
        rows = np.arange(1, d)
        parts = 0.5 * rows * np.log(np.pi) + gammaln(0.5 * (a - rows)) - gammaln(0.5 * a)
        return float(np.sum(parts))


@dataclass(frozen=True)
class Flat:
    """Improper flat prior (log density 0), for coefficients and standard deviations."""

    def log_density(self, x: float) -> tuple[float, float]:
        """Zero, twice."""
        return 0.0, 0.0


@dataclass(frozen=True)
class OnLogScale:
    """The density of ``x`` when ``exp(rate x)`` has a prior: a positive dispersion parameter.

    Attributes
    ----------
    prior : ScalePrior
        Of ``exp(rate x)``.
    rate : float
        Positive; 1 but for Tweedie's ``phi``.

    Examples
    --------
    >>> OnLogScale(Flat()).log_density(0.5)
    (0.5, 1.0)
    """

    prior: ScalePrior
    rate: float = 1.0

    def log_density(self, x: float) -> tuple[float, float]:
        """Log density and its derivative, the Jacobian included; see `LogDensity`."""
        value, derivative = self.of_natural(x)
        return value + self.rate * x + float(np.log(self.rate)), derivative + self.rate

    def of_natural(self, x: float) -> tuple[float, float]:
        """Log density of ``exp(rate x)`` itself, and its derivative by `x`: no Jacobian."""
        natural = float(np.exp(self.rate * x))
        value, derivative = self.prior.log_density(natural)
        return value, derivative * self.rate * natural


CoefficientPrior: TypeAlias = Normal | StudentT | Flat
ScalePrior: TypeAlias = HalfNormal | HalfCauchy | Exponential | Flat
Prior: TypeAlias = Normal | StudentT | HalfNormal | HalfCauchy | Exponential | LKJ | Flat

COEFFICIENT_PRIORS = (Normal, StudentT, Flat)
SCALE_PRIORS = (HalfNormal, HalfCauchy, Exponential, Flat)
DispersionPrior: TypeAlias = Normal | StudentT | Flat | OnLogScale
