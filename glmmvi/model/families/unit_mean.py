"""Families whose log density is a function of a mean between 0 and 1: beta, beta-binomial."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from glmmvi.model.families.density import Kernel
from glmmvi.model.families.unit_links import UnitLink

Array = NDArray[np.float64]

_SMALLEST = 1e-100  # its trigamma is still a number


class UnitMeanKernel(NamedTuple):
    """A kernel and its derivatives in the mean, elementwise."""

    value: Array
    first: Array
    second: Array | None
    dispersion: tuple[Array, ...]


@dataclass(frozen=True, eq=False)
class UnitMeanDensity:
    """A kernel in ``(mu, 1 - mu)``, seen from the linear predictor.

    Attributes
    ----------
    kernel : callable
        ``(mu, 1 - mu, dispersion, rows, second) -> UnitMeanKernel``.
    link : UnitLink
    """

    kernel: Callable[[Array, Array, Array, slice, bool], UnitMeanKernel]
    link: UnitLink

    def __call__(self, eta: Array, dispersion: Array, rows: slice, second: bool) -> Kernel:
        """Return the kernel and its derivatives in the linear predictor."""
        tails = self.link.tails(eta)
        mean = np.maximum(np.exp(tails.upper), _SMALLEST)
        rest = np.maximum(np.exp(tails.lower), _SMALLEST)
        upwards = np.abs(tails.upper_first) > np.abs(tails.lower_first)
        slope = np.where(upwards, mean * tails.upper_first, -rest * tails.lower_first)
        inner = self.kernel(mean, rest, dispersion, rows, second)
        curvature = None
        if inner.second is not None:
            bend = np.where(
                upwards,
                mean * (tails.upper_second + tails.upper_first**2),
                -rest * (tails.lower_second + tails.lower_first**2),
            )
            curvature = inner.second * slope * slope + inner.first * bend
        value, first = inner.value, inner.first * slope
        # Next to 0 a kernel is linear in the log of the probability, of slope 0 or 1: gammaln(a)
        # is -log(a).
        for probability, rise, tail in (
            (mean, inner.first, (tails.upper, tails.upper_first, tails.upper_second)),
            (rest, -inner.first, (tails.lower, tails.lower_first, tails.lower_second)),
        ):
            beyond = probability <= _SMALLEST
            if beyond.any():
                share = np.round(rise * probability)
                value = value + np.where(beyond, share * (tail[0] - np.log(_SMALLEST)), 0.0)
                first = np.where(beyond, share * tail[1], first)
                if curvature is not None:
                    curvature = np.where(beyond, share * tail[2], curvature)
        return Kernel(value, first, curvature, inner.dispersion)
