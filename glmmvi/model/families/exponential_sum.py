"""Kernels whose Gaussian expectations are known: a quadratic plus exponentials."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glmmvi.model.families.density import Kernel

Array = NDArray[np.float64]

_LARGEST = 300.0  # exp(300) squared is still a number: no overflow on the way


@dataclass(frozen=True, eq=False)
class ExponentialSum:
    r"""A kernel that is a quadratic plus exponentials of the linear predictor.

    .. math:: k_i = \tau \bigl( l_i \eta + q_i (\eta - z_i)^2 / 2
              + \sum_j a_{ij} e^{b_j \eta} \bigr)

    With a `reference` :math:`r`, instead of :math:`l_i \eta` and the exponentials,
    :math:`l_i (\eta - r_i)` and :math:`a_{ij} (e^{b_j (\eta - r_i)} - 1)`, to full precision where
    :math:`\eta` is next to :math:`r`: large counts, whose log density is a small difference of
    huge numbers.

    with :math:`\tau = e^{-2 \phi}` where `scaled` (the single dispersion parameter is the log of
    an sd), else 1. Gaussian with identity and log link; Poisson, Gamma and inverse Gaussian with
    log link. Inference knows ``E[exp(b eta)] = exp(b m + b^2 v / 2)``.

    Attributes
    ----------
    scaled : bool
        Whether the dispersion parameter divides the kernel.
    linear, quadratic, center : float64, shape (n,), optional
        ``l``, ``q``, ``z``; 0 if None.
    rates : tuple of float
        ``b_j``.
    amplitudes : tuple of float64, shape (n,)
        ``a_j``.
    reference : float64, shape (n,), optional
        ``r``.

    Examples
    --------
    >>> poisson = ExponentialSum(linear=np.ones(1), rates=(1.0,), amplitudes=(-np.ones(1),))
    >>> poisson(np.zeros(1), np.empty(0), slice(0, 1), False).value.tolist()
    [-1.0]
    """

    scaled: bool = False
    linear: Array | None = None
    quadratic: Array | None = None
    center: Array | None = None
    rates: tuple[float, ...] = ()
    amplitudes: tuple[Array, ...] = ()
    reference: Array | None = None

    def __call__(self, eta: Array, dispersion: Array, rows: slice, second: bool) -> Kernel:
        """Return the kernel and its derivatives at `eta`."""
        value, first, curvature = np.zeros((3, *eta.shape))
        shifted = eta if self.reference is None else eta - self.reference[rows]
        if self.linear is not None:
            value += self.linear[rows] * shifted
            first += self.linear[rows]
        if self.quadratic is not None:
            distance = eta if self.center is None else eta - self.center[rows]
            slope = self.quadratic[rows] * distance
            value += 0.5 * slope * distance
            first += slope
            curvature += self.quadratic[rows]
        # the fastest exponential stays the largest, whatever is cut off
        steepest = max(map(abs, self.rates), default=1.0)
        for rate, amplitude in zip(self.rates, self.amplitudes, strict=True):
            largest = _LARGEST * abs(rate) / steepest
            exponent = np.minimum(rate * shifted, largest)
            if self.reference is None:
                term = np.exp(exponent) * amplitude[rows]
            else:
                term = np.expm1(exponent) * amplitude[rows]
                first += rate * amplitude[rows]
                curvature += (rate * rate) * amplitude[rows]
            value += term
            first += rate * term
            curvature += (rate * rate) * term
        if not self.scaled:
            return Kernel(value, first, curvature)
        precision = float(np.exp(-2.0 * dispersion[0]))
        value *= precision
        return Kernel(value, first * precision, curvature * precision, (-2.0 * value,))
