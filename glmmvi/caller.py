"""The code that called the package: its frame, for names, and for warnings in the user's line."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Iterator
from types import FrameType
from typing import Any, Literal

from glmmvi.errors import DataError, GlmmviError, GlmmviMessage, GlmmviWarning

Action = Literal["ignore", "message", "warning", "stop"]

_USERS = ("examples", "cli")  # parts of the package that use it as anyone does


def _outside() -> tuple[FrameType | None, int]:
    """The first frame outside the package, and its depth below the function that asks."""
    frame, depth = inspect.currentframe(), -1
    while frame is not None and _is_inside(frame):
        frame, depth = frame.f_back, depth + 1
    return frame, depth


def _is_inside(frame: FrameType) -> bool:
    parts = str(frame.f_globals.get("__name__", "")).split(".")
    return parts[0] == "glmmvi" and parts[1:2] != [] and parts[1] not in _USERS


def stack_level() -> int:
    """``stacklevel`` with which the caller of this function warns in the user's own line."""
    return _outside()[1]


def variables() -> Iterator[tuple[str, Any]]:
    """Names and values of the variables that the user's code sees, its own first.

    Only for comparison by identity: nothing of them is read.
    """
    frame, _ = _outside()
    if frame is not None:
        for name, value in [*frame.f_locals.items(), *frame.f_globals.items()]:
            if not name.startswith("_"):
                yield name, value


def act(
    action: Action,
    text: str,
    *,
    error: type[GlmmviError] = DataError,
    message: type[GlmmviMessage] = GlmmviMessage,
    warning: type[GlmmviWarning] = GlmmviWarning,
) -> None:
    """Say what a check found, as its action wants: nothing, a message, a warning, or an error.

    Raises
    ------
    GlmmviError
        Of the class `error`, with ``action="stop"``.

    Examples
    --------
    >>> act("stop", "Response is constant")
    Traceback (most recent call last):
        ...
    glmmvi.errors.DataError: Response is constant
    """
    if action == "stop":
        raise error(text)
    if action != "ignore":
        category = message if action == "message" else warning
        warnings.warn(text, category, stacklevel=stack_level())
