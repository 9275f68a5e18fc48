"""lme4's checks of the random-effects terms against the number of observations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from glmmvi.caller import Action, act
from glmmvi.design.random_term import RandomTerm
from glmmvi.design.sparse_columns import sparse_columns
from glmmvi.errors import DataError, FormulaError

RankAction = Literal[
    "ignore", "message", "warning", "stop", "messageSmall", "warningSmall", "stopSmall"
]

_SMALL = 1_000_000  # elements of Z up to which the "...Small" actions look at its rank
_LARGEST = 5_000  # smaller dimension of Z up to which a rank is computed
_FEW = 5  # levels


@dataclass(frozen=True)
class TermActions:
    """What to do about what the checks find; the defaults are lme4's (1.1-31).

    Attributes
    ----------
    nlev_gtr_1, nobs_vs_nlev, nobs_vs_nRE, nlev_gtreq_5 : {"ignore", "message", "warning", "stop"}
        lme4's ``check.nlev.gtr.1``, ``check.nobs.vs.nlev``, ``check.nobs.vs.nRE`` and
        ``check.nlev.gtreq.5``.
    nobs_vs_rankZ : one of these, or one of them with ``Small`` behind it
        lme4's ``check.nobs.vs.rankZ``.
    """

    nlev_gtr_1: Action = "stop"
    nobs_vs_nlev: Action = "stop"
    nobs_vs_nRE: Action = "stop"  # noqa: N815 (lme4's name)
    nlev_gtreq_5: Action = "ignore"
    nobs_vs_rankZ: RankAction = "ignore"  # noqa: N815


def check_random_terms(
    terms: Sequence[RandomTerm],
    n: int,
    *,
    allow_n: bool = False,
    actions: TermActions = TermActions(),
) -> None:
    """Refuse, warn of or mention what lme4 does, in its words.

    Parameters
    ----------
    terms : sequence of RandomTerm
        In lme4's order.
    n : int
        Number of observations.
    allow_n : bool
        Whether as many levels or random effects as observations are fine: False for `lmer`
        and families with a dispersion parameter, True for `glmer` with a family without one.
    actions : TermActions

    Raises
    ------
    FormulaError
        If there is no term.
    DataError
        Where the action is ``"stop"``: if a grouping factor has one level, or there are too many
        levels or random effects.

    Warns
    -----
    GlmmviWarning, GlmmviMessage
        Where the action is ``"warning"`` or ``"message"``.

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
    single = [group for group, levels in groups.items() if levels < 2]
    if single:
        act(
            actions.nlev_gtr_1,
            f"grouping factors must have > 1 sampled level (problems: {', '.join(single)})",
        )
    many = [g for g, levels in groups.items() if levels > n or (levels == n and not allow_n)]
    if many:
        act(
            actions.nobs_vs_nlev,
            "number of levels of each grouping factor must be "
            f"{'<=' if allow_n else '<'} number of observations (problems: {', '.join(many)})",
        )
    few = [group for group, levels in groups.items() if levels < _FEW]
    if few:
        act(
            actions.nlev_gtreq_5,
            f"grouping factors with < {_FEW} sampled levels may give unreliable estimates "
            f"(problems: {', '.join(few)})",
        )
    for term in terms:
        q = term.L * term.d
        what = f"number of random effects (={q}) for term ({term.text})"
        _compare(actions.nobs_vs_nRE, n, q, what, allow_n)
    _check_rank(terms, n, actions.nobs_vs_rankZ, allow_n)


def _compare(action: Action, n: int, count: int, what: str, allow_n: bool) -> None:
    if n < count or (n == count and not allow_n):
        also = "" if allow_n else " and the residual variance (or scale parameter)"
        act(
            action,
            f"number of observations (={n}) {'<' if allow_n else '<='} {what}; the random-effects "
            f"parameters{also} are probably unidentifiable",
        )


def _check_rank(terms: Sequence[RandomTerm], n: int, action: RankAction, allow_n: bool) -> None:
    if action == "ignore":
        return
    plain: Action
    q = sum(term.L * term.d for term in terms)
    if action in ("messageSmall", "warningSmall", "stopSmall"):
        if n * q > _SMALL:
            return
        plain = {"messageSmall": "message", "warningSmall": "warning"}.get(action, "stop")  # type: ignore[assignment]
    else:
        plain = action  # type: ignore[assignment]
    if min(n, q) > _LARGEST:
        raise DataError(
            f"check_nobs_vs_rankZ={action!r}: the rank of Z ({n} x {q}) is not computed (at most "
            f"{_LARGEST}); use 'ignore', or one of the actions with 'Small' behind it"
        )
    rank = int(np.linalg.matrix_rank(sparse_columns(terms).toarray()))
    _compare(plain, n, rank, f"rank(Z) (={rank})", allow_n)
