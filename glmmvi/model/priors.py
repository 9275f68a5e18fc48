"""Prior distributions of a fully Bayesian fit. TensorFlow is loaded only to build them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from glmmvi.errors import ArgumentError


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


@dataclass(frozen=True)
class Flat:
    """Improper flat prior (log density 0), for coefficients and standard deviations."""


CoefficientPrior: TypeAlias = Normal | StudentT | Flat
ScalePrior: TypeAlias = HalfNormal | HalfCauchy | Exponential | Flat
Prior: TypeAlias = Normal | StudentT | HalfNormal | HalfCauchy | Exponential | LKJ | Flat

COEFFICIENT_PRIORS = (Normal, StudentT, Flat)
SCALE_PRIORS = (HalfNormal, HalfCauchy, Exponential, Flat)
