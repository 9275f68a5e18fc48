r"""Expected log likelihoods under a Gaussian linear predictor.

A `Likelihood` is a response with its weights, bound to a family: the engine asks it for
:math:`E_i = E[\log p(y_i \mid \eta_i)]`, :math:`\eta_i \sim N(m_i, v_i)`, and for derivatives.
`QuadratureLikelihood` answers by Gauss-Hermite quadrature on the scalar linear predictor; the
closed forms are in `closed_forms`; `make_likelihood` chooses. Both see arrays and callables only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from glmmvi.inference.quadrature import NormalRule, gauss_hermite, nodes_for, nodes_for_each

Array: TypeAlias = NDArray[np.float64]

_CELLS = 32_768  # nodes times rows of one pass: every temporary stays in the cache
_PAIR_CELLS = 65_536  # the same where two nodes are taken at a time
_ROWS = 262_144  # that are grouped by their number of nodes at once
_SMALL_SD = 1e-3  # below it, curvature from second derivatives instead of differences of first


@dataclass(frozen=True, eq=False)
class Expectation:
    """Expected log likelihood of every observation, and its derivatives.

    Attributes
    ----------
    value : float64, shape (n,)
        ``E_i``, nats, weights and constants included: what R's density functions give.
    score : float64, shape (n,)
        ``dE_i / dm_i``.
    curvature : float64, shape (n,)
        ``-2 dE_i / dv_i``, which is ``-E[(log p)'']``. Negative where the log density is convex
        under the Gaussian.
    dispersion_score : float64, shape (k,)
        ``sum_i dE_i / dphi`` for the unconstrained dispersion parameters; empty where the family
        has none.
    """

    value: Array
    score: Array
    curvature: Array
    dispersion_score: Array


@runtime_checkable
class Likelihood(Protocol):
    """Response and weights bound to a family."""

    @property
    def density(self) -> Density:
        """The log densities whose expectations it gives."""
        ...

    @property
    def n_dispersion(self) -> int:
        """Number ``k`` of unconstrained dispersion parameters."""
        ...

    def expect(self, mean: Array, variance: Array, dispersion: Array) -> Expectation:
        """Expected log likelihood for ``eta ~ N(mean, variance)``.

        Parameters
        ----------
        mean, variance : float64, shape (n,)
            Of the linear predictor, link scale; a variance, not an sd, and not negative.
        dispersion : float64, shape (k,)
            Unconstrained.
        """
        ...

    def pointwise(self, eta: Array, dispersion: Array) -> tuple[Array, Array, Array]:
        """Log density, weights included, and its two derivatives in `eta`, shape ``(..., n)``."""
        ...

    def start(self) -> tuple[Array, Array]:
        """Starting linear predictor ``(n,)`` (R's ``mustart``) and dispersion ``(k,)``."""
        ...


class KernelValues(Protocol):
    """The part of a log density that changes with the linear predictor, elementwise."""

    @property
    def value(self) -> Array:
        """The kernel, shape (..., rows)."""
        ...

    @property
    def first(self) -> Array:
        """Its derivative in the linear predictor."""
        ...

    @property
    def second(self) -> Array | None:
        """Its second derivative, where it was asked for."""
        ...

    @property
    def dispersion(self) -> tuple[Array, ...]:
        """Its derivative in every unconstrained dispersion parameter."""
        ...


class Density(Protocol):
    r"""A response and its weights bound to a family, as log densities.

    .. math:: \log p_i = s_i \, k_i(\eta_i, \phi) + l_i \eta_i + c_i(\phi)

    ``glmmvi.model.families.Density`` is one.
    """

    @property
    def n(self) -> int:
        """Observations."""
        ...

    @property
    def n_dispersion(self) -> int:
        """Number ``k`` of unconstrained dispersion parameters."""
        ...

    @property
    def kernel(self) -> Callable[[Array, Array, slice, bool], KernelValues]:
        """``k``: ``(eta (..., rows), dispersion, rows, second) -> KernelValues``."""
        ...

    @property
    def scale(self) -> Array | None:
        """``s``, shape (n,); 1 if None."""
        ...

    @property
    def linear(self) -> Array | None:
        """``l``, shape (n,); 0 if None."""
        ...

    @property
    def constant(self) -> Callable[[Array], tuple[Array | float, Array]]:
        """``dispersion -> (c (n,), d(sum c)/dphi (k,))``."""
        ...

    def smoothness(self, dispersion: Array) -> float:
        """Return the distance from the real axis at which the kernel stops being smooth."""
        ...

    def start(self) -> tuple[Array, Array]:
        """Return the starting linear predictor and dispersion."""
        ...

    def pointwise(self, eta: Array, dispersion: Array) -> tuple[Array, Array, Array]:
        """Return the log density and its two derivatives, shape (..., n)."""
        ...


@runtime_checkable
class SymmetricKernel(Protocol):
    """A kernel without dispersion that has a faster way to its sums over symmetric nodes."""

    def symmetric_sums(
        self, nodes: Array, weights: Array, mean: Array, sd: Array
    ) -> tuple[Array, Array, Array]:
        """Return the weighted sums of kernel, derivative, and derivative times node, (rows,).

        Parameters
        ----------
        nodes : float64, shape (K, 1)
            Ascending, each with its negative.
        weights : float64, shape (K,)
        mean, sd : float64, shape (rows,)
        """
        ...


@dataclass(frozen=True, eq=False)
class QuadratureLikelihood:
    """A likelihood whose expectations are Gauss-Hermite sums.

    Only the density's kernel is evaluated at the nodes. The derivatives are the exact derivatives
    of the sums, so that value, score and curvature belong to one function whatever the number of
    nodes.

    Attributes
    ----------
    density : Density
        What is integrated.
    nodes : int, optional
        Fixed number of nodes; by default up to 61, by the largest sd among some thousand rows, or,
        where the kernel is symmetric, by every row's own.
    """

    density: Density
    nodes: int | None = None

    @property
    def n_dispersion(self) -> int:
        """Number of unconstrained dispersion parameters."""
        return self.density.n_dispersion

    def start(self) -> tuple[Array, Array]:
        """Return the starting linear predictor and dispersion."""
        return self.density.start()

    def pointwise(self, eta: Array, dispersion: Array) -> tuple[Array, Array, Array]:
        """Return the log density and its derivatives; see `Likelihood`."""
        return self.density.pointwise(eta, dispersion)

    def expect(self, mean: Array, variance: Array, dispersion: Array) -> Expectation:
        """Return the expected log likelihood; see `Likelihood`."""
        density = self.density
        sd = np.sqrt(variance)
        constant, dispersion_score = density.constant(dispersion)
        value = np.empty(density.n)
        gradients = np.empty((2, density.n))  # score, curvature
        width = density.smoothness(dispersion)
        start, guess = 0, self.nodes or 15
        if self._symmetric is not None and not float(sd.min()) < _SMALL_SD:
            self._by_pairs(self._symmetric, width, mean, sd, value, gradients)
            start = density.n
        elif not sd.any():
            guess = 1
        while start < density.n:
            count = guess
            stop = min(density.n, start + max(1, _CELLS // count))
            part = sd[start:stop]
            largest = float(part.max())
            if self.nodes is None or largest == 0.0:
                count = nodes_for(largest, width)
            rows = slice(start, stop)
            dispersion_score = dispersion_score + self._part(
                gauss_hermite(count), rows, mean[rows], part, dispersion, value, gradients
            )
            start = stop
        if density.scale is not None:
            value *= density.scale
            gradients *= density.scale
        if density.linear is not None:
            value += density.linear * mean
            gradients[0] += density.linear
        value += constant
        return Expectation(value, gradients[0], gradients[1], dispersion_score)

    @cached_property
    def _symmetric(self) -> SymmetricKernel | None:
        """The kernel, if it has a faster way."""
        kernel = self.density.kernel
        return kernel if isinstance(kernel, SymmetricKernel) else None

    def _by_pairs(
        self,
        kernel: SymmetricKernel,
        width: float,
        mean: Array,
        sd: Array,
        value: Array,
        gradients: Array,
    ) -> None:
        """Fill in the expectations, each row with as many nodes as it needs."""
        for first in range(0, len(sd), _ROWS):
            within = slice(first, first + _ROWS)
            m, s = mean[within], sd[within]
            answer = (value[within], gradients[0, within], gradients[1, within])
            groups = [(self.nodes, slice(None))] if self.nodes else nodes_for_each(s, width)
            for count, rows in groups:
                _sums_by_pairs(kernel, gauss_hermite(count), m[rows], s[rows], answer, rows)

    def _part(
        self,
        rule: NormalRule,
        rows: slice,
        mean: Array,
        sd: Array,
        dispersion: Array,
        value: Array,
        gradients: Array,
    ) -> Array:
        """Fill in the kernel's expectations of some rows; return their dispersion score."""
        narrow = float(sd.min()) < _SMALL_SD
        eta = rule.nodes * sd
        eta += mean
        kernel = self.density.kernel(eta, dispersion, rows, narrow)
        np.matmul(rule.weights, kernel.value, out=value[rows])
        moments = rule.moments @ kernel.first
        gradients[0, rows] = moments[0]
        if kernel.second is not None and narrow:
            curvature = rule.weights @ kernel.second
            wide = sd >= _SMALL_SD
            curvature[wide] = moments[1, wide] / sd[wide]
            gradients[1, rows] = -curvature
        else:
            np.divide(moments[1], -sd, out=gradients[1, rows])
        if not kernel.dispersion:
            return np.zeros(len(dispersion))
        scale = None if self.density.scale is None else self.density.scale[rows]
        return np.array(
            [
                float(total.sum() if scale is None else total @ scale)
                for total in (rule.weights @ derivative for derivative in kernel.dispersion)
            ]
        )


def _sums_by_pairs(
    kernel: SymmetricKernel,
    rule: NormalRule,
    mean: Array,
    sd: Array,
    answer: tuple[Array, Array, Array],
    rows: NDArray[np.intp] | slice,
) -> None:
    """Write value, score and curvature of some rows into `answer`."""
    n = len(mean)
    value, score, curvature = (a if isinstance(rows, slice) else np.empty(n) for a in answer)
    step = max(1, _PAIR_CELLS // len(rule.weights))
    for start in range(0, n, step):
        here = slice(start, start + step)
        sums = kernel.symmetric_sums(rule.nodes, rule.weights, mean[here], sd[here])
        value[here], score[here] = sums[0], sums[1]
        np.divide(sums[2], -sd[here], out=curvature[here])
    if not isinstance(rows, slice):
        for whole, part in zip(answer, (value, score, curvature), strict=True):
            whole[rows] = part
