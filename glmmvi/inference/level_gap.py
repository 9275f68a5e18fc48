r"""How far the Gaussian surrogate's bound is below the log likelihood, level by level.

For one grouping factor both split into levels,

.. math:: F_l = \sum_{i \in l} E_q \log p(y_i \mid \eta_i) - KL(q_l \,\|\, N(0, I)) \le \log L_l,

and :math:`\log L_l` is an integral over a handful of random effects, by quadrature on a grid
that the surrogate itself centres and scales. The difference is the Kullback-Leibler divergence
of the surrogate from the level's posterior, in nats.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glmmvi.inference.level_grid import LevelColumns, level_grid, product_rule
from glmmvi.inference.level_integrals import integrate
from glmmvi.inference.variational_pirls import PirlsSystem, SurrogateState

Vector = NDArray[np.float64]

_COUNTS = {1: 15, 2: 7, 3: 5}  # nodes a dimension, by the number of dimensions


@dataclass(frozen=True, eq=False)
class LevelGap:
    """Bound and log likelihood of every level.

    Attributes
    ----------
    elbo : float64, shape (L,)
        The level's part of the ELBO, nats.
    log_likelihood : float64, shape (L,)
        Its log marginal likelihood by quadrature, nats.
    """

    elbo: Vector
    log_likelihood: Vector

    @property
    def by_level(self) -> Vector:
        """Nats by which the bound is low, shape (L,)."""
        return self.log_likelihood - self.elbo


def default_count(d: int) -> int | None:
    """Nodes a dimension that a gap of `d` columns is found with, None where `d` is too many.

    Examples
    --------
    >>> default_count(1), default_count(3), default_count(4)
    (15, 5, None)
    """
    return _COUNTS.get(d)


def gap_cells(columns: LevelColumns, count: int) -> int:
    """How many log densities a gap takes: rows times nodes."""
    return len(columns.codes) * len(product_rule(count, columns.d)[0])


def level_gap(
    system: PirlsSystem,
    columns: LevelColumns,
    state: SurrogateState,
    dispersion: Vector,
    count: int,
) -> LevelGap:
    """Bound and log likelihood of every level at a surrogate.

    Parameters
    ----------
    system : PirlsSystem
    columns : LevelColumns
        Of the one grouping factor.
    state : SurrogateState
        The levels' ELBOs are those of this surrogate, at its parameters.
    dispersion : float64, shape (k,)
    count : int
        Nodes a dimension.

    Returns
    -------
    LevelGap
    """
    grid = level_grid(columns, state, count)
    expected = np.bincount(
        columns.codes, weights=state.expectation.value, minlength=columns.n_levels
    )
    squares = (grid.mean**2).sum(axis=1) + (grid.scale_tril**2).sum(axis=(1, 2))
    elbo = expected - 0.5 * (squares - columns.d) + grid.log_det
    integrals = integrate(
        system.likelihood.density,
        columns,
        grid,
        system.arrays.X,
        system.offset,
        state.factorization.factors,
        state.beta,
        dispersion,
        derivatives=False,
    )
    return LevelGap(elbo, integrals.value)
