"""Random effects and coefficients by grouping factor."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from glmmvi.design.design_matrices import DesignMatrices
from glmmvi.design.random_term import RandomTerm
from glmmvi.results.estimates import Estimates
from glmmvi.results.tables import GroupCoefficients, GroupTable, RandomEffects


def ranef_table(terms: Sequence[RandomTerm], estimates: Estimates) -> RandomEffects:
    """Random effects with their conditional sds, one table a grouping factor.

    Two terms of one factor stand side by side in its table, as in lme4.
    """
    groups = []
    for group in dict.fromkeys(term.group for term in terms):
        members = [r for r, term in enumerate(terms) if term.group == group]
        variances = [np.diagonal(estimates.b_cov[r], axis1=1, axis2=2) for r in members]
        groups.append(
            GroupTable(
                group=group,
                levels=terms[members[0]].levels,
                names=tuple(name for r in members for name in terms[r].column_names),
                values=np.hstack([estimates.b_mean[r] for r in members]),
                sd=np.sqrt(np.maximum(np.hstack(variances), 0.0)),
            )
        )
    return RandomEffects(tuple(groups))


def coef_table(design: DesignMatrices, estimates: Estimates) -> GroupCoefficients:
    """Fixed plus random effects of every level, one table a grouping factor.

    Random effects without a fixed effect of the same name are added to 0, and their columns
    come first, as in lme4's ``coef``.
    """
    random = ranef_table(design.terms, estimates).groups
    fixed = dict(zip(design.column_names, estimates.beta, strict=True))
    extra = dict.fromkeys(n for table in random for n in table.names if n not in fixed)
    names = (*extra, *design.column_names)
    start = np.array([fixed.get(name, 0.0) for name in names])
    groups = []
    for table in random:
        values = np.tile(start, (len(table.levels), 1))
        for name, column in zip(table.names, table.values.T, strict=True):
            values[:, names.index(name)] += column
        groups.append(GroupTable(table.group, table.levels, names, values))
    return GroupCoefficients(tuple(groups))
