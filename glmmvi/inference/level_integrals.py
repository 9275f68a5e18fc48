r"""The marginal likelihood of one grouping factor, level by level, by quadrature.

.. math:: \log L_l = \log \int N(u; 0, I) \prod_{i \in l} p(y_i \mid \eta_i(u)) \, du

On a grid that is held fixed the sum over its nodes is an ordinary smooth function of the
covariance factors, the fixed effects and the dispersion, and its derivatives, averages of the
complete-data score under the nodes' posterior probabilities (Fisher's identity), are exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.linalg import block_diag

from glmmvi.inference.expectations import Density
from glmmvi.inference.level_grid import LevelColumns, LevelGrid
from glmmvi.inference.profiled_deviance import pack

Matrix = NDArray[np.float64]
Vector = NDArray[np.float64]

_CELLS = 65_536  # nodes times rows of one pass


@dataclass(frozen=True, eq=False)
class LevelIntegrals:
    """What one pass over the grid says.

    Attributes
    ----------
    value : float64, shape (L,)
        Log marginal likelihood of every level, nats, every constant included.
    by_theta, by_beta, by_dispersion : float64
        Derivatives of its sum: by the packed covariance factors, the fixed effects, and the
        unconstrained dispersion parameters. Empty where not asked for.
    """

    value: Vector
    by_theta: Vector
    by_beta: Vector
    by_dispersion: Vector

    @property
    def gradient(self) -> Vector:
        """By ``(theta, beta, dispersion)``."""
        return np.concatenate([self.by_theta, self.by_beta, self.by_dispersion])


def integrate(
    density: Density,
    columns: LevelColumns,
    grid: LevelGrid,
    X: Matrix,
    offset: Vector,
    factors: Sequence[Matrix],
    beta: Vector,
    dispersion: Vector,
    *,
    derivatives: bool = True,
) -> LevelIntegrals:
    """Integrate the random effects of every level out, on a fixed grid.

    Parameters
    ----------
    density : Density
        Of the response.
    columns : LevelColumns
    grid : LevelGrid
        Over the spherical random effects.
    X : float64, shape (n, p)
    offset : float64, shape (n,)
    factors : sequence of float64, shape (d_r, d_r)
        Covariance factors of the terms.
    beta : float64, shape (p,)
    dispersion : float64, shape (k,)
    derivatives : bool
        Whether they are asked for; they take as long again.

    Returns
    -------
    LevelIntegrals
    """
    codes, Z, L, n, d = columns.codes, columns.Z, columns.n_levels, len(offset), columns.d
    fixed, A = offset + X @ beta, Z @ block_diag(*factors)
    to_levels = sparse.csr_array((np.ones(n), (codes, np.arange(n))), shape=(L, n))
    scale = np.ones(n) if density.scale is None else density.scale
    linear = np.zeros(n) if density.linear is None else density.linear
    constant, by_dispersion = density.constant(dispersion)
    constants = np.broadcast_to(constant, (n,))
    silent = scale == 0.0

    highest, total = np.full(L, -np.inf), np.zeros(L)
    score, moved = np.zeros(n), np.zeros((d, n))
    by_phi = [np.zeros(n) for _ in dispersion]
    group = max(1, _CELLS // n)
    with np.errstate(all="ignore"):  # far nodes may overflow; they weigh nothing
        for start in range(0, len(grid.nodes), group):
            x = grid.nodes[start : start + group]
            u = [grid.mean[:, a] + x @ grid.scale_tril[:, a].T for a in range(d)]
            on_rows = [part[:, codes] for part in u]
            eta = fixed + A[:, 0] * on_rows[0]
            for a in range(1, d):
                eta += A[:, a] * on_rows[a]
            kernel = density.kernel(eta, dispersion, slice(0, n), False)
            log_p = scale * kernel.value + linear * eta
            log_p[np.isnan(log_p)] = -np.inf
            log_p[:, silent] = 0.0
            joint = (to_levels @ log_p.T).T - 0.5 * sum(part * part for part in u)
            joint += grid.log_weights[start : start + group, None]

            top = np.maximum(highest, joint.max(axis=0))
            shrink = np.where(highest == top, 1.0, np.exp(highest - top))
            weight = np.where(joint == top, 1.0, np.exp(joint - top))
            highest = top
            total = total * shrink + weight.sum(axis=0)
            if not derivatives:
                continue
            row_shrink, row_weight = shrink[codes], weight[:, codes]
            pull = scale * kernel.first + linear
            pull *= row_weight
            pull[~np.isfinite(pull)] = 0.0
            score = score * row_shrink + pull.sum(axis=0)
            for a in range(d):
                moved[a] = moved[a] * row_shrink + np.einsum("kn,kn->n", pull, on_rows[a])
            for j, derivative in enumerate(kernel.dispersion):
                part = row_weight * (scale * derivative)
                part[~np.isfinite(part)] = 0.0
                by_phi[j] = by_phi[j] * row_shrink + part.sum(axis=0)

    value = highest + np.log(total) + grid.log_det + to_levels @ constants
    if not derivatives:
        return LevelIntegrals(value, *[np.zeros(0)] * 3)
    row_total = total[codes]
    by_factor = Z.T @ (moved / row_total).T
    return LevelIntegrals(
        value=value,
        by_theta=pack([by_factor[block, block] for block in columns.blocks()]),
        by_beta=X.T @ (score / row_total),
        by_dispersion=by_dispersion + np.array([(part / row_total).sum() for part in by_phi]),
    )
