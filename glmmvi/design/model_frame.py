"""R's model frame: every variable evaluated, then ``subset``, then ``na.action``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from glmmvi.design.moments import wall_clock
from glmmvi.design.values import (
    Factor,
    Logical,
    Matrix,
    Moments,
    Value,
    drop_unused_levels,
    length_of,
    missing_in,
    take_rows,
)
from glmmvi.errors import ArgumentError, DataError, GlmmviWarning

NA_ACTIONS = ("na.omit", "na.exclude", "na.fail", "na.pass")


@dataclass(frozen=True, eq=False)
class ModelFrame:
    """The variables of a model on the rows used.

    Attributes
    ----------
    values : dict of str to Value
        By R's name, in R's order; ``(weights)`` and ``(offset)`` last.
    n : int
        Rows used.
    rows : intp, shape (n,), or None
        Positions in the data of the rows used; None for all.
    omitted : intp
        Positions, among the rows of ``subset``, that were left out for missing values.
    subset_rows : intp, shape (n + number omitted,), or None
        Positions in the data of the rows that ``subset`` left; None for all.
    """

    values: dict[str, Value]
    n: int
    rows: NDArray[np.intp] | None
    omitted: NDArray[np.intp]
    subset_rows: NDArray[np.intp] | None = None


def check_na_action(na_action: str | None) -> str:
    """R's name of a missing-value rule; underscores and short names are fine.

    Examples
    --------
    >>> check_na_action("exclude"), check_na_action("na_omit")
    ('na.exclude', 'na.omit')
    """
    if na_action is None:
        return "na.pass"
    if isinstance(na_action, str):
        name = na_action.replace("_", ".")
        name = name if name.startswith("na.") else f"na.{name}"
        if name in NA_ACTIONS:
            return name
    raise ArgumentError(
        f"na_action must be one of {', '.join(map(repr, NA_ACTIONS))}, not {na_action!r}."
    )


def make_model_frame(
    values: Mapping[str, Value],
    n: int,
    *,
    keep: NDArray[np.bool_] | None = None,
    na_action: str = "na.omit",
    drop_levels: bool = True,
) -> ModelFrame:
    """Leave out rows, then levels that no longer occur.

    Parameters
    ----------
    values : mapping of str to Value
        The variables on all rows of the data.
    n : int
        Rows of the data.
    keep : bool, shape (n,), optional
        R's ``subset``.
    na_action : str
        As `check_na_action` returns it.
    drop_levels : bool
        Whether factors lose the levels that do not occur.

    Returns
    -------
    ModelFrame

    Raises
    ------
    DataError
        If a variable has another length than the data, if nothing is left, or if values are
        missing under ``na.fail``.

    Examples
    --------
    >>> frame = make_model_frame({"x": np.array([1.0, np.nan])}, 2)
    >>> frame.n, frame.omitted
    (1, array([1]))
    """
    for name, value in values.items():
        if value is None:
            raise DataError(f"invalid type (NULL) for variable '{name}'.")
        if length_of(value) != n:
            raise DataError(
                f"variable lengths differ (found for '{name}'): it has {length_of(value)} values, "
                f"the data have {n} rows."
            )
    rows = subset_rows = None
    n_subset = n
    current = dict(values)
    if keep is not None and not keep.all():
        rows = subset_rows = np.flatnonzero(keep)
        n_subset = len(rows)
        if not n_subset:
            raise DataError("0 (non-NA) cases: subset leaves no row.")
        current = {name: take_rows(value, rows) for name, value in current.items()}
    omitted = np.empty(0, dtype=np.intp)
    if na_action != "na.pass":
        missing, culprits = _missing_rows(current)
        if missing is not None:
            listed = ", ".join(f"{name} ({count})" for name, count in culprits.items())
            if na_action == "na.fail":
                raise DataError(f"missing values in object: {listed}.")
            complete = np.flatnonzero(~missing)
            if not len(complete):
                raise DataError(
                    f"0 (non-NA) cases: every row has a missing value in one of the variables "
                    f"used; missing: {listed}."
                )
            omitted = np.flatnonzero(missing)
            current = {name: take_rows(value, complete) for name, value in current.items()}
            rows = complete if rows is None else rows[complete]
    current = {
        name: _without_unused(name, value)
        if drop_levels or (isinstance(value, Factor) and value.character)  # text has no levels yet
        else value
        for name, value in current.items()
    }
    return ModelFrame(current, n_subset - len(omitted), rows, omitted, subset_rows)


def _missing_rows(
    values: Mapping[str, Value],
) -> tuple[NDArray[np.bool_] | None, dict[str, int]]:
    missing: NDArray[np.bool_] | None = None
    culprits = {}
    for name, value in values.items():
        found = missing_in(value)
        if found is not None:
            culprits[name] = int(found.sum())
            missing = found if missing is None else missing | found
    return missing, culprits


def _without_unused(name: str, value: Value) -> Value:
    if not isinstance(value, Factor):
        return value
    smaller = drop_unused_levels(value)
    if value.coding is not None and smaller.coding is None:
        import warnings

        warnings.warn(
            f"contrasts dropped from factor {name} due to missing levels",
            GlmmviWarning,
            stacklevel=5,
        )
    return smaller


def frame_as_pandas(
    frame: ModelFrame, index: pd.Index, shown: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """The model frame as a data frame.

    Parameters
    ----------
    frame : ModelFrame
        The frame.
    index : Index
        Row labels of the whole data.
    shown : mapping of str to str, optional
        Other names for some of the variables.

    Returns
    -------
    DataFrame
        A matrix variable is spread over columns ``name.1``, ``name.2``, ... as R prints it.

    Examples
    --------
    >>> frame = make_model_frame({"x": np.array([1.0, 2.0])}, 2)
    >>> frame_as_pandas(frame, pd.RangeIndex(2))["x"].tolist()
    [1.0, 2.0]
    """
    columns: dict[str, Any] = {}
    for variable, value in frame.values.items():
        name = shown.get(variable, variable) if shown else variable
        if isinstance(value, Factor):
            dtype = pd.CategoricalDtype(pd.Index(value.levels, dtype=object), value.ordered)
            columns[name] = pd.Categorical.from_codes(value.codes, dtype=dtype)
        elif isinstance(value, Logical):
            columns[name] = _read_only(value.values)
            if value.missing is not None:
                columns[name] = pd.arrays.BooleanArray(value.values.copy(), value.missing.copy())
        elif isinstance(value, Matrix):
            for k in range(value.values.shape[1]):
                suffix = value.names[k] if value.names is not None else str(k + 1)
                columns[f"{name}.{suffix}"] = _read_only(value.values[:, k])
        elif isinstance(value, Moments):
            columns[name] = wall_clock(value)
        elif value is not None:
            columns[name] = _read_only(value)
    labels = index if frame.rows is None else index[frame.rows]
    return pd.DataFrame(columns, index=labels, copy=False)


def _read_only(array: NDArray[Any]) -> NDArray[Any]:
    view = array.view()
    view.flags.writeable = False
    return view


def evaluate_subset(value: Value, n: int) -> NDArray[np.bool_]:
    """R's ``subset`` as a mask; a missing value counts as FALSE.

    Examples
    --------
    >>> evaluate_subset(Logical(np.array([True, False])), 2)
    array([ True, False])
    """
    if not isinstance(value, Logical):
        raise ArgumentError(
            "'subset' must be logical: an array of booleans, one a row of the data, or the text of "
            'a condition such as "Days > 1".'
        )
    if len(value.values) != n:
        raise DataError(
            f"variable lengths differ (found for '(subset)'): it has {len(value.values)} values, "
            f"the data have {n} rows."
        )
    return value.values if value.missing is None else value.values & ~value.missing


def to_factor_levels(value: Factor, levels: tuple[str, ...]) -> Factor:
    """New values on the levels of the fit; unseen levels get the code -1.

    Examples
    --------
    >>> to_factor_levels(Factor(np.array([0, 1]), ("b", "z")), ("a", "b")).codes
    array([ 1, -1])
    """
    from glmmvi.design.functions.factors import relabel

    return replace(relabel(value, levels), coding=value.coding)
