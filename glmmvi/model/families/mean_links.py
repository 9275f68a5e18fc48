r"""Links of a positive mean: log, identity, sqrt, inverse, 1/mu^2.

All but log are powers, :math:`\log \mu = c \log \eta` with :math:`c = 1, 2, -1, -1/2`, and end at
``eta = 0``. A Gaussian for ``eta`` always puts some probability beyond that end, where R's
families have no density at all: the expected log likelihood would be minus infinity. A fit
therefore continues the link below a small `floor` :math:`\eta_0`, with its value and its first
derivative, so that the mean is positive and monotone everywhere and every linear predictor has a
proper distribution of the response. Above the floor nothing is changed; the families put it where
the data say that no mean lies (their `for_response`). Two continuations:

- the log mean as a straight line, :math:`c (\log \eta_0 + (\eta - \eta_0) / \eta_0)`: a log
  density that falls linearly, a steep wall that is still finite;
- `rational`, :math:`c \log(\eta_0^2 / (2 \eta_0 - \eta))`, for densities that contain ``1 / mu``
  (Gamma and inverse Gaussian with identity link), where the first would fall exponentially and
  one node in the far tail would drown all others.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glmmvi.errors import ArgumentError
from glmmvi.model.families.link import Link

Array = NDArray[np.float64]


@dataclass(frozen=True)
class LogLink(Link):
    """``log``: the mean is ``exp(eta)``.

    Examples
    --------
    >>> float(LogLink().inverse(np.log(2.0)).round(6))
    2.0
    """

    name: str = "log"

    def link(self, mu: Array) -> Array:
        """Linear predictor of a mean, elementwise."""
        return np.log(mu)

    def inverse(self, eta: Array) -> Array:
        """Mean of a linear predictor, elementwise."""
        return np.exp(np.minimum(eta, 700.0))

    def mu_eta(self, eta: Array) -> Array:
        """Derivative of the mean in the linear predictor, elementwise."""
        return np.exp(np.minimum(eta, 700.0))


@dataclass(frozen=True)
class PowerLink(Link):
    """A power link, continued below `floor` (module docstring).

    Attributes
    ----------
    name : str
        ``identity``, ``sqrt``, ``inverse`` or ``1/mu^2``.
    exponent : float
        ``c`` in ``log mu = c log eta``.
    floor : float
        Linear predictor below which the log mean is continued; 0: not continued, R's link, with
        no mean (NaN) for ``eta <= 0``.
    rational : bool
        Which continuation.

    Examples
    --------
    >>> PowerLink("inverse", -1.0).inverse(np.array([0.5, -1.0])).tolist()
    [2.0, nan]
    >>> PowerLink("identity", 1.0, floor=0.5).inverse(np.array([2.0, 0.5, -0.5])).round(6).tolist()
    [2.0, 0.5, 0.067668]
    """

    name: str = "identity"
    exponent: float = 1.0
    floor: float = 0.0
    rational: bool = False

    def link(self, mu: Array) -> Array:
        """Linear predictor of a mean, elementwise."""
        return np.power(mu, 1.0 / self.exponent)

    def inverse(self, eta: Array) -> Array:
        """Mean of a linear predictor, elementwise."""
        return np.exp(np.minimum(self.log_mean(eta)[0], 700.0))

    def mu_eta(self, eta: Array) -> Array:
        """Derivative of the mean in the linear predictor, elementwise."""
        log_mean, first, _ = self.log_mean(eta)
        return np.exp(np.minimum(log_mean, 700.0)) * first

    def log_mean(self, eta: Array) -> tuple[Array, Array, Array]:
        """Log mean and its two derivatives in `eta`, elementwise."""
        eta = np.asarray(eta, dtype=np.float64)
        c, floor = self.exponent, self.floor
        positive = np.where(eta > 0.0, eta, np.nan)
        inside = np.maximum(eta, floor) if floor > 0.0 else positive
        first = c / inside
        value, second = c * np.log(inside), -first / inside
        below = eta < floor
        if floor == 0.0 or not below.any():
            return value, first, second
        if self.rational:
            reflected = np.where(below, 2.0 * floor - eta, floor)
            first = np.where(below, c / reflected, first)
            value = value - c * np.log(reflected / floor)
            second = np.where(below, first / reflected, second)
        else:
            value = np.where(below, value + first * (eta - floor), value)
            second = np.where(below, 0.0, second)
        return value, first, second


POSITIVE_MEAN_LINKS: dict[str, Link] = {
    "log": LogLink(),
    "identity": PowerLink("identity", 1.0),
    "sqrt": PowerLink("sqrt", 2.0),
    "inverse": PowerLink("inverse", -1.0),
    "1/mu^2": PowerLink("1/mu^2", -0.5),
}


def positive_mean_link(family: str, name: str, allowed: tuple[str, ...]) -> Link:
    """Return the link `name` of a family with a positive mean.

    Parameters
    ----------
    family : str
        R's name of the family, for the message.
    name : str
        Name of the link.
    allowed : tuple of str
        Links of this family.

    Raises
    ------
    ArgumentError
        R's sentence, with the links that there are.

    Examples
    --------
    >>> positive_mean_link("poisson", "log", ("log", "sqrt")).name
    'log'
    """
    check_link(family, name, allowed)
    return POSITIVE_MEAN_LINKS[name]


def check_link(family: str, name: object, allowed: tuple[str, ...]) -> None:
    """Raise R's error for a link that the family does not have."""
    if name not in allowed:
        links = ", ".join(f"‘{link}’" for link in allowed)
        raise ArgumentError(
            f'link "{name}" not available for {family} family; available links are {links}'
        )
