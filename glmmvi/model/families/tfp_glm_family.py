"""The members of ``tfp.glm`` as families, through their own ``log_prob``.

Their dispersions are constants, and their means are theirs: ``GammaExp(c)`` has mean
``c exp(eta)``. TensorFlow is there already, since such a member is an object of TFP.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glmmvi.errors import DataError
from glmmvi.model.families.density import Density
from glmmvi.model.families.family import Family
from glmmvi.model.families.link import Link
from glmmvi.model.families.mean_links import LogLink
from glmmvi.model.families.reciprocal_link import ReciprocalLink
from glmmvi.model.families.response_checks import response_and_weights
from glmmvi.model.families.unit_links import Logit, Probit, UnitLink

Array = NDArray[np.float64]


@dataclass(frozen=True)
class SoftplusLink(Link):
    """``log(exp(mu) - 1)``: the mean is ``log(1 + exp(eta))``.

    Examples
    --------
    >>> SoftplusLink().link(SoftplusLink().inverse(np.array([-2.0, 3.0]))).round(6).tolist()
    [-2.0, 3.0]
    """

    name: str = "softplus"

    def link(self, mu: Array) -> Array:
        """Linear predictor of a mean, elementwise."""
        return mu + np.log(-np.expm1(-np.asarray(mu, dtype=np.float64)))

    def inverse(self, eta: Array) -> Array:
        """Mean of a linear predictor, elementwise."""
        return np.logaddexp(0.0, eta)

    def mu_eta(self, eta: Array) -> Array:
        """Derivative of the mean in the linear predictor, elementwise."""
        return Logit().inverse(eta)


def tfp_glm_link(member: Any) -> Link:
    """Return the link of a member of ``tfp.glm``; identity for a custom one."""
    name = type(member).__name__
    known: dict[str, Link] = {
        "Bernoulli": Logit(),
        "Binomial": Logit(),
        "BernoulliNormalCDF": Probit(),
        "NormalReciprocal": ReciprocalLink(),
        **dict.fromkeys(("GammaExp", "LogNormal", "NegativeBinomial", "Poisson"), LogLink()),
    }
    if name in known:
        return known[name]
    return SoftplusLink() if name.endswith("Softplus") else Link()


@dataclass(frozen=True, eq=False)
class TfpGlmFamily(Family):
    """A member of ``tfp.glm``.

    ``mu`` is what the link makes of ``eta`` and `response_mean` the member's mean, which for
    ``GammaExp(c)``, ``GammaSoftplus(c)`` and ``Binomial(m)`` differ by a constant factor.

    Attributes
    ----------
    member : tfp.glm.ExponentialFamily

    Examples
    --------
    >>> import tensorflow_probability as tfp
    >>> family = TfpGlmFamily(LogLink(), tfp.glm.GammaExp(2.0))
    >>> family.inverse_link([0.0]).tolist(), family.response_mean([1.0]).tolist()
    ([1.0], [2.0])
    """

    member: Any
    jit_compile: bool = False

    @property
    def name(self) -> str:
        """Name of the member's class."""
        return type(self.member).__name__

    @property
    def takes_totals(self) -> bool:
        """Yes, if they are those of the member: `bind` looks."""
        return True

    @property
    def total_count(self) -> float | None:
        """Number of trials of ``tfp.glm.Binomial``."""
        count = getattr(self.member, "_total_count", None)
        return float(count) if self.name == "Binomial" and count is not None else None

    def for_response(self, y: ArrayLike) -> TfpGlmFamily:
        """Return the family; for ``NormalReciprocal`` continued around its pole."""
        if not isinstance(self.link_function, ReciprocalLink):
            return self
        link = self.link_function.for_response(np.asarray(y, dtype=np.float64))
        return replace(self, link_function=link)

    def bind(
        self, y: ArrayLike, weights: ArrayLike | None = None, totals: ArrayLike | None = None
    ) -> Density:
        """Bind a response. Weights multiply the log density, also for Bernoulli.

        Raises
        ------
        DataError
            If totals are given that are not those of the member, or a response has no finite
            density.
        """
        from glmmvi.model.families.tfp_density import TfpKernel, elementwise_derivatives

        response, multiplier = response_and_weights(y, weights)
        if totals is not None:
            counts = np.asarray(totals, dtype=np.float64)
            if (counts != (self.total_count or 1.0)).any():
                raise DataError(
                    f"tfp.glm.{self.name} has {self.total_count or 1:g} trials a row, the "
                    "response other totals: use family='binomial'"
                )
            response = response * counts
        fitted = self.for_response(response)
        density = Density(
            len(response),
            TfpKernel(
                elementwise_derivatives(fitted._log_prob, 0, jit_compile=self.jit_compile),
                (response,),
            ),
            fitted._start(response),
            np.empty(0),
            scale=multiplier,
            width=fitted._width(response),
        )
        value = density.pointwise(density.starting_eta, np.empty(0))[0]
        if not np.isfinite(value).all():
            row = int(np.flatnonzero(~np.isfinite(value))[0])
            raise DataError(
                f"tfp.glm.{self.name} has no finite density at the response of row {row} of the "
                f"rows used ({response[row]:.7g}): log density {value[row]}"
            )
        return density

    def response_mean(self, mu: ArrayLike, dispersion: ArrayLike = ()) -> Array:
        """Mean of the response, as the member gives it."""
        return np.asarray(self._at(self.link(mu)).mean(), dtype=np.float64)

    def variance(self, mu: ArrayLike, dispersion: ArrayLike = ()) -> Array:
        """Variance of the response, as the member gives it."""
        return np.asarray(self._at(self.link(mu)).variance(), dtype=np.float64)

    def simulate(
        self,
        eta: ArrayLike,
        dispersion: ArrayLike,
        rng: np.random.Generator,
        weights: ArrayLike | None = None,
        totals: ArrayLike | None = None,
    ) -> Array:
        """Draw responses: for Binomial counts, not proportions."""
        from glmmvi.model.families.tfp_density import sample_numpy

        return sample_numpy(self._at(eta), rng)

    def _at(self, eta: ArrayLike) -> Any:
        import tensorflow as tf

        return self.member.as_distribution(self._predictor(tf.constant(eta, tf.float64)))

    def _log_prob(self, data: Any, eta: Any, dispersion: Any) -> Any:
        import tensorflow as tf

        response = tf.broadcast_to(data[0], tf.shape(eta))
        return self.member.log_prob(response, self._predictor(eta))

    def _predictor(self, eta: Any) -> Any:
        """The predictor that the member sees: around a pole, of the continued link."""
        link = self.link_function
        if not isinstance(link, ReciprocalLink) or link.floor == 0.0:
            return eta
        import tensorflow as tf

        side = link.sign * eta
        above = tf.maximum(2.0 * link.floor - side, link.floor)
        return link.sign * tf.where(side < link.floor, link.floor**2 / above, side)

    def _start(self, response: Array) -> Array:
        typical = max(float(np.mean(np.abs(response))), 1e-8)
        if isinstance(self.link_function, UnitLink):
            count = self.total_count or 1.0
            return self.link((response + 0.5) / (count + 1.0))
        if isinstance(self.link_function, LogLink | SoftplusLink):
            return self.link(np.maximum(response / self._factor(), 0.1 * typical))
        if isinstance(self.link_function, ReciprocalLink):
            away = self.link_function.sign * 0.1 * typical
            return self.link(np.where(np.abs(response) > abs(away), response, away))
        return response.copy() if self.name == "Normal" else np.zeros_like(response)

    def _factor(self) -> float:
        """Mean of the response over ``mu``, a constant."""
        return float(self.response_mean(np.ones(1))[0])

    def _width(self, response: Array) -> float:
        link = self.link_function
        if isinstance(link, ReciprocalLink):
            return 0.5 / max(float(np.median(np.abs(response))), 1e-8)
        return link.width if isinstance(link, UnitLink) else 2.0
