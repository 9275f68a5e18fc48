"""R's ``abbreviate``: short names, still unique."""

from __future__ import annotations

from collections.abc import Callable, Sequence

VOWELS = frozenset("aeiou")


def abbreviate(names: Sequence[str], minlength: int = 4, *, strict: bool = False) -> list[str]:
    """Shorten names to `minlength` characters, longer where they would not be unique.

    From the end of a name: lower-case vowels go first, then lower-case letters, then anything; the
    first letter of a word stays.

    Parameters
    ----------
    names : sequence of str
        Equal names get equal abbreviations.
    minlength : int
        Length to reach; shorter names are kept.
    strict : bool
        Stop at `minlength` even if the abbreviations are no longer unique.

    Returns
    -------
    list of str
        One abbreviation a name.

    Examples
    --------
    >>> abbreviate(["(Intercept)", "period2", "period3"], 6)
    ['(Intr)', 'perid2', 'perid3']
    """
    trimmed = [name.strip(" ") for name in names]
    unique = list(dict.fromkeys(trimmed))
    short = {name: _shorten(name, minlength) for name in unique}
    pending = set() if strict else _clashes(unique, short)
    while pending:
        minlength += 1
        for name in pending:
            short[name] = _shorten(name, minlength)
        pending = _clashes(unique, short)
    return [short[name] for name in trimmed]


def _clashes(names: Sequence[str], short: dict[str, str]) -> set[str]:
    """Names whose abbreviation another name has too."""
    owners: dict[str, list[str]] = {}
    for name in names:
        owners.setdefault(short[name], []).append(name)
    return {name for group in owners.values() if len(group) > 1 for name in group}


def _shorten(name: str, minlength: int) -> str:
    characters = list(name.lstrip())

    def length() -> int:
        return sum(not c.isspace() for c in characters[1:]) + bool(characters)

    if len(characters) <= minlength or length() <= minlength:
        return _without_blanks(characters, minlength)
    drop: tuple[Callable[[int], bool], ...] = (
        lambda i: characters[i] in VOWELS and _ends_word(characters, i),
        lambda i: characters[i] in VOWELS and not _starts_word(characters, i),
        lambda i: characters[i].islower() and _ends_word(characters, i),
        lambda i: characters[i].islower() and not _starts_word(characters, i),
        lambda i: not _starts_word(characters, i) and not characters[i].isspace(),
    )
    for rule in drop:
        for i in range(len(characters) - 1, 0, -1):
            if rule(i):
                del characters[i]
            if length() <= minlength:
                return _without_blanks(characters, minlength)
    return _without_blanks(characters, minlength)


def _without_blanks(characters: list[str], minlength: int) -> str:
    if len(characters) <= minlength:
        return "".join(characters)
    return characters[0] + "".join(c for c in characters[1:] if not c.isspace())


def _starts_word(characters: list[str], i: int) -> bool:
    return characters[i - 1].isspace()


def _ends_word(characters: list[str], i: int) -> bool:
    last = i + 1 >= len(characters) or characters[i + 1].isspace()
    return last and not characters[i - 1].isspace()
