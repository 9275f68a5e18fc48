"""How many columns of a terminal a text takes."""

from __future__ import annotations

import unicodedata


def text_width(text: str) -> int:
    """Count terminal columns: two for wide East Asian characters, none for combining marks.

    Examples
    --------
    >>> text_width("Days"), text_width("日数")
    (4, 4)
    """
    if text.isascii():
        return len(text)
    return sum(_character_width(c) for c in text)


def pad_left(text: str, width: int) -> str:
    """Right-justify to a width in terminal columns."""
    return " " * (width - text_width(text)) + text


def pad_right(text: str, width: int) -> str:
    """Left-justify to a width in terminal columns."""
    return text + " " * (width - text_width(text))


def _character_width(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1
