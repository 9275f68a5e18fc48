"""Links of a mean between 0 and 1: logit, probit, cauchit, cloglog, log.

What a fit needs is not the mean but ``log mu`` and ``log(1 - mu)``, accurate in both tails, with
their derivatives: `tails` gives them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

from glmmvi.model.families.link import Link
from glmmvi.model.families.mean_links import check_link

Array = NDArray[np.float64]

CONTINUED_ABOVE = -0.05  # log link: mean 0.95
SMALL_HAZARD = -20.0  # cloglog: the log of a hazard whose square is below rounding


class Tails(NamedTuple):
    """``log mu`` (`upper`) and ``log(1 - mu)`` (`lower`) with two derivatives in ``eta`` each."""

    upper: Array
    upper_first: Array
    upper_second: Array
    lower: Array
    lower_first: Array
    lower_second: Array


@dataclass(frozen=True)
class UnitLink(Link):
    """A link of a probability.

    Attributes
    ----------
    width : float
        Distance from the real axis at which ``log mu`` or ``log(1 - mu)`` stops being smooth.
    symmetric : bool
        Whether ``1 - mu(eta) = mu(-eta)``.
    """

    width: float = np.pi
    symmetric: bool = False

    def upper_tail(self, eta: Array) -> tuple[Array, Array, Array]:
        """``log mu`` and its two derivatives in ``eta``, elementwise."""
        tails = self.tails(eta)
        return tails.upper, tails.upper_first, tails.upper_second

    def tails(self, eta: Array) -> Tails:
        """Log probabilities of both outcomes and their derivatives, elementwise."""
        raise NotImplementedError

    def inverse(self, eta: Array) -> Array:
        """Mean of a linear predictor, elementwise."""
        return np.exp(self.tails(np.asarray(eta, dtype=np.float64)).upper)

    def mu_eta(self, eta: Array) -> Array:
        """Derivative of the mean in the linear predictor, elementwise."""
        tails = self.tails(np.asarray(eta, dtype=np.float64))
        return np.exp(tails.upper) * tails.upper_first


@dataclass(frozen=True)
class Logit(UnitLink):
    """``log(mu / (1 - mu))``."""

    name: str = "logit"

    def link(self, mu: Array) -> Array:
        """Linear predictor of a mean, elementwise."""
        return special.logit(mu)

    def inverse(self, eta: Array) -> Array:
        """Mean of a linear predictor, elementwise."""
        return special.expit(eta)

    def mu_eta(self, eta: Array) -> Array:
        """Derivative of the mean in the linear predictor, elementwise."""
        return special.expit(eta) * special.expit(np.negative(eta))

    def tails(self, eta: Array) -> Tails:
        """Log probabilities of both outcomes and their derivatives, elementwise."""
        fall = np.exp(-np.abs(eta))
        share = 1.0 / (1.0 + fall)
        mean = np.where(eta > 0.0, share, fall * share)
        rest = np.where(eta > 0.0, fall * share, share)
        soft = np.log1p(fall)
        upper, lower = np.minimum(eta, 0.0) - soft, -np.maximum(eta, 0.0) - soft
        curvature = -mean * rest
        return Tails(upper, rest, curvature, lower, -mean, curvature)


@dataclass(frozen=True)
class Probit(UnitLink):
    """The standard normal quantile of the mean."""

    name: str = "probit"
    width: float = 2.7
    symmetric: bool = True

    def link(self, mu: Array) -> Array:
        """Linear predictor of a mean, elementwise."""
        return special.ndtri(mu)

    def inverse(self, eta: Array) -> Array:
        """Mean of a linear predictor, elementwise."""
        return special.ndtr(eta)

    def upper_tail(self, eta: Array) -> tuple[Array, Array, Array]:
        """``log mu`` and its two derivatives in ``eta``, elementwise: one evaluation of erfcx."""
        scaled = special.erfcx(np.minimum(eta, 30.0) * -np.sqrt(0.5))  # 2 mu exp(eta^2 / 2)
        capped = np.minimum(eta, 30.0)
        value = np.minimum(np.log(0.5 * scaled) - 0.5 * capped * capped, 0.0)
        ratio = np.sqrt(2.0 / np.pi) / scaled
        return value, ratio, -ratio * (eta + ratio)

    def tails(self, eta: Array) -> Tails:
        """Log probabilities of both outcomes and their derivatives, elementwise."""
        distance = np.abs(eta)
        # The smaller probability is t exp(-eta^2 / 2), t = erfcx(|eta| / sqrt 2) / 2.
        t = 0.5 * special.erfcx(distance * np.sqrt(0.5))
        square = 0.5 * distance * distance
        fall = np.exp(-square)
        small, large = np.log(t) - square, np.log1p(-t * fall)
        ratio_small = (1.0 / np.sqrt(2.0 * np.pi)) / t
        ratio_large = fall * (1.0 / np.sqrt(2.0 * np.pi)) / (1.0 - t * fall)
        positive = eta > 0.0
        up = np.where(positive, ratio_large, ratio_small)
        down = np.where(positive, ratio_small, ratio_large)
        return Tails(
            np.where(positive, large, small),
            up,
            -up * (eta + up),
            np.where(positive, small, large),
            -down,
            -down * (down - eta),
        )


@dataclass(frozen=True)
class Cauchit(UnitLink):
    """The standard Cauchy quantile of the mean."""

    name: str = "cauchit"
    width: float = 1.1
    symmetric: bool = True

    def link(self, mu: Array) -> Array:
        """Linear predictor of a mean, elementwise."""
        return np.tan(np.pi * (np.asarray(mu) - 0.5))

    def upper_tail(self, eta: Array) -> tuple[Array, Array, Array]:
        """``log mu`` and its two derivatives in ``eta``, elementwise."""
        mean = np.arctan2(1.0, -eta) / np.pi
        spread = 1.0 / (1.0 + eta * eta)
        first = spread / (np.pi * mean)
        return np.log(mean), first, -first * (2.0 * eta * spread + first)

    def tails(self, eta: Array) -> Tails:
        """Log probabilities of both outcomes and their derivatives, elementwise."""
        mean, rest = np.arctan2(1.0, -eta) / np.pi, np.arctan2(1.0, eta) / np.pi
        spread = 1.0 / (1.0 + eta * eta)
        density = spread / np.pi
        slope = -2.0 * eta * spread
        up, down = density / mean, density / rest
        return Tails(
            np.log(mean), up, up * (slope - up), np.log(rest), -down, -down * (slope + down)
        )


@dataclass(frozen=True)
class Cloglog(UnitLink):
    """``log(-log(1 - mu))``."""

    name: str = "cloglog"
    width: float = np.pi / 2

    def link(self, mu: Array) -> Array:
        """Linear predictor of a mean, elementwise."""
        return np.log(-np.log1p(np.negative(mu)))

    def inverse(self, eta: Array) -> Array:
        """Mean of a linear predictor, elementwise."""
        return -np.expm1(-np.exp(np.minimum(eta, 700.0)))

    def tails(self, eta: Array) -> Tails:
        """Log probabilities of both outcomes and their derivatives, elementwise."""
        hazard = np.exp(np.clip(eta, -700.0, 300.0))
        capped = np.minimum(hazard, 700.0)
        survival = np.exp(-capped)
        mean = -np.expm1(-capped)
        up = capped * survival / mean
        # log(1 - exp(-h)) = log h - h / 2 + O(h^2): exact where exp(eta) is no number any more
        upper = np.where(eta < SMALL_HAZARD, eta - 0.5 * hazard, np.log(mean))
        return Tails(upper, up, up * (1.0 - capped / mean), -hazard, -hazard, -hazard)


@dataclass(frozen=True)
class LogProbability(UnitLink):
    r"""``log(mu)``, of a probability.

    The mean would reach 1 at ``eta = 0``, and a Gaussian for ``eta`` always passes that point.
    From ``eta = -0.05`` (mean 0.95) upwards ``log(1 - mu)`` is continued linearly, with its
    value and first derivative, so that the mean approaches 1 from below.
    """

    name: str = "log"
    width: float = 0.3

    def link(self, mu: Array) -> Array:
        """Linear predictor of a mean, elementwise."""
        return np.log(mu)

    def tails(self, eta: Array) -> Tails:
        """Log probabilities of both outcomes and their derivatives, elementwise."""
        edge = CONTINUED_ABOVE
        inside = np.minimum(eta, edge)
        rest = -np.expm1(inside)
        ratio = np.exp(inside) / rest
        upper, upper_first = inside, np.ones_like(inside)
        upper_second = np.zeros_like(inside)
        lower, lower_second = np.log(rest), -ratio * (1.0 + ratio)
        beyond = eta > edge
        if np.any(beyond):
            lower = np.where(beyond, lower - ratio * (eta - inside), lower)
            lower_second = np.where(beyond, 0.0, lower_second)
            fall = np.exp(lower)
            mean = -np.expm1(np.minimum(lower, -1e-3))
            upper = np.where(beyond, np.log(mean), upper)
            upper_first = np.where(beyond, ratio * fall / mean, upper_first)
            upper_second = np.where(beyond, -ratio * ratio * fall / (mean * mean), 0.0)
        return Tails(upper, upper_first, upper_second, lower, -ratio, lower_second)


UNIT_LINKS: dict[str, UnitLink] = {
    link.name: link for link in (Logit(), Probit(), Cauchit(), Cloglog(), LogProbability())
}


def unit_link(family: str, name: str, allowed: tuple[str, ...] = tuple(UNIT_LINKS)) -> UnitLink:
    """Return the link `name` of a family whose mean lies between 0 and 1.

    Parameters
    ----------
    family : str
        R's name of the family, for the message.
    name : str
        Name of the link.
    allowed : tuple of str
        Links of this family.

    Examples
    --------
    >>> unit_link("binomial", "probit").inverse(np.array([0.0])).tolist()
    [0.5]
    """
    check_link(family, name, allowed)
    return UNIT_LINKS[name]
