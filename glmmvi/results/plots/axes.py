"""Axes to draw on: those given, or new ones. Matplotlib is imported here, when it is needed."""

from __future__ import annotations

import textwrap
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glmmvi.errors import ArgumentError

POINT = {"color": "#1f4e79", "markersize": 4.0, "linestyle": "none", "marker": "o"}
LINE = {"color": "#1f4e79", "linewidth": 1.5}
TREND = {"color": "#c0392b", "linewidth": 1.5}
REFERENCE = {"color": "0.6", "linewidth": 0.8, "zorder": 0.5}
BAND = {"color": "#1f4e79", "alpha": 0.18, "linewidth": 0.0}


def pyplot() -> Any:
    """Matplotlib's pyplot.

    Raises
    ------
    ArgumentError
        If matplotlib is not installed.
    """
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ArgumentError(
            "pictures need matplotlib, which is not installed: pip install 'glmmvi[plot]'"
        ) from error
    return plt


def one_axes(ax: Any = None) -> Any:
    """The axes given, or those of a new figure."""
    if ax is not None:
        return ax
    return pyplot().subplots(figsize=(5.0, 4.0), layout="constrained")[1]


def many_axes(n: int, ax: Any = None, *, columns: int = 3, height: float = 3.0) -> NDArray[Any]:
    """The `n` axes given, or those of a new figure, shape (n,).

    Raises
    ------
    ArgumentError
        If another number of axes is given.
    """
    if ax is not None:
        given = np.ravel(np.asarray(ax, dtype=object))
        if given.size != n:
            raise ArgumentError(f"ax= has {given.size} axes; the picture has {n} panels")
        return given
    columns = min(n, columns)
    rows = -(-n // columns)
    grid = (
        pyplot()
        .subplots(
            rows,
            columns,
            figsize=(3.2 * columns + 0.6, height * rows),
            layout="constrained",
            squeeze=False,
        )[1]
        .ravel()
    )
    for spare in grid[n:]:
        spare.remove()
    return np.asarray(grid[:n], dtype=object)


def wrapped(label: str) -> str:
    """A long label on several lines.

    Examples
    --------
    >>> wrapped("observed mean of cbind(incidence, size - incidence)").count(chr(10))
    1
    """
    return "\n".join(textwrap.wrap(label, 36))
