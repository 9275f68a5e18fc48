"""The binomial family."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from glmmvi.errors import GlmmviWarning
from glmmvi.model.families.density import Density, Kernel
from glmmvi.model.families.family import Family
from glmmvi.model.families.link import Link
from glmmvi.model.families.response_checks import (
    require,
    response_and_weights,
    times,
    y_log_y_over_mu,
)
from glmmvi.model.families.softplus import minus_softplus
from glmmvi.model.families.unit_links import Logit, UnitLink, unit_link
from glmmvi.unknown_arguments import names_arguments

Array = NDArray[np.float64]
_NONE = np.empty(0)


@names_arguments
def binomial(link: str = "logit") -> BinomialFamily:
    """Binomial family, for 0/1, proportions with totals, or ``cbind(successes, failures)``.

    Parameters
    ----------
    link : {"logit", "probit", "cauchit", "cloglog", "log"}

    Returns
    -------
    BinomialFamily

    Examples
    --------
    >>> binomial().inverse_link([0.0]).tolist()
    [0.5]
    >>> density = binomial("probit").bind([1.0, 0.0])
    >>> density.pointwise(np.zeros(2), np.empty(0))[0].round(6).tolist()
    [-0.693147, -0.693147]
    """
    return BinomialFamily(unit_link("binomial", link))


@dataclass(frozen=True)
class BinomialFamily(Family):
    """Successes among trials; `simulate` and ``y`` speak of proportions."""

    link_function: Link = field(default_factory=Logit)

    @property
    def name(self) -> str:
        """R's printed name."""
        return "binomial"

    @property
    def takes_totals(self) -> bool:
        """Yes."""
        return True

    def bind(
        self, y: ArrayLike, weights: ArrayLike | None = None, totals: ArrayLike | None = None
    ) -> Density:
        """Check a response and bind it; see `Family.bind`.

        Without `totals` the weights are the totals, R's rule for a vector response; with them
        they multiply the log density. Successes that are not whole numbers are kept as they are
        (R rounds them in the log likelihood, but not in the estimating equations).
        """
        response, trials, multiplier = trials_of(y, weights, totals)
        successes, failures = trials * response, trials * (1.0 - response)
        constant = times(multiplier, log_choose(successes, failures))
        start = self.link((trials * response + 0.5) / (trials + 1.0))
        link = self.link_function
        assert isinstance(link, UnitLink)
        scale = np.asarray(times(multiplier, trials))
        if isinstance(link, Logit):
            return Density(
                len(response),
                minus_softplus,
                start,
                _NONE,
                scale=None if (scale == 1.0).all() else scale,
                linear=np.asarray(times(multiplier, successes)),
                constant=lambda dispersion: (constant, _NONE),
            )
        bernoulli = link.symmetric and ((response == 0.0) | (response == 1.0)).all()
        kernel: _OneTail | _TwoTails = _TwoTails(link, response, 1.0 - response)
        if bernoulli:
            kernel = _OneTail(link, 2.0 * response - 1.0)
        return Density(
            len(response),
            kernel,
            start,
            _NONE,
            scale=None if (scale == 1.0).all() else scale,
            constant=lambda dispersion: (constant, _NONE),
            width=link.width,
        )

    def variance(self, mu: ArrayLike, dispersion: ArrayLike = ()) -> Array:
        """Variance of one trial."""
        mean = np.asarray(mu, dtype=np.float64)
        return mean * (1.0 - mean)

    def dev_resids(self, y: ArrayLike, mu: ArrayLike, weights: ArrayLike) -> Array:
        """Squared deviance residuals; `weights` are the totals."""
        response, mean = np.asarray(y, dtype=np.float64), np.asarray(mu, dtype=np.float64)
        inside = y_log_y_over_mu(response, mean) + y_log_y_over_mu(1.0 - response, 1.0 - mean)
        return 2.0 * np.asarray(weights) * inside

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
        trials = np.round(simulated_trials(totals, weights))
        draws = rng.binomial(trials.astype(np.int64), mean, size=mean.shape)
        return draws / np.maximum(trials, 1.0)


def simulated_trials(totals: ArrayLike | None, weights: ArrayLike | None) -> Array:
    """Return the number of trials to simulate: totals, else weights, else 1."""
    source = totals if totals is not None else weights if weights is not None else 1.0
    return np.asarray(source, dtype=np.float64)


def trials_of(
    y: ArrayLike, weights: ArrayLike | None, totals: ArrayLike | None
) -> tuple[Array, Array, Array | None]:
    """Check a binomial response; return proportions, trials and the multiplier of log p.

    Raises
    ------
    DataError
        ``y values must be 0 <= y <= 1``.

    Warns
    -----
    GlmmviWarning
        ``non-integer #successes in a binomial glm!``, or ``non-integer counts ...``.
    """
    response, multiplier = response_and_weights(y, weights)
    if totals is None:
        trials = np.ones_like(response) if multiplier is None else multiplier
        response = np.where(trials == 0.0, 0.0, response)
        multiplier, what = None, "#successes"
    else:
        trials, what = np.ascontiguousarray(totals, dtype=np.float64), "counts"
    require((response >= 0.0) & (response <= 1.0), "y values must be 0 <= y <= 1", response)
    counts = trials * response
    if (np.abs(counts - np.round(counts)) > 1e-3).any():
        warnings.warn(f"non-integer {what} in a binomial glm!", GlmmviWarning, stacklevel=4)
    return response, trials, multiplier


def log_choose(successes: Array, failures: Array) -> Array | float:
    """Return the log binomial coefficient, elementwise; the number 0 where all rows have it."""
    if ((successes + failures <= 1.0) & ((successes == 0.0) | (failures == 0.0))).all():
        return 0.0
    return (
        special.gammaln(successes + failures + 1.0)
        - special.gammaln(successes + 1.0)
        - special.gammaln(failures + 1.0)
    )


@dataclass(frozen=True, eq=False)
class _TwoTails:
    """``y log mu + (1 - y) log(1 - mu)`` for any link."""

    link: UnitLink
    success: Array
    failure: Array

    def __call__(self, eta: Array, dispersion: Array, rows: slice, second: bool) -> Kernel:
        tails = self.link.tails(eta)
        success, failure = self.success[rows], self.failure[rows]
        return Kernel(
            success * tails.upper + failure * tails.lower,
            success * tails.upper_first + failure * tails.lower_first,
            success * tails.upper_second + failure * tails.lower_second if second else None,
        )


@dataclass(frozen=True, eq=False)
class _OneTail:
    """``log mu(sign eta)`` for a symmetric link and responses of 0 and 1."""

    link: UnitLink
    sign: Array

    def __call__(self, eta: Array, dispersion: Array, rows: slice, second: bool) -> Kernel:
        sign = self.sign[rows]
        value, first, curvature = self.link.upper_tail(sign * eta)
        return Kernel(value, sign * first, curvature if second else None)
