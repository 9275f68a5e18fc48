"""``-log(1 + exp(eta))``: with ``y eta`` the Bernoulli log density of the logit link."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glmmvi.model.families.density import Array, Kernel

_LARGEST = 600.0  # exp(600) is far from overflow, and exp(-600) from losing digits


@dataclass(frozen=True)
class MinusSoftplus:
    """The kernel ``-log(1 + exp(eta))``.

    Examples
    --------
    >>> kernel = MinusSoftplus()
    >>> bool(kernel(np.zeros(1), np.empty(0), slice(0, 1), False).value[0] == -np.log(2.0))
    True
    """

    def __call__(self, eta: Array, dispersion: Array, rows: slice, second: bool) -> Kernel:
        """Return the kernel with its derivatives; see ``glmmvi.model.families.density``."""
        fall = np.abs(eta)
        np.negative(fall, out=fall)
        np.exp(fall, out=fall)
        value = np.log1p(fall)
        value += np.maximum(eta, 0.0)
        np.negative(value, out=value)
        denominator = fall + 1.0
        first = np.where(eta > 0.0, -1.0, -fall)
        first /= denominator
        curvature = -fall / (denominator * denominator) if second else None
        return Kernel(value, first, curvature)

    def symmetric_sums(
        self, nodes: Array, weights: Array, mean: Array, sd: Array
    ) -> tuple[Array, Array, Array]:
        """Sums over nodes that are symmetric about 0, two at a time.

        With ``e = exp(-|mean|)`` and ``t = exp(sd x)``, the odds at ``x`` and ``-x`` are ``e t``
        and ``e / t``: one exponential and one logarithm, of
        ``(1 + e t)(1 + e / t) = 1 + e t + e / t + e^2``, do for both nodes. The kernel at
        ``mean > 0`` is the one at ``-mean`` less ``mean``. Rows so wide that ``t`` might overflow
        are summed node by node.

        Parameters
        ----------
        nodes : float64, shape (K, 1)
            Ascending, ``nodes[k] = -nodes[K - 1 - k]``.
        weights : float64, shape (K,)
            Symmetric too; they sum to 1.
        mean, sd : float64, shape (rows,)

        Returns
        -------
        value, first, first_x : float64, shape (rows,)
            Weighted sums of the kernel, of its derivative, and of its derivative times the node.

        Examples
        --------
        >>> x, w = np.array([[-1.0], [1.0]]), np.array([0.5, 0.5])
        >>> value, first, first_x = MinusSoftplus().symmetric_sums(x, w, np.ones(1), np.ones(1))
        >>> float(np.round(value[0], 6)) == float(np.round(-0.5 * np.log(2 * (1 + np.exp(2))), 6))
        True
        """
        wide = float(nodes[-1, 0]) * sd > _LARGEST
        if wide.any():
            return self._sums_of_wide_rows(wide, nodes, weights, mean, sd)
        count = len(weights)
        half = count // 2
        x, w = nodes[count - half :], weights[count - half :]
        e = np.exp(-np.abs(mean))
        square = e * e
        up = np.exp(x * sd)
        down = np.divide(e, up)
        up *= e
        total = up + down
        difference = np.subtract(up, down, out=up)
        product = np.add(total, 1.0 + square, out=down)
        total += 2.0 * square
        total /= product
        difference /= product
        value = w @ np.log(product, out=product)
        first = w @ total
        first_x = (w * x[:, 0]) @ difference
        if count % 2:
            odds = 1.0 + e
            value += weights[half] * np.log(odds)
            first += weights[half] * np.divide(e, odds, out=odds)
        value += np.maximum(mean, 0.0)
        first += (mean > 0.0) * (1.0 - 2.0 * first)  # without a branch: 1 - first there
        return -value, -first, -first_x

    def _sums_of_wide_rows(
        self, wide: NDArray[np.bool_], nodes: Array, weights: Array, mean: Array, sd: Array
    ) -> tuple[Array, Array, Array]:
        """`symmetric_sums` where some rows are `wide`."""
        sums = np.empty((3, len(mean)))
        eta = mean[wide] + nodes * sd[wide]
        kernel = self(eta, np.empty(0), slice(0, eta.shape[1]), False)
        sums[0, wide], sums[1, wide] = weights @ kernel.value, weights @ kernel.first
        sums[2, wide] = (weights * nodes[:, 0]) @ kernel.first
        rest = ~wide
        if rest.any():
            sums[:, rest] = self.symmetric_sums(nodes, weights, mean[rest], sd[rest])
        return sums[0], sums[1], sums[2]


minus_softplus = MinusSoftplus()
