"""Evaluate R expressions on the columns of a data frame."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import ModuleType
from typing import Any

import numpy as np

from glmmvi.design.columns import DataColumns, check_row_labels, closest
from glmmvi.design.contrasts import CONTRAST_NAMES
from glmmvi.design.functions.factors import relabel
from glmmvi.design.functions.r_function import CallSite
from glmmvi.design.functions.registry import FUNCTIONS, REMEMBERING
from glmmvi.design.intake import as_value, factor_from_strings
from glmmvi.design.moments import in_unit, style_of
from glmmvi.design.values import (
    Coding,
    Factor,
    Logical,
    Matrix,
    Moments,
    Value,
    kind_of,
    length_of,
)
from glmmvi.errors import DataError, GlmmviError
from glmmvi.formula.expression import Call, Constant, Expression, Number, Symbol, Text

Memory = dict[Any, dict[str, Any]]
"""What was learned at the fit: by call, the state of that call; by name, kind and levels."""

_CONSTANTS: dict[str, Any] = {"pi": math.pi, "T": True, "F": False}


_ACROSS_ROWS = frozenset(
    {"ave", "cummax", "cummin", "cumprod", "cumsum", "diff", "duplicated", "lag", "order"}
    | {"rank", "rev", "sample", "seq_along", "sort"}
)
"""Functions of R whose value in a row depends on the order or the values of other rows."""


class Evaluator:
    """Evaluates expressions on one data frame.

    Parameters
    ----------
    columns : DataColumns
        The data.
    env : mapping of str to object, optional
        Variables and functions of the caller. Columns of the data come first. Nothing else of
        the caller's is ever looked at.
    memory : dict
        What earlier evaluations learned; filled at the fit.
    learning : bool
        Whether this is the fit (memory may be written) or new data (it is only read).

    Examples
    --------
    >>> from glmmvi.design.columns import read_columns
    >>> from glmmvi.formula.expression import Argument
    >>> e = Evaluator(read_columns({"x": [1.0, 4.0]}))
    >>> e.evaluate(Call("sqrt", (Argument(Symbol("x")),)))
    array([1., 2.])
    """

    def __init__(
        self,
        columns: DataColumns,
        env: Mapping[str, Any] | None = None,
        memory: Memory | None = None,
        *,
        learning: bool = True,
    ) -> None:
        self.columns = columns
        self.env: Mapping[str, Any] = env or {}
        self.memory: Memory = {} if memory is None else memory
        self.learning = learning
        self.strict = True
        self._done: dict[Expression, Value] = {}

    def deparse(self, expression: Expression) -> str:
        """The expression as R prints it."""
        from glmmvi.formula.deparse import deparse

        return deparse(expression)

    def evaluate(self, expression: Expression) -> Value:
        """Value of an expression.

        Parameters
        ----------
        expression : Expression
            The expression.

        Returns
        -------
        Value

        Raises
        ------
        DataError
            If a name or function is unknown, or a value does not fit the function.
        """
        if isinstance(expression, Symbol):
            return self.variable(expression.name)
        if isinstance(expression, Number):
            value = expression.value
            return np.array([int(value)]) if expression.integer else np.array([float(value)])
        if isinstance(expression, Text):
            return factor_from_strings([expression.value])
        if isinstance(expression, Constant):
            return _constant(expression.name)
        return self._call(expression)

    def leaf(self, expression: Expression, *, strict: bool = True) -> Value:
        """Value of a whole variable of the model frame; evaluated once.

        Parameters
        ----------
        expression : Expression
            The variable.
        strict : bool
            Whether a column of another type than at the fit is an error.

        Returns
        -------
        Value
        """
        if expression in self._done:
            return self._done[expression]
        self.strict = strict
        try:
            value = self.evaluate(expression)
            if isinstance(value, np.ndarray) and value.ndim == 2:
                value = Matrix(value.astype(np.float64))
        except GlmmviError:
            raise
        except (ValueError, TypeError, ArithmeticError, IndexError) as error:
            raise DataError(f"cannot evaluate {self.deparse(expression)}: {error}") from error
        finally:
            self.strict = True
        self._done[expression] = value
        return value

    def variable(self, name: str) -> Value:
        """Value of a name: a column, else an entry of `env`, else a constant of R's."""
        if name in self.columns:
            return self._column(name)
        if name in self.env:
            found = self.env[name]
            if callable(found) and not hasattr(found, "__array__"):
                raise DataError(f"invalid type (closure) for variable '{name}': it is a function.")
            check_row_labels(found, self.columns, f"env[{name!r}]")
            return as_value(found, f"env[{name!r}]")
        if name in _CONSTANTS:
            return as_value(_CONSTANTS[name], name)
        if name.startswith(("np.", "numpy.")):
            number = getattr(np, name.split(".", 1)[1], None)
            if isinstance(number, float):
                return np.array([number])
        if name in FUNCTIONS or name in CONTRAST_NAMES:
            if name == "dummy":
                raise DataError("object 'dummy' not found: dummy() is a function of a factor.")
            raise DataError(f"invalid type (closure) for variable '{name}': it is a function.")
        raise DataError(
            f"object '{name}' not found: the data have no column of that name."
            f"{closest(name, self.columns.names)} The columns are "
            f"{', '.join(self.columns.names[:30])}{', ...' if len(self.columns.names) > 30 else ''}"
            f"{'' if self.env else '; values of your own go into env='}."
        )

    def contrast_argument(self, expression: Expression) -> Any:
        """The second argument of ``C()``: a name, a function of `env`, or a matrix."""
        if isinstance(expression, Symbol) and expression.name in self.env:
            return self.env[expression.name]
        if isinstance(expression, Text):
            return expression.value
        value = self.evaluate(expression)
        return Coding(value.values, value.names) if isinstance(value, Matrix) else value

    def _column(self, name: str) -> Value:
        value = self.columns.column(name)
        remembered = self.memory.get(name)
        if remembered is None:
            if self.learning:
                levels = value.levels if isinstance(value, Factor) else None
                self.memory[name] = {"kind": kind_of(value), "levels": levels}
                if isinstance(value, Moments):
                    value = replace(value, style=style_of(value))
                    self.memory[name]["moments"] = replace(value, values=np.empty(0))
            return value
        return value if self.learning else self._checked(name, value, remembered)

    def _checked(self, name: str, value: Value, remembered: dict[str, Any]) -> Value:
        """A column of new data: of the kind it had at the fit, on the levels of the fit."""
        old, new = remembered["kind"], kind_of(value)
        texts = {"character", "factor", "ordered"}
        if _is_all_missing(value):  # nothing but missing values has no type of its own
            n = length_of(value)
            if old in texts:
                return Factor(np.full(n, -1, dtype=np.intp), remembered["levels"])
            return (
                Logical(np.zeros(n, bool), np.ones(n, bool))
                if old == "logical"
                else (np.full(n, np.nan))
            )
        if old == new == "numeric":
            value = _on_the_same_clock(name, value, remembered.get("moments"), self.strict)
        if self.strict and old != new and not (old in texts and new in texts):
            raise DataError(
                f'variable \'{name}\' was fitted with type "{old}" but type "{new}" was supplied.'
            )
        if isinstance(value, Factor) and remembered["levels"] is not None:
            known: tuple[str, ...] = remembered["levels"]
            if value.levels != known:
                new_levels = tuple(lv for lv in value.levels if lv not in set(known))
                value = relabel(value, known + new_levels)
            value = Factor(
                value.codes, value.levels, ordered=old == "ordered", character=old == "character"
            )
        return value

    def _call(self, call: Call) -> Value:
        name = call.function
        if name in self.env and callable(self.env[name]):
            return self._python(self.env[name], call)
        function = FUNCTIONS.get(name)
        if function is None and "::" in name:
            function = FUNCTIONS.get(name.split("::")[-1].lstrip(":"))
            name = name.split("::")[-1]
        if function is not None:
            if name not in REMEMBERING:
                return function(CallSite(self, call))
            state = self.memory.get(call)
            if state is None:
                state = {}
                if self.learning:
                    self.memory[call] = state
            return function(CallSite(self, call, state))
        if name.startswith(("np.", "numpy.")):
            return self._python(_numpy_function(name), call)
        owner, _, attribute = name.partition(".")
        if isinstance(self.env.get(owner), ModuleType):
            found: Any = self.env[owner]
            for part in attribute.split("."):
                found = None if part.startswith("_") else getattr(found, part, None)
            if callable(found):
                return self._python(found, call)
        if name in _ACROSS_ROWS:
            raise DataError(
                f"{name}() is not for formulas here: its value in a row depends on the other rows, "
                "so it has none for new data. Add it to the data as a column, or pass a Python "
                f"function as env={{{name!r}: ...}}."
            )
        known = [*FUNCTIONS, *(k for k, v in self.env.items() if callable(v))]
        raise DataError(
            f'could not find function "{name}": it is not among R\'s functions that formulas can '
            f"use here.{closest(name, known)} Pass a Python function as env={{{name!r}: ...}}, or "
            "add a column to the data."
        )

    def _python(self, function: Callable[..., Any], call: Call) -> Value:
        values = [(a.name, _for_python(self.evaluate(a.value))) for a in call.arguments]
        positional = [value for name, value in values if name is None]
        named = {name: value for name, value in values if name is not None}
        try:
            result = function(*positional, **named)
        except Exception as error:
            raise DataError(
                f"{self.deparse(call)} failed: {type(error).__name__}: {error}"
            ) from error
        return as_value(result, f"the result of {self.deparse(call)}")


def _on_the_same_clock(name: str, value: Value, fit: Moments | None, strict: bool) -> Value:
    """Dates count days and times count seconds: new data may hold either, the fit decides."""
    if isinstance(value, Moments) and fit is not None:
        return replace(in_unit(value, fit.unit), style=fit.style, zone=fit.zone)
    if strict and (isinstance(value, Moments) or fit is not None):
        unit = value.unit if isinstance(value, Moments) else None
        words = {None: "numeric", "day": "Date", "second": "POSIXct"}
        raise DataError(
            f"variable '{name}' was fitted with type \"{words[fit.unit if fit else None]}\" but "
            f'type "{words[unit]}" was supplied.'
        )
    return value


def _is_all_missing(value: Value) -> bool:
    if isinstance(value, Logical):
        return value.missing is not None and bool(value.missing.all())
    return isinstance(value, np.ndarray) and value.dtype.kind == "f" and bool(np.isnan(value).all())


def _constant(name: str) -> Value:
    if name in ("TRUE", "FALSE"):
        return Logical(np.array([name == "TRUE"]))
    if name == "NULL":
        return None
    if name == "NA":
        return Logical(np.array([False]), np.array([True]))
    return np.array([{"Inf": np.inf, "NaN": np.nan}.get(name, np.nan)])


def _for_python(value: Value) -> Any:
    """A value as a Python function expects it; constants as scalars."""
    import pandas as pd

    if isinstance(value, Factor):
        if len(value.codes) == 1 and value.character:
            return value.levels[value.codes[0]]
        categories = pd.Index(value.levels, dtype=object)
        return pd.Categorical.from_codes(value.codes, categories=categories, ordered=value.ordered)
    if isinstance(value, Logical):
        return bool(value.values[0]) if len(value.values) == 1 else value.values
    if isinstance(value, (Matrix, Moments)):
        return value.values
    if isinstance(value, np.ndarray) and len(value) == 1:
        number = value[0].item()
        return int(number) if isinstance(number, float) and number.is_integer() else number
    return value


def _numpy_function(name: str) -> Callable[..., Any]:
    parts = name.split(".")[1:]
    found: Any = np
    for part in parts:
        found = None if part.startswith("_") else getattr(found, part, None)
        if found is None:
            break
    if len(parts) == 1 and callable(found):
        return found
    hint = closest(parts[-1], [n for n in dir(np) if not n.startswith("_")])
    raise DataError(f'could not find function "{name}": NumPy has no such function.{hint}')
