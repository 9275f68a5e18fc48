"""Any TFP distribution with a scalar linear predictor, as a family.

TensorFlow is loaded when such a family is made.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from glmmvi.errors import ArgumentError, DataError, nearest_hint
from glmmvi.model.families.density import Density
from glmmvi.model.families.family import Dispersion, Family
from glmmvi.model.families.link import Link
from glmmvi.model.families.mean_links import POSITIVE_MEAN_LINKS, LogLink
from glmmvi.model.families.response_checks import response_and_weights
from glmmvi.model.families.unit_links import UNIT_LINKS, UnitLink

Array = NDArray[np.float64]

_SUPPORTS: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "real": (lambda x: x, lambda x: x),
    "positive": (np.exp, np.log),
    "unit": (special.expit, special.logit),
}


class Parameters(dict[str, Any]):
    """Dispersion parameters by name: ``phi["theta"]`` or ``phi.theta``."""

    def __getattr__(self, name: str) -> Any:
        if name in self:
            return self[name]
        raise AttributeError(f"no dispersion parameter {name!r}: there are {', '.join(self)}")


def from_tfp(
    distribution: Callable[..., Any],
    *,
    link: str | None = None,
    dispersion: Mapping[str, Any] | None = None,
    name: str | None = None,
    start: ArrayLike | None = None,
    jit_compile: bool = False,
) -> Family:
    """Make a family of a TFP distribution; also ``Family.from_tfp``.

    Expectations are by Gauss-Hermite quadrature and derivatives by TensorFlow's autodiff, in
    float64.

    Parameters
    ----------
    distribution : callable
        ``(eta)`` or ``(eta, phi)`` to a TFP distribution, elementwise in `eta`; `phi` holds the
        dispersion parameters on their own scale, ``phi.theta`` or ``phi["theta"]``. A third
        argument ``totals``, where there is one, gets the totals of ``cbind`` (or the weights):
        the distribution is then that of the number of successes.
    link : str, optional
        Name of the link that `distribution` uses: ``log``, ``logit``, ``probit``, ... It names
        the link in printouts, gives means and good starting values. By default identity.
    dispersion : mapping of str to str or tfp.bijectors.Bijector, optional
        Dispersion parameters to estimate: ``"positive"``, ``"unit"`` (between 0 and 1),
        ``"real"``, or a bijector from the real line.
    name : str, optional
        For printouts; by default the distribution's.
    start : float64, shape (k,), optional
        Starting values of the dispersion parameters, natural scale; by default the image of 0.
    jit_compile : bool
        Whether XLA compiles the density.

    Returns
    -------
    Family

    Raises
    ------
    ArgumentError
        If the link or a support is unknown, or `distribution` takes other arguments.

    Examples
    --------
    >>> from tensorflow_probability import distributions as tfd
    >>> family = from_tfp(lambda eta, phi: tfd.Gumbel(eta, phi.s), dispersion={"s": "positive"})
    >>> family.name, family.dispersion_names
    ('Gumbel', ('s',))
    >>> family.bind([0.0]).pointwise(np.zeros(1), np.zeros(1))[0].tolist()
    [-1.0]
    """
    chosen = _named_link(link)
    parameters = tuple(_parameter(key, value) for key, value in (dispersion or {}).items())
    arguments = tuple(inspect.signature(distribution).parameters)
    expected = ("eta", "phi", "totals")
    if not 1 <= len(arguments) <= 3 or (len(arguments) == 1 and parameters):
        raise ArgumentError(
            f"the distribution takes {len(arguments)} arguments ({', '.join(arguments)}): it must "
            f"take {', '.join(expected[: 2 if parameters else 1])}"
            + ("" if parameters else ", and phi and totals if it wants them")
        )
    natural = None if start is None else np.atleast_1d(np.asarray(start, dtype=np.float64))
    if natural is not None and len(natural) != len(parameters):
        raise ArgumentError(
            f"start has {len(natural)} values for {len(parameters)} dispersion parameters"
        )
    return TfpFamily(
        chosen,
        distribution,
        parameters,
        dict(dispersion or {}),
        name,
        None if natural is None else tuple(float(value) for value in natural),
        jit_compile,
        len(arguments),
    )


def _named_link(name: str | None) -> Link:
    if name is None or name == "identity":
        return Link()
    links: dict[str, Link] = {**UNIT_LINKS, **POSITIVE_MEAN_LINKS}
    if name not in links:
        raise ArgumentError(
            f'link "{name}" is not known{nearest_hint(name, links)}; there are '
            f"{', '.join(sorted(links))}. Leave it out where the distribution has its own."
        )
    return links[name]


def _parameter(name: str, support: Any) -> Dispersion:
    if isinstance(support, str):
        if support not in _SUPPORTS:
            raise ArgumentError(
                f'unknown support "{support}" of dispersion parameter {name}'
                f"{nearest_hint(support, _SUPPORTS)}: use "
                f"{', '.join(_SUPPORTS)}, or a tfp.bijectors.Bijector"
            )
        return Dispersion(name, *_SUPPORTS[support])
    if not (hasattr(support, "forward") and hasattr(support, "inverse")):
        raise ArgumentError(
            f"dispersion parameter {name} is {support!r}: use {', '.join(_SUPPORTS)}, or a "
            "tfp.bijectors.Bijector"
        )
    return Dispersion(
        name,
        lambda x: float(support.forward(np.float64(x))),
        lambda x: float(support.inverse(np.float64(x))),
    )


def _failure(error: Exception) -> ArgumentError:
    reason = str(error).strip().partition("\n")[0]
    return ArgumentError(
        "the family's distribution function fails: it has to return a TFP distribution that is "
        f"elementwise in eta ({type(error).__name__}: {reason})"
    )


@dataclass(frozen=True, eq=False)
class TfpFamily(Family):
    """A family made of a TFP distribution; see `from_tfp`."""

    distribution: Callable[..., Any]
    parameters: tuple[Dispersion, ...]
    supports: dict[str, Any]
    label: str | None
    starting: tuple[float, ...] | None
    jit_compile: bool
    arguments: int

    @property
    def name(self) -> str:
        """The name given, or the distribution's."""
        return self.label if self.label is not None else type(self._at(np.zeros(1), None)).__name__

    @property
    def takes_totals(self) -> bool:
        """Whether the distribution is a function of them."""
        return self.arguments == 3

    @property
    def _dispersions(self) -> tuple[Dispersion, ...]:
        return self.parameters

    def bind(
        self, y: ArrayLike, weights: ArrayLike | None = None, totals: ArrayLike | None = None
    ) -> Density:
        """Bind a response; see `Family.bind`. Weights multiply the log density.

        A distribution of three arguments takes totals: from `totals`, else `weights`, else 1.

        Raises
        ------
        DataError
            If the distribution has no finite density at some response.
        """
        from glmmvi.model.families.tfp_density import TfpKernel, elementwise_derivatives

        response, multiplier = response_and_weights(y, weights)
        data: tuple[Array, ...] = (response,)
        if self.arguments == 3:
            trials, multiplier = (
                (np.asarray(totals, dtype=np.float64), multiplier)
                if totals is not None
                else (np.ones_like(response) if multiplier is None else multiplier, None)
            )
            data = (response * trials, trials)
        evaluate = elementwise_derivatives(
            self._log_prob, len(self.parameters), jit_compile=self.jit_compile
        )
        start = self._start(response)
        dispersion = self._starting_dispersion()
        self._check(start, data)
        density = Density(
            len(response),
            TfpKernel(evaluate, data),
            start,
            dispersion,
            scale=multiplier,
            width=self._width(),
        )
        value = density.pointwise(start, dispersion)[0]
        if not np.isfinite(value).all():
            row = int(np.flatnonzero(~np.isfinite(value))[0])
            raise DataError(
                f"the {self.name} family has no finite density at the response of row {row} of "
                f"the rows used ({response[row]:.7g}): log density {value[row]}"
                + (", at the starting dispersion: start= gives another" if self.parameters else "")
            )
        return density

    def response_mean(self, mu: ArrayLike, dispersion: ArrayLike = ()) -> Array:
        """Mean of the distribution."""
        return np.asarray(self._at(self.link(mu), dispersion).mean(), dtype=np.float64)

    def variance(self, mu: ArrayLike, dispersion: ArrayLike = ()) -> Array:
        """Variance of the distribution."""
        return np.asarray(self._at(self.link(mu), dispersion).variance(), dtype=np.float64)

    def simulate(
        self,
        eta: ArrayLike,
        dispersion: ArrayLike,
        rng: np.random.Generator,
        weights: ArrayLike | None = None,
        totals: ArrayLike | None = None,
    ) -> Array:
        """Draw responses; proportions where the distribution takes totals."""
        from glmmvi.model.families.tfp_density import sample_numpy

        trials = totals if totals is not None else weights
        draws = sample_numpy(self._at(eta, dispersion, trials), rng)
        if self.arguments < 3 or trials is None:
            return draws
        return draws / np.maximum(np.asarray(trials, dtype=np.float64), 1.0)

    def _start(self, response: Array) -> Array:
        if isinstance(self.link_function, UnitLink):
            inside = (response >= 0.0) & (response <= 1.0)
            return self.link(np.where(inside, (response + 0.5) / 2.0, 0.5))
        typical = max(float(np.mean(np.abs(response))), 1e-8)
        if isinstance(self.link_function, LogLink):
            return np.log(np.maximum(response, 0.1 * typical))
        if type(self.link_function) is not Link:
            return self.link(np.maximum(response, 0.1 * typical))
        return np.zeros_like(response)

    def _width(self) -> float:
        """Return how smooth the density is supposed to be: cautious where nothing is known."""
        if isinstance(self.link_function, UnitLink):
            return self.link_function.width
        return 2.5 if isinstance(self.link_function, LogLink) else 1.0

    def _starting_dispersion(self) -> Array:
        if self.starting is None:
            return np.zeros(len(self.parameters))
        return self.to_unconstrained(self.starting)

    def _at(self, eta: ArrayLike, dispersion: ArrayLike | None, totals: Any = None) -> Any:
        """Return the distribution at NumPy values."""
        import tensorflow as tf

        values = self._starting_dispersion() if dispersion is None else dispersion
        predictor = tf.constant(np.asarray(eta, dtype=np.float64))
        natural = (tf.constant(value, tf.float64) for value in self.to_natural(values))
        trials = tf.ones_like(predictor) if totals is None else tf.constant(totals, tf.float64)
        phi = Parameters(zip(self.dispersion_names, natural, strict=True))
        try:
            return self.distribution(*(predictor, phi, trials)[: self.arguments])
        except Exception as error:
            raise _failure(error) from error

    def _check(self, eta: Array, data: tuple[Array, ...]) -> None:
        """Refuse a function that does not make a distribution for every linear predictor.

        Raises
        ------
        ArgumentError
        DataError
            If a response is not in the distribution's support.
        """
        totals = data[1] if self.arguments == 3 else None
        made = self._at(eta, None, totals)
        try:
            event_shape, batch_shape = tuple(made.event_shape), tuple(made.batch_shape)
            log_density = np.asarray(made.log_prob(data[0]))
        except Exception as error:
            raise _failure(error) from error
        if event_shape or batch_shape != eta.shape:
            raise ArgumentError(
                f"the family's distribution has batch shape {batch_shape} and event shape "
                f"{event_shape} for {len(eta)} linear predictors: it has to be one of numbers, "
                "elementwise in eta"
            )
        if np.isnan(log_density).any():
            row = int(np.flatnonzero(np.isnan(log_density))[0])
            raise DataError(
                f"the {self.name} family has no density at the response of row {row} of the rows "
                f"used ({data[0][row]:.7g}): log density {log_density[row]}"
            )

    def _log_prob(self, data: Any, eta: Any, dispersion: Any) -> Any:
        """Log density as TensorFlow sees it, elementwise."""
        import tensorflow as tf

        transforms = {"real": tf.identity, "positive": tf.exp, "unit": tf.sigmoid}
        natural = (
            transforms[support](value) if isinstance(support, str) else support.forward(value)
            for support, value in zip(self.supports.values(), dispersion, strict=True)
        )
        phi = Parameters(zip(self.supports, natural, strict=True))
        totals = data[1] if self.arguments == 3 else None
        response = tf.broadcast_to(data[0], tf.shape(eta))
        return self.distribution(*(eta, phi, totals)[: self.arguments]).log_prob(response)
