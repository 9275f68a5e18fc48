"""Names of models in a comparison: those of the caller's variables, as R prints them."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from types import FrameType
from typing import Any

from glmmvi.errors import ArgumentError, GlmmviWarning
from glmmvi.results.testing.caller import caller


def model_names(fits: Sequence[Any], given: Sequence[str] | None) -> list[str]:
    """Names given, or those of the variables of the caller (the first frame outside glmmvi).

    Parameters
    ----------
    fits : sequence
        Looked up by identity.
    given : sequence of str, optional

    Returns
    -------
    list of str

    Raises
    ------
    ArgumentError
        If there are more or fewer names than models.

    Warns
    -----
    GlmmviWarning
        lme4's ``failed to find model names, assigning generic names``.
    """
    if given is not None:
        names = [given] if isinstance(given, str) else list(given)
        if len(names) != len(fits):
            raise ArgumentError(
                "model names vector and model list have different lengths: "
                f"{len(names)} names, {len(fits)} models"
            )
        return names
    frame, level = caller()
    found = [_variable(frame, fit) for fit in fits]
    names = [name for name in found if name is not None]
    if len(set(names)) < len(fits):
        warnings.warn(
            "failed to find model names, assigning generic names", GlmmviWarning, stacklevel=level
        )
        return [f"MODEL{i}" for i in range(1, len(fits) + 1)]
    return names


def _variable(frame: FrameType | None, value: Any) -> str | None:
    if frame is not None:
        for name, candidate in [*frame.f_locals.items(), *frame.f_globals.items()]:
            if candidate is value and not name.startswith("_"):
                return name
    return None
