"""Which terms of the fixed part are to be dropped."""

from __future__ import annotations

from collections.abc import Sequence

from glmmvi.design.fixed_terms import FixedTerm
from glmmvi.errors import ArgumentError, nearest_hint


def chosen_terms(terms: Sequence[FixedTerm], scope: str | Sequence[str] | None) -> list[FixedTerm]:
    """The terms to drop: those in `scope`, or those that no other term contains."""
    if scope is None:
        sets = [frozenset(term.variables) for term in terms]
        return [
            term for term, own in zip(terms, sets, strict=True) if not any(own < s for s in sets)
        ]
    wanted = [scope] if isinstance(scope, str) else list(scope)
    known = {term.label: term for term in terms}
    for label in wanted:
        if label not in known:
            raise ArgumentError(
                f"scope is not a subset of term labels: there is no {label!r}; there are "
                f"{', '.join(known) or 'none'}{nearest_hint(str(label), known)}"
            )
    return [known[label] for label in wanted]
