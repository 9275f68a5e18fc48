"""Unknown arguments of a function: an error that names the nearest known one."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from glmmvi.errors import ArgumentError, nearest_hint

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")


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
        refuse_others(function.__name__, kwargs, known)
        return function(*args, **kwargs)

    return checked


def refuse_others(
    function: str,
    given: Mapping[str, Any],
    known: Sequence[str],
    *,
    advice: Mapping[str, str] | None = None,
) -> None:
    """Refuse arguments that are not among the known ones.

    Parameters
    ----------
    function : str
    given : mapping
    known : sequence of str
    advice : mapping of str to str, optional
        What to say of some unknown ones instead of the nearest known one.

    Raises
    ------
    ArgumentError
        That names the first one, and the nearest known one.
    """
    for name, value in given.items():
        if name not in known:
            hint = (advice or {}).get(name) or nearest_hint(name, known)
            listed = f"the arguments are {', '.join(known)}" if known else "it has no arguments"
            raise ArgumentError(f"{function}: unused argument ({name} = {value!r}){hint}; {listed}")


def methods_name_arguments(cls: type[T]) -> type[T]:
    """Make the methods of a class refuse unknown arguments likewise, as a decorator of the class.

    Methods that collect arguments to hand them on are left to those who take them.

    Examples
    --------
    >>> @methods_name_arguments
    ... class Fit:
    ...     def augment(self, newdata=None):
    ...         return newdata
    >>> Fit().augment(new_data=1)
    Traceback (most recent call last):
    glmmvi.errors.ArgumentError: augment: unused argument (new_data = 1) \
(did you mean "newdata"?); the arguments are newdata
    """
    for name, method in list(vars(cls).items()):
        if name.startswith("_") or not inspect.isfunction(method):
            continue
        kinds = [parameter.kind for parameter in inspect.signature(method).parameters.values()]
        if not hasattr(method, "__wrapped__") and inspect.Parameter.VAR_KEYWORD not in kinds:
            setattr(cls, name, names_arguments(method))
    return cls
