"""The log density of one data set's response, as a function of the linear predictor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from glmmvi.errors import DataError

Array: TypeAlias = NDArray[np.float64]


class Kernel(NamedTuple):
    """The part of a log density that changes with the linear predictor, elementwise.

    Attributes
    ----------
    value, first : float64, shape (..., rows)
        The kernel and its derivative in `eta`.
    second : float64, shape (..., rows), or None
        Second derivative in `eta`, where it was asked for.
    dispersion : tuple of float64, shape (..., rows)
        Derivative in every unconstrained dispersion parameter.
    """

    value: Array
    first: Array
    second: Array | None
    dispersion: tuple[Array, ...] = ()


KernelFunction: TypeAlias = Callable[[Array, Array, slice, bool], Kernel]
"""``(eta (..., rows), dispersion (k,), rows, second) -> Kernel``."""

ConstantFunction: TypeAlias = Callable[[Array], "tuple[Array | float, Array]"]
"""``dispersion -> (constant (n,), derivative of its sum over observations (k,))``."""


def no_constant(dispersion: Array) -> tuple[float, Array]:
    """Return the constant of a density that has none."""
    return 0.0, np.zeros(len(dispersion))


class Binds(Protocol):
    """A family, as far as a density knows it."""

    @property
    def name(self) -> str:
        """Printed name."""
        ...

    @property
    def takes_totals(self) -> bool:
        """Whether the response may be ``cbind(successes, failures)``."""
        ...

    def bind(self, y: Any, weights: Any = None, totals: Any = None) -> Density:
        """See :meth:`glmmvi.model.families.Family.bind`."""
        ...


@dataclass(frozen=True, eq=False)
class DensityOrigin:
    """A family and the response, weights and totals that it is bound to."""

    family: Binds
    y: Array
    weights: Array | None
    totals: Array | None


def bound_density(origin: DensityOrigin) -> Density:
    """Bind a family to a response; the density remembers what it was made from.

    Parameters
    ----------
    origin : DensityOrigin

    Returns
    -------
    Density
        It can be pickled, although a density holds functions: it is bound again.

    Raises
    ------
    DataError
        For totals with a family that has none (R: ``updateXwts: dimension mismatch``).
    """
    if origin.totals is not None and not origin.family.takes_totals:
        raise DataError(
            f"the response of the {origin.family.name} family is one number a row, not "
            "cbind(successes, failures), which is for family 'binomial' or 'betabinomial'. Give "
            "one column as the response; what a count is out of goes into offset(log(...))"
        )
    density = origin.family.bind(origin.y, origin.weights, totals=origin.totals)
    return replace(density, origin=origin)


@dataclass(frozen=True, eq=False)
class Density:
    r"""Log density of every observation, weights included.

    .. math:: \log p_i = s_i \, k_i(\eta_i, \phi) + l_i \eta_i + c_i(\phi)

    What a family makes of a response (`Family.bind`), and all that inference needs to know of
    it: ``glmmvi.inference.likelihood.make_likelihood`` adds the expectations under a Gaussian
    linear predictor.

    Attributes
    ----------
    n : int
        Observations.
    kernel : callable
        ``(eta, dispersion, rows, second) -> Kernel``, elementwise; `rows` is the slice of the
        observations that the last axis of `eta` covers.
    starting_eta : float64, shape (n,)
        Where R's ``glm`` starts: the link of its ``mustart``.
    starting_dispersion : float64, shape (k,)
        Unconstrained; its length is the number of dispersion parameters.
    scale : float64, shape (n,), optional
        ``s``; 1 if None.
    linear : float64, shape (n,), optional
        ``l``; 0 if None.
    constant : callable
        ``dispersion -> (c (n,), d(sum c)/dphi (k,))``.
    width : float or callable
        Distance from the real axis at which the kernel stops being smooth, or
        ``dispersion -> distance``; rules the number of quadrature nodes.
    origin : DensityOrigin, optional
        What it was bound from; a density is pickled as that.

    Examples
    --------
    >>> def kernel(eta, dispersion, rows, second):
    ...     mu = np.exp(eta)
    ...     return Kernel(-mu, -mu, -mu)
    >>> y = np.array([1.0])
    >>> density = Density(1, kernel, np.log(y), np.empty(0), linear=y)
    >>> [float(part[0]) for part in density.pointwise(np.zeros(1), np.empty(0))]
    [-1.0, 0.0, -1.0]
    """

    n: int
    kernel: KernelFunction
    starting_eta: Array
    starting_dispersion: Array
    scale: Array | None = None
    linear: Array | None = None
    constant: ConstantFunction = no_constant
    width: float | Callable[[Array], float] = np.pi
    origin: DensityOrigin | None = None

    def __reduce__(self) -> Any:
        if self.origin is None:
            return super().__reduce__()
        return bound_density, (self.origin,)

    @property
    def n_dispersion(self) -> int:
        """Number of unconstrained dispersion parameters."""
        return len(self.starting_dispersion)

    def smoothness(self, dispersion: Array) -> float:
        """Return the distance from the real axis at which the kernel stops being smooth."""
        return self.width(dispersion) if callable(self.width) else self.width

    def start(self) -> tuple[Array, Array]:
        """Return copies of the starting linear predictor and dispersion."""
        return self.starting_eta.copy(), self.starting_dispersion.copy()

    def pointwise(self, eta: Array, dispersion: Array) -> tuple[Array, Array, Array]:
        """Log density and its first two derivatives in `eta`.

        Parameters
        ----------
        eta : float64, shape (..., n)
            Linear predictor.
        dispersion : float64, shape (k,)
            Unconstrained.

        Returns
        -------
        log_prob, first, second : float64, shape (..., n)
        """
        value, first, second, _ = self.kernel(eta, dispersion, slice(0, self.n), True)
        assert second is not None
        if self.scale is not None:
            value, first, second = value * self.scale, first * self.scale, second * self.scale
        if self.linear is not None:
            value, first = value + self.linear * eta, first + self.linear
        return value + self.constant(dispersion)[0], first, second
