"""Unknown arguments of a function: an error that names the nearest known one."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from glmmvi.errors import ArgumentError, nearest_hint

P = ParamSpec("P")
R = TypeVar("R")


def names_arguments(function: Callable[P, R]) -> Callable[P, R]:
    """Make a function, or a method, refuse unknown arguments as the fitting functions do.

    Examples
    --------
    >>> @names_arguments
    ... def simulate(fit, *, seed=None):
    ...     return fit
    >>> simulate(1, sed=2)
    Traceback (most recent call last):
    glmmvi.errors.ArgumentError: simulate: unused argument (sed = 2) (did you mean "seed"?); \
the arguments are fit, seed
    """
    known = [name for name in inspect.signature(function).parameters if name != "self"]

    @wraps(function)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        for name, value in kwargs.items():
            if name not in known:
                raise ArgumentError(
                    f"{function.__name__}: unused argument ({name} = {value!r})"
                    f"{nearest_hint(name, known)}; the arguments are {', '.join(known)}"
                )
        return function(*args, **kwargs)

    return checked
