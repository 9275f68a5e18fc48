"""The order in which R sorts strings: the order of the levels of a text column."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

_PUNCTUATION = " _-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$"
_RANK = {character: rank for rank, character in enumerate(_PUNCTUATION)}


def _primary(character: str) -> tuple[int, int]:
    rank = _RANK.get(character)
    if rank is not None:
        return (0, rank)
    if character.isdigit():
        return (1, ord(character))
    return (2, ord(character))


def collation_key(text: str) -> tuple[object, ...]:
    """Sort key of one string, as R sorts in its usual locales.

    Punctuation comes before digits and digits before letters; letters compare without case
    and accents first, then accents, then case with the lower case first: ``a < A < b < B``.

    Parameters
    ----------
    text : str
        The string.

    Returns
    -------
    tuple
        Compare these.

    Examples
    --------
    >>> sorted(["b", "A", "a", "10", "9", "_x"], key=collation_key)
    ['_x', '10', '9', 'a', 'A', 'b']
    """
    if text.isascii():
        base = text
        accents = ""
    else:
        decomposed = unicodedata.normalize("NFD", text)
        base = "".join(c for c in decomposed if not unicodedata.combining(c))
        accents = "".join(c if unicodedata.combining(c) else " " for c in decomposed)
    return (tuple(map(_primary, base.casefold())), accents, base.swapcase(), text)


def sort_strings(strings: Iterable[str]) -> list[str]:
    """Sort strings as R's usual locale does: case does not count at first.

    Parameters
    ----------
    strings : iterable of str
        The strings.

    Returns
    -------
    list of str
        Sorted.

    Examples
    --------
    >>> sort_strings(["B", "a", "b", "A"])
    ['a', 'A', 'b', 'B']
    """
    items = list(strings)
    if all(s.isascii() and s.isalnum() and s == s.lower() for s in items):
        return sorted(items)  # digits before letters, one case: code points are R's order
    return sorted(items, key=collation_key)
