"""lme4's checks of the random-effects terms against the number of observations."""

from __future__ import annotations

from collections.abc import Sequence

from glmmvi.design.random_term import RandomTerm
from glmmvi.errors import DataError, FormulaError


def check_random_terms(
    terms: Sequence[RandomTerm],
    n: int,
    *,
    allow_n: bool = False,
    nlev_gtr_1: bool = True,
    nobs_vs_nlev: bool = True,
    nobs_vs_nre: bool = True,
) -> None:
    """Refuse what lme4 refuses, in its words.

    Parameters
    ----------
    terms : sequence of RandomTerm
        In lme4's order.
    n : int
        Number of observations.
    allow_n : bool
        Whether as many levels or random effects as observations are fine: False for `lmer`
        and families with a dispersion parameter, True for `glmer` with a family without one.
    nlev_gtr_1, nobs_vs_nlev, nobs_vs_nre : bool
        lme4's ``check.nlev.gtr.1``, ``check.nobs.vs.nlev`` and ``check.nobs.vs.nRE``.

    Raises
    ------
    FormulaError
        If there is no term.
    DataError
        If a grouping factor has one level, or there are too many levels or random effects.

    Examples
    --------
    >>> import numpy as np
    >>> one = RandomTerm("g", "g", ("(Intercept)",), ("a",), np.zeros(3, int), np.ones((3, 1)))
    >>> check_random_terms([one], 3)
    Traceback (most recent call last):
        ...
    glmmvi.errors.DataError: grouping factors must have > 1 sampled level (problems: g)
    """
    if not terms:
        raise FormulaError(
            "No random effects terms specified in formula: add one, for example (1 | group)."
        )
    groups = {term.group: term.L for term in terms}
    if nlev_gtr_1:
        single = [group for group, levels in groups.items() if levels < 2]
        if single:
            raise DataError(
                f"grouping factors must have > 1 sampled level (problems: {', '.join(single)})"
            )
    if nobs_vs_nlev:
        many = [g for g, levels in groups.items() if levels > n or (levels == n and not allow_n)]
        if many:
            raise DataError(
                "number of levels of each grouping factor must be "
                f"{'<=' if allow_n else '<'} number of observations (problems: {', '.join(many)})"
            )
    if nobs_vs_nre:
        for term in terms:
            q = term.L * term.d
            if n < q or (n == q and not allow_n):
                what = "" if allow_n else " and the residual variance (or scale parameter)"
                raise DataError(
                    f"number of observations (={n}) {'<' if allow_n else '<='} number of random "
                    f"effects (={q}) for term ({term.text}); the random-effects parameters{what} "
                    "are probably unidentifiable"
                )
