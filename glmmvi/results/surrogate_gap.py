"""How many nats a fit's bound is low, by level of its one grouping factor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from glmmvi.errors import ArgumentError
from glmmvi.inference.level_gap import default_count, gap_cells, level_gap
from glmmvi.inference.level_grid import LevelColumns, one_factor
from glmmvi.results.variational_posterior import VariationalPosterior

if TYPE_CHECKING:
    from glmmvi.results.generalized_fit import GeneralizedMixedFit

LARGE_GAP = 0.5  # nats: from here on a printout says so
_MOST_CELLS = 2_000_000  # log densities that a printout may cost: about a fifth of a second


@dataclass(frozen=True)
class SurrogateGap:
    """Bound and log likelihood at a fit's estimates, by level of its grouping factor.

    Attributes
    ----------
    levels : DataFrame
        Columns ``elbo``, ``logLik``, ``gap`` (nats), one row a level.
    nodes : int
        Quadrature nodes a dimension.

    Examples
    --------
    >>> import glmmvi as gv
    >>> cbpp = gv.load_dataset("cbpp")
    >>> formula = "cbind(incidence, size - incidence) ~ period + (1 | herd)"
    >>> gap = gv.glmer(formula, cbpp, family="binomial").gap()
    >>> round(gap.total, 2), gap.levels.shape
    (0.03, (15, 3))
    """

    levels: pd.DataFrame
    nodes: int

    @property
    def total(self) -> float:
        """Log likelihood minus ELBO, nats."""
        return float(self.levels["gap"].sum())

    @property
    def elbo(self) -> float:
        """ELBO of the surrogate, nats."""
        return float(self.levels["elbo"].sum())

    @property
    def log_likelihood(self) -> float:
        """Log likelihood at the same parameters, nats, every constant included."""
        return float(self.levels["logLik"].sum())

    def __str__(self) -> str:
        largest = float(self.levels["gap"].max())
        return (
            f"The Gaussian surrogate is {self.total:.3f} nats low "
            f"({len(self.levels)} levels, largest {largest:.3f})"
        )


def surrogate_gap(fit: GeneralizedMixedFit, nodes: int | None = None) -> SurrogateGap:
    """The gap between the Gaussian surrogate's ELBO and the log likelihood, level by level.

    Parameters
    ----------
    fit : GeneralizedMixedFit
        Of the structured engine, with one grouping factor and up to three columns of random
        effects.
    nodes : int, optional
        Quadrature nodes a dimension. By default 15, 7 or 5, for one, two or three columns.

    Returns
    -------
    SurrogateGap

    Raises
    ------
    ArgumentError
        For a fit that has no such gap.
    """
    posterior = fit.posterior
    if not isinstance(posterior, VariationalPosterior):
        raise ArgumentError("gap: only a fit by the structured engine has a gap level by level")
    system, state = posterior.problem.system, posterior.solution.state
    columns = one_factor(system.arrays)
    count = None if columns is None else default_count(columns.d)
    if columns is None or count is None:
        groups = ", ".join(dict.fromkeys(term.group for term in fit.design.terms))
        d = sum(term.d for term in fit.design.terms)
        raise ArgumentError(
            "gap: the integral of every level by quadrature needs one grouping factor with at most "
            f"three columns of random effects; this fit has {d} over {groups}"
        )
    if nodes is not None and (isinstance(nodes, bool) or nodes != int(nodes) or nodes < 1):
        raise ArgumentError(f"gap: nodes={nodes!r} is not a positive whole number")
    count = count if nodes is None else int(nodes)
    found = level_gap(system, columns, state, posterior.solution.dispersion, count)
    table = pd.DataFrame(
        {"elbo": found.elbo, "logLik": found.log_likelihood, "gap": found.by_level},
        index=pd.Index(fit.design.terms[0].levels, name=fit.design.terms[0].group),
    )
    return SurrogateGap(table, count)


def gap_notes(fit: GeneralizedMixedFit) -> tuple[str, ...]:
    """The line under a printout, where the bound that it shows is low.

    Nothing for a gap below `LARGE_GAP`, for a fit whose log likelihood is not the bound, for a
    model whose levels are not integrated by quadrature, and where it would cost more than two
    million log densities (130,000 rows with one column, 40,000 with two, 16,000 with three):
    there ``fit.gap()`` tells it.
    """
    posterior = fit.posterior
    if not isinstance(posterior, VariationalPosterior) or fit.log_likelihood != posterior.elbo:
        return ()
    if not _is_cheap(one_factor(posterior.problem.system.arrays)):
        return ()
    total = surrogate_gap(fit).total
    if not total > LARGE_GAP:
        return ()
    return (f"It is {total:.1f} nats low, by quadrature level by level: use nAGQ = 25.",)


def _is_cheap(columns: LevelColumns | None) -> bool:
    count = None if columns is None else default_count(columns.d)
    if columns is None or count is None:
        return False
    return gap_cells(columns, count) <= _MOST_CELLS
