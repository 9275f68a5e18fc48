"""The code that called the package: its frame, for the name of the data and for warnings."""

from __future__ import annotations

import inspect
from types import FrameType
from typing import Any


def _outside(frame: FrameType | None) -> tuple[FrameType | None, int]:
    """The first frame from `frame` outwards that is not in this package's calls, and its depth."""
    depth = 0
    while frame is not None and frame.f_globals.get("__name__", "").startswith("glmmvi.api"):
        frame, depth = frame.f_back, depth + 1
    return frame, depth


def stack_level() -> int:
    """``stacklevel`` with which the caller of this function warns in the user's own line."""
    frame = inspect.currentframe()
    return _outside(frame.f_back if frame is not None else None)[1] + 1


def data_name(data: Any) -> str | None:
    """Name of the user's variable that holds the data, for the printout; else that of its attrs.

    Only looked up by identity: nothing of the user's variables is read.
    """
    frame, _ = _outside(inspect.currentframe())
    if frame is not None:
        for name, value in [*frame.f_locals.items(), *frame.f_globals.items()]:
            if value is data and not name.startswith("_"):
                return name
    attributes = getattr(data, "attrs", {})
    return attributes.get("name") if isinstance(attributes, dict) else None
