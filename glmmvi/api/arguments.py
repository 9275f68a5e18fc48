"""Checks of arguments that the fitting functions share, and the call as the printout repeats it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glmmvi.caller import variables
from glmmvi.design import DesignMatrices
from glmmvi.errors import ArgumentError
from glmmvi.formula import deparse, deparse_lines
from glmmvi.formula.grammar import parse_expression
from glmmvi.inference.profiled_deviance import unpack
from glmmvi.results.control import Control
from glmmvi.results.tables import ModelCall
from glmmvi.unknown_arguments import refuse_others

NaAction = Literal["na.omit", "na.exclude", "na.fail", "na.pass"]
C = TypeVar("C", bound=Control)


def refuse_unknown(
    function: Callable[..., Any],
    given: Mapping[str, Any],
    *,
    also: Mapping[str, Sequence[str]] | None = None,
    method: str | None = None,
) -> None:
    """Refuse arguments that a function does not have, naming the nearest that it has.

    Parameters
    ----------
    function : callable
        Its last parameter collects the arguments that it does not name.
    given : mapping
        What was collected.
    also : mapping of str to sequence of str, optional
        By method: arguments that are taken too.
    method : str, optional
        The method that was chosen.

    Raises
    ------
    ArgumentError
    """
    if not given:
        return
    own = list(inspect.signature(function).parameters)[:-1]
    options = also or {}
    known = own + [name for name in options.get(method or "", ()) if name not in own]
    owners = {
        name: [f"method={kind!r}" for kind, names in options.items() if name in names]
        for name in given
    }
    advice = {
        name: f", which is for {' or '.join(kinds)}" for name, kinds in owners.items() if kinds
    }
    refuse_others(function.__name__, given, known, advice=advice)


def one_of(function: str, name: str, value: Any, choices: tuple[Any, ...]) -> None:
    """Refuse a value that is none of the choices.

    Raises
    ------
    ArgumentError
    """
    if value not in choices:
        listed = ", ".join(map(repr, choices[:-1])) + f" and {choices[-1]!r}"
        raise ArgumentError(f"{function}: {name}={value!r} is none of {listed}")


def checked_flag(function: str, name: str, value: Any) -> bool:
    """A true or false value; text and numbers other than 0 and 1 are refused.

    Raises
    ------
    ArgumentError
    """
    if isinstance(value, str) or value not in (0, 1):
        raise ArgumentError(f"{function}: {name}={value!r} has to be True or False")
    return bool(value)


def checked_control(control: C | None, kind: type[C], maker: str) -> C:
    """The control object that was given, or the default.

    Raises
    ------
    ArgumentError
        If it is something else.
    """
    if control is None:
        return kind()
    if not isinstance(control, kind):
        raise ArgumentError(
            f"control={control!r} is not a control object: use control={maker}(...)"
        )
    return control


def start_factors(start: ArrayLike, design: DesignMatrices) -> list[NDArray[np.float64]]:
    """lme4's ``theta`` as one lower triangle a term.

    Raises
    ------
    ArgumentError
        If its length is not the model's.
    """
    theta = np.asarray(start, dtype=float)
    sizes = [term.d for term in design.terms]
    k = sum(d * (d + 1) // 2 for d in sizes)
    if theta.shape != (k,):
        raise ArgumentError(
            f"incorrect number of theta components (!={k}): start has shape {theta.shape}"
        )
    if not np.isfinite(theta).all():
        raise ArgumentError(f"start={start!r}: the components of theta have to be finite")
    return unpack(theta, sizes)


def model_call(
    design: DesignMatrices,
    data: Any,
    name: str | None,
    *,
    weights: Any,
    offset: Any,
    subset: Any,
    control: Control | None = None,
) -> ModelCall:
    """The call, as far as the printout repeats it."""
    return ModelCall(
        formula=tuple(deparse_lines(design.formula.expression)),
        data=name or _data_name(data),
        weights=_text(weights, "weights"),
        offset=_text(offset, "offset"),
        subset=_text(subset, "subset"),
        control=None if control is None else control.text(),
    )


def _data_name(data: Any) -> str | None:
    """Name of the user's variable that holds the data, for the printout; else that of its attrs."""
    for name, value in variables():
        if value is data:
            return name
    attributes = getattr(data, "attrs", {})
    return attributes.get("name") if isinstance(attributes, dict) else None


def _text(argument: Any, name: str) -> str | None:
    """As R deparses it; arrays have no text, and show the argument's name."""
    if argument is None:
        return None
    return deparse(parse_expression(argument)) if isinstance(argument, str) else name
