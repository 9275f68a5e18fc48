"""Expected log likelihoods that need no quadrature: sums of exponentials of the predictor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from glmmvi.inference.expectations import Array, Density, Expectation

_LARGEST = 300.0  # exp(300) squared is still a number: no overflow on the way


@runtime_checkable
class ExponentialKernel(Protocol):
    r"""A kernel that is a quadratic plus exponentials of the linear predictor.

    .. math:: k_i = \tau \bigl( l_i \eta + q_i (\eta - z_i)^2 / 2
              + \sum_j a_{ij} e^{b_j \eta} \bigr)

    with :math:`\tau = e^{-2 \phi}` where `scaled`, else 1; with a `reference` :math:`r`
    :math:`l_i (\eta - r_i)` and :math:`a_{ij} (e^{b_j (\eta - r_i)} - 1)`, so that large counts
    keep their digits.
    """

    @property
    def scaled(self) -> bool:
        """Whether the single dispersion parameter, the log of an sd, divides the kernel."""
        ...

    @property
    def linear(self) -> Array | None:
        """``l``, shape (n,)."""
        ...

    @property
    def quadratic(self) -> Array | None:
        """``q``, shape (n,)."""
        ...

    @property
    def center(self) -> Array | None:
        """``z``, shape (n,)."""
        ...

    @property
    def rates(self) -> tuple[float, ...]:
        """``b_j``."""
        ...

    @property
    def amplitudes(self) -> tuple[Array, ...]:
        """``a_j``, shape (n,) each."""
        ...

    @property
    def reference(self) -> Array | None:
        """``r``, shape (n,)."""
        ...


@dataclass(frozen=True, eq=False)
class ExponentialSumLikelihood:
    """A likelihood whose kernel is an `ExponentialKernel`, and needs neither scale nor slope.

    Uses ``E[exp(b eta)] = exp(b m + b^2 v / 2)``.

    Attributes
    ----------
    density : Density
        With ``scale`` and ``linear`` None: what they would say is in the kernel.
    kernel : ExponentialKernel
        Of `density`.
    """

    density: Density
    kernel: ExponentialKernel

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
        kernel = self.kernel
        value, score, negative = np.zeros((3, len(mean)))
        shifted = mean if kernel.reference is None else mean - kernel.reference
        if kernel.linear is not None:
            value += kernel.linear * shifted
            score += kernel.linear
        if kernel.quadratic is not None:
            distance = mean if kernel.center is None else mean - kernel.center
            slope = kernel.quadratic * distance
            value += 0.5 * (slope * distance + kernel.quadratic * variance)
            score += slope
            negative += kernel.quadratic
        # the fastest exponential stays the largest, whatever is cut off
        steepest = max(map(abs, kernel.rates), default=1.0)
        for rate, amplitude in zip(kernel.rates, kernel.amplitudes, strict=True):
            largest = _LARGEST * abs(rate) / steepest
            exponent = np.minimum(rate * shifted + (0.5 * rate * rate) * variance, largest)
            if kernel.reference is None:
                term = np.exp(exponent, out=exponent)
            else:  # linear and amplitude cancel in the score before the small term comes
                term = np.expm1(exponent, out=exponent)
                score += rate * amplitude
                negative += (rate * rate) * amplitude
            term *= amplitude
            value += term
            score += rate * term
            negative += (rate * rate) * term
        constant, dispersion_score = self.density.constant(dispersion)
        if kernel.scaled:
            precision = float(np.exp(-2.0 * dispersion[0]))
            value *= precision
            score *= precision
            negative *= precision
            dispersion_score = dispersion_score - 2.0 * value.sum()
        value += constant
        return Expectation(value, score, np.negative(negative, out=negative), dispersion_score)
