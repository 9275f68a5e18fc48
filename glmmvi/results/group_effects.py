"""Random effects and coefficients by grouping factor."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from glmmvi.design.random_term import RandomTerm
from glmmvi.errors import ArgumentError, nearest_hint
from glmmvi.results.estimates import Estimates
from glmmvi.results.tables import GroupTable, RandomEffects


def ranef_table(
    terms: Sequence[RandomTerm],
    estimates: Estimates,
    *,
    sds: bool = True,
    drop: bool = False,
    which: str | Iterable[str] | None = None,
) -> RandomEffects:
    """Random effects with their conditional sds, one table a grouping factor.

    Two terms of one factor stand side by side in its table, as in lme4.

    Parameters
    ----------
    terms, estimates
        Of the fit.
    sds : bool
        Whether the conditional sds are attached.
    drop : bool
        Whether tables of one column are given as vectors.
    which : str or iterable of str, optional
        Grouping factors; all by default, and always in the fit's order.
    """
    groups = []
    for group in _chosen(list(dict.fromkeys(term.group for term in terms)), which):
        members = [r for r, term in enumerate(terms) if term.group == group]
        groups.append(
            GroupTable(
                group=group,
                levels=terms[members[0]].levels,
                names=tuple(name for r in members for name in terms[r].column_names),
                values=np.hstack([estimates.b_mean[r] for r in members]),
                sd=_conditional_sd(estimates, members) if sds else None,
            )
        )
    return RandomEffects(tuple(groups), drop)


def _conditional_sd(estimates: Estimates, members: Sequence[int]) -> NDArray[np.float64]:
    variances = [np.diagonal(estimates.b_cov[r], axis1=1, axis2=2) for r in members]
    return np.sqrt(np.maximum(np.hstack(variances), 0.0))


def _chosen(groups: list[str], which: str | Iterable[str] | None) -> list[str]:
    if which is None:
        return groups
    names = [which] if isinstance(which, str) else list(which)
    for name in names:
        if name not in groups:
            hint = nearest_hint(name, groups) if isinstance(name, str) else ""
            raise ArgumentError(
                f"ranef: whichel has {name!r}, which is no grouping factor{hint}; there are "
                f"{', '.join(groups)}"
            )
    return [group for group in groups if group in names]
