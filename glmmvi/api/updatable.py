"""Fitting functions whose fits remember what they were asked for."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any, TypeVar, cast

from glmmvi.results.fit_arguments import FitArguments

F = TypeVar("F", bound=Callable[..., Any])


def updatable(function: F) -> F:
    """Let ``fit.update()`` call `function` again, with the same data, under the same name."""
    signature = inspect.signature(function)
    (rest,) = (p.name for p in signature.parameters.values() if p.kind is p.VAR_KEYWORD)

    @wraps(function)
    def fitted(*args: Any, **kwargs: Any) -> Any:
        fit = function(*args, **kwargs)
        given = dict(signature.bind(*args, **kwargs).arguments)
        given.update(given.pop(rest, {}))
        given.setdefault("data_name", fit.call.data)
        return replace(fit, arguments=FitArguments(fitted, given))

    return cast(F, fitted)
