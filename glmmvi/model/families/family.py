"""What a family is: a distribution of the response given the linear predictor."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glmmvi.errors import ArgumentError
from glmmvi.model.families.link import Link

if TYPE_CHECKING:
    from glmmvi.model.families.density import Density

Array: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True)
class Dispersion:
    """A dispersion parameter: its name and its way to an unconstrained scale.

    Attributes
    ----------
    name : str
        ``sigma``, ``theta``, ``precision``, ...
    to_natural, to_unconstrained : callable
        Elementwise, inverse to each other.
    """

    name: str
    to_natural: Callable[[Any], Any] = np.exp
    to_unconstrained: Callable[[Any], Any] = np.log


@dataclass(frozen=True)
class Family:
    """A distribution of the response with a scalar linear predictor and a link.

    The constructors (`binomial`, `poisson`, ...) make the families; `Family.from_tfp` makes one
    of any TFP distribution.

    Attributes
    ----------
    link_function : Link
        The link.
    name : str
        As R prints it: ``"binomial"``, ``"Gamma"``, ``"Negative Binomial(2)"``.
    link_name : str
        As R prints it.
    dispersion_parameters : tuple of Dispersion
        Estimated with the model; empty for binomial and Poisson.
    """

    link_function: Link

    dispersion_parameters: ClassVar[tuple[Dispersion, ...]] = ()
    constant_scale: ClassVar[bool] = False

    @property
    def name(self) -> str:
        """R's printed name."""
        raise NotImplementedError

    @property
    def link_name(self) -> str:
        """R's printed name of the link."""
        return self.link_function.name

    @property
    def has_dispersion(self) -> bool:
        """Whether a dispersion parameter is estimated."""
        return bool(self._dispersions)

    @property
    def dispersion_names(self) -> tuple[str, ...]:
        """Names of the estimated dispersion parameters."""
        return tuple(parameter.name for parameter in self._dispersions)

    @property
    def uses_scale(self) -> bool:
        """Whether R prints t values and a residual sd (gaussian, Gamma, inverse.gaussian)."""
        return self.constant_scale

    @property
    def takes_totals(self) -> bool:
        """Whether the response may be ``cbind(successes, failures)``."""
        return False

    @property
    def has_deviance_residuals(self) -> bool:
        """Whether `dev_resids` of `fitted_with` the fit's dispersion is defined."""
        return type(self).dev_resids is not Family.dev_resids

    def fitted_with(self, dispersion: ArrayLike) -> Family:
        """Return the family as it comes out of a fit: usually this one.

        Parameters
        ----------
        dispersion : float64, shape (k,)
            Unconstrained.
        """
        return self

    @property
    def _dispersions(self) -> tuple[Dispersion, ...]:
        return self.dispersion_parameters

    def __str__(self) -> str:
        return f"\nFamily: {self.name} \nLink function: {self.link_name} \n"

    # -- links -------------------------------------------------------------------------------

    def link(self, mu: ArrayLike) -> Array:
        """Linear predictor of a mean, elementwise."""
        return self.link_function.link(np.asarray(mu, dtype=np.float64))

    def inverse_link(self, eta: ArrayLike) -> Array:
        """Mean of a linear predictor, elementwise."""
        return self.link_function.inverse(np.asarray(eta, dtype=np.float64))

    def mu_eta(self, eta: ArrayLike) -> Array:
        """Derivative of the mean in the linear predictor, elementwise."""
        return self.link_function.mu_eta(np.asarray(eta, dtype=np.float64))

    # -- dispersion --------------------------------------------------------------------------

    def to_natural(self, dispersion: ArrayLike) -> Array:
        """Dispersion parameters on their own scale.

        Parameters
        ----------
        dispersion : float64, shape (k,)
            Unconstrained, as the engine works with them.
        """
        values = np.asarray(dispersion, dtype=np.float64)
        pairs = zip(self._dispersions, values, strict=True)
        return np.array([float(p.to_natural(value)) for p, value in pairs])

    def to_unconstrained(self, natural: ArrayLike | Mapping[str, float]) -> Array:
        """Inverse of `to_natural`; also takes a mapping of names to values."""
        if isinstance(natural, Mapping):
            natural = [natural[name] for name in self.dispersion_names]
        values = np.asarray(natural, dtype=np.float64)
        pairs = zip(self._dispersions, values, strict=True)
        return np.array([float(p.to_unconstrained(value)) for p, value in pairs])

    # -- the distribution --------------------------------------------------------------------

    def bind(
        self, y: ArrayLike, weights: ArrayLike | None = None, totals: ArrayLike | None = None
    ) -> Density:
        """Check a response and bind it to this family.

        Parameters
        ----------
        y : float64, shape (n,)
            Response; for binomial families the proportion of successes.
        weights : float64, shape (n,), optional
            Prior weights, which multiply the log density. Gaussian, Gamma, inverse Gaussian: they
            divide the dispersion, as in lme4 (the variance is ``sigma^2 V(mu) / weights``). A row
            of weight 0 says nothing. Binomial without `totals`: the totals.
        totals : float64, shape (n,), optional
            Binomial families: number of trials of each row (``cbind``).

        Returns
        -------
        Density

        Raises
        ------
        DataError
            R's sentence, for values outside of the family's range.
        """
        raise NotImplementedError

    def for_response(self, y: ArrayLike) -> Family:
        """Return the family that is fitted to a response: usually this one.

        A power link ends at ``eta = 0``; the returned family continues it below a linear
        predictor that the response rules out (see `mean_links`). `bind` does this by itself;
        whoever simulates from a fit, or needs a mean for every ``eta``, takes this family.
        """
        return self

    def variance(self, mu: ArrayLike, dispersion: ArrayLike = ()) -> Array:
        """R's variance function: of one response (one trial), up to ``sigma^2``.

        Parameters
        ----------
        mu : float64, shape (n,)
            Mean.
        dispersion : float64, shape (k,)
            Unconstrained; unused where `uses_scale`.
        """
        raise NotImplementedError

    def response_mean(self, mu: ArrayLike, dispersion: ArrayLike = ()) -> Array:
        """Mean of the response, which is ``mu`` but for zero-inflated families."""
        return np.array(mu, dtype=np.float64)

    def response_variance(self, mu: ArrayLike, dispersion: ArrayLike = ()) -> Array:
        """Variance of the response at weight 1, ``sigma^2`` included."""
        variance = self.variance(mu, dispersion)
        if self.uses_scale:
            variance = variance * np.exp(2.0 * np.asarray(dispersion, dtype=np.float64)[0])
        return variance

    def dev_resids(self, y: ArrayLike, mu: ArrayLike, weights: ArrayLike) -> Array:
        """Squared deviance residuals, as R's ``family()$dev.resids``.

        Raises
        ------
        ArgumentError
            For a family that has none.
        """
        raise ArgumentError(
            f'deviance residuals are not defined for the {self.name} family; use type="pearson" '
            'or type="response"'
        )

    def simulate(
        self,
        eta: ArrayLike,
        dispersion: ArrayLike,
        rng: np.random.Generator,
        weights: ArrayLike | None = None,
        totals: ArrayLike | None = None,
    ) -> Array:
        """Draw a response for every linear predictor.

        Parameters
        ----------
        eta : float64, shape (..., n)
            Linear predictor.
        dispersion : float64, shape (k,)
            Unconstrained.
        rng : numpy.random.Generator
            Advances.
        weights, totals : float64, shape (n,), optional
            As in `bind`. With either, a binomial family returns proportions.

        Returns
        -------
        float64, shape (..., n)
        """
        raise NotImplementedError

    @staticmethod
    def from_tfp(
        distribution: Callable[..., Any],
        *,
        link: str | None = None,
        dispersion: Mapping[str, Any] | None = None,
        name: str | None = None,
        start: ArrayLike | None = None,
        jit_compile: bool = False,
    ) -> Family:
        """Make a family of a TFP distribution; see `families.from_tfp.from_tfp`."""
        from glmmvi.model.families.from_tfp import from_tfp

        return from_tfp(
            distribution,
            link=link,
            dispersion=dispersion,
            name=name,
            start=start,
            jit_compile=jit_compile,
        )
