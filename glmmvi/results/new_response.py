"""A design with another response: what ``refit`` and the bootstrap fit."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from glmmvi.design.design_matrices import DesignMatrices
from glmmvi.design.frame_source import GivenFrame
from glmmvi.errors import ArgumentError, DataError
from glmmvi.model.prior_weights import prior_weights

Vector = NDArray[np.float64]


def with_response(design: DesignMatrices, response: Any) -> DesignMatrices:
    """The same rows and columns, another response.

    Parameters
    ----------
    design : DesignMatrices
    response : array, Series or DataFrame
        As the model's own: n numbers; for ``cbind(s, f)`` two columns, shape (n, 2); for a
        factor its levels as text, or 0 and 1. Under ``na.exclude`` it may have the rows that
        were left out, too.

    Returns
    -------
    DesignMatrices

    Raises
    ------
    ArgumentError
        If the shape is another.
    DataError
        If a value is missing or not understood.

    Examples
    --------
    >>> from glmmvi.design import build_design
    >>> design = build_design("y ~ 1 + (1 | g)", {"y": [1.0, 2.0, 3.0], "g": list("aab")})
    >>> with_response(design, [3, 2, 1]).y.tolist()
    [3.0, 2.0, 1.0]
    """
    values = np.asarray(response)
    width = 2 if design.response_kind == "cbind" else 1
    if width == 1 and values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if len(design.omitted) and len(values) == design.n + len(design.omitted):
        values = np.delete(values, design.omitted, axis=0)
    shape = (design.n, 2) if width == 2 else (design.n,)
    if values.shape != shape:
        what = "successes and failures in two columns" if width == 2 else "one value a row"
        raise ArgumentError(
            f"refit: newresp has shape {np.asarray(response).shape}; {what} were expected, shape "
            f"{shape}"
        )
    if values.dtype.kind in "OUS" and design.response_levels:
        return with_numbers(design, _successes(values, design.response_levels))
    try:
        numbers = values.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"refit: newresp is not numeric ({error})") from error
    if not np.isfinite(numbers).all():
        rows = int((~np.isfinite(numbers)).reshape(len(numbers), -1).any(axis=1).sum())
        raise DataError(f"refit: newresp is missing or infinite in {rows} rows")
    if width == 1:
        return with_numbers(design, numbers)
    totals = numbers.sum(axis=1)
    y = np.divide(numbers[:, 0], totals, out=np.zeros(design.n), where=totals != 0)
    return with_numbers(design, y, totals)


def _successes(values: NDArray[Any], levels: tuple[str, ...]) -> Vector:
    position = {level: float(i > 0) for i, level in enumerate(levels)}
    unknown = sorted({str(value) for value in values} - set(position))
    if unknown:
        raise DataError(
            f"refit: newresp has the level {unknown[0]!r}; the response's levels are "
            f"{', '.join(levels)}"
        )
    return np.array([position[str(value)] for value in values])


def with_numbers(design: DesignMatrices, y: Vector, totals: Vector | None = None) -> DesignMatrices:
    """As `with_response`, of numbers that are the engine's own: proportions for ``cbind``.

    Parameters
    ----------
    design : DesignMatrices
    y : float64, shape (n,)
    totals : float64, shape (n,), optional
        For ``cbind``; those of the design by default.

    Returns
    -------
    DesignMatrices
    """
    weights = design.weights
    if totals is not None:
        prior = prior_weights(design)
        weights = totals if prior is None else totals * prior
    totals = design.totals if totals is None else totals
    frame = design.frame.copy(deep=False)
    for column, values in _columns(design, y, totals).items():
        frame[column] = values
    return replace(design, y=y, totals=totals, weights=weights, frame_source=GivenFrame(frame))


def response_columns(design: DesignMatrices) -> list[str]:
    """Names of the response's columns in the model frame."""
    count = {"cbind": 2, "none": 0}.get(design.response_kind, 1)
    return [str(name) for name in design.frame.columns[:count]]


def shown_columns(design: DesignMatrices) -> dict[str, str]:
    """R's names of the response's columns where the frame's end in nothing: ``cbind(s, f).V2``."""
    names = response_columns(design)
    return {name: f"{name}V{i + 1}" for i, name in enumerate(names) if name.endswith(").")}


def _columns(design: DesignMatrices, y: Vector, totals: Vector | None) -> dict[str, Any]:
    names = response_columns(design)
    if design.response_kind == "cbind" and totals is not None:
        return dict(zip(names, (y * totals, totals - y * totals), strict=True))
    if design.response_kind == "factor":
        codes = (y > 0.0).astype(int)
        levels = list(design.response_levels)
        return {names[0]: pd.Categorical.from_codes(codes, categories=pd.Index(levels))}
    return dict.fromkeys(names, y)
