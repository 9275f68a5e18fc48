"""lme4's order of random-effects terms, and its labels for repeated factors."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

_RESERVED = frozenset({"if", "else", "repeat", "while", "function", "for", "next", "break"})


def term_order(level_counts: Sequence[int]) -> list[int]:
    """Order of the terms: levels decreasing, re-sorted only where they are not already so.

    lme4 uses ``rev(order(nl))``, so terms with equally many levels come out reversed then.

    Parameters
    ----------
    level_counts : sequence of int
        Number of levels of each term, as written.

    Returns
    -------
    list of int

    Examples
    --------
    >>> term_order([3, 3]), term_order([2, 3, 3])
    ([0, 1], [2, 1, 0])
    """
    order = list(range(len(level_counts)))
    if all(a >= b for a, b in itertools.pairwise(level_counts)):
        return order
    return sorted(order, key=lambda i: level_counts[i])[::-1]


def term_labels(groups: Sequence[str]) -> list[str]:
    """Names of the terms in VarCorr: the factors' own, or R's unique ones if one repeats.

    Parameters
    ----------
    groups : sequence of str
        The grouping factor of each term, in lme4's order.

    Returns
    -------
    list of str
        R's ``make.names(groups, unique = TRUE)`` where a factor occurs twice.

    Examples
    --------
    >>> term_labels(["g", "g", "a:b"]), term_labels(["g", "a:b"])
    (['g', 'g.1', 'a.b'], ['g', 'a:b'])
    """
    if len(set(groups)) == len(groups):
        return list(groups)
    names = [_make_name(group) for group in groups]
    taken = set(names)
    seen: dict[str, int] = {}
    labels = []
    for name in names:
        if name not in seen:
            seen[name] = 0
            labels.append(name)
            continue
        while True:
            seen[name] += 1
            candidate = f"{name}.{seen[name]}"
            if candidate not in taken:
                break
        taken.add(candidate)
        labels.append(candidate)
    return labels


def _make_name(text: str) -> str:
    if not re.match(r"[^\W\d_]|\.(?!\d)", text):
        text = "X" + text
    text = re.sub(r"[^\w.]", ".", text)
    return text + "." if text in _RESERVED else text
