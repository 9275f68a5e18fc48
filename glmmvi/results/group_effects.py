"""Random effects and coefficients by grouping factor."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from glmmvi.design.random_term import RandomTerm
from glmmvi.results.estimates import Estimates
from glmmvi.results.tables import GroupTable, RandomEffects


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
