"""The code that asked for a test: for names of models, and for warnings in the user's line."""

from __future__ import annotations

import inspect
from types import FrameType


def caller() -> tuple[FrameType | None, int]:
    """The first frame outside the package, and its ``stacklevel`` seen from the calling function.

    Returns
    -------
    frame or None
    int
    """
    frame, level = inspect.currentframe(), 0
    while frame is not None and frame.f_globals.get("__name__", "").split(".")[0] == "glmmvi":
        frame, level = frame.f_back, level + 1
    return frame, level
