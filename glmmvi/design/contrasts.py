"""Contrasts of a factor: R's coding matrices with R's column names."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from glmmvi.design.formulaic_bridge import contrast_matrix
from glmmvi.design.values import Coding
from glmmvi.errors import ArgumentError, DataError

ContrastSpec: TypeAlias = str | Callable[..., Any] | Any
Contrasts: TypeAlias = Mapping[str, ContrastSpec] | Sequence[str] | None

CONTRAST_NAMES = ("contr.treatment", "contr.sum", "contr.helmert", "contr.poly", "contr.SAS")
_POLY_NAMES = {1: ".L", 2: ".Q", 3: ".C"}


def named_coding(
    name: str,
    levels: tuple[str, ...],
    *,
    numbered: bool = False,
    base: int = 1,
    scores: list[float] | None = None,
) -> Coding:
    """Coding matrix of one of R's contrast functions.

    Parameters
    ----------
    name : str
        R's name, with or without ``contr.``.
    levels : tuple of str
        The factor's levels.
    numbered : bool
        Whether treatment contrasts are named by number (R does so where it calls the function
        with the number of levels), not by level.
    base : int
        One-based baseline of treatment contrasts.
    scores : list of float, optional
        For ``contr.poly``.

    Returns
    -------
    Coding

    Examples
    --------
    >>> named_coding("contr.treatment", ("a", "b", "c")).names
    ('b', 'c')
    >>> named_coding("contr.poly", ("lo", "mid", "hi")).names
    ('.L', '.Q')
    """
    full = name if name.startswith("contr.") else f"contr.{name}"
    k = len(levels)
    if full not in CONTRAST_NAMES:
        raise ArgumentError(
            f"object {name!r} of mode 'function' was not found: contrasts are one of "
            f"{', '.join(CONTRAST_NAMES)}, a matrix, or a function of the levels."
        )
    if full in ("contr.treatment", "contr.SAS"):
        left_out = k - 1 if full == "contr.SAS" else base - 1
        if not 0 <= left_out < k:
            raise DataError("baseline group number out of range.")
        keep = [i for i in range(k) if i != left_out]
        labels = [str(i + 1) for i in range(k)] if numbered else levels
        return Coding(np.eye(k)[:, keep], tuple(labels[i] for i in keep), full)
    matrix = contrast_matrix(full, k, scores)
    names = None
    if full == "contr.poly":
        names = tuple(_POLY_NAMES.get(i, f"^{i}") for i in range(1, k))
    return Coding(matrix, names, full)


def default_coding(levels: tuple[str, ...], ordered: bool, defaults: Sequence[str]) -> Coding:
    """The coding of a factor for which nothing was asked.

    Examples
    --------
    >>> default_coding(("a", "b"), False, ("contr.treatment", "contr.poly")).names
    ('b',)
    """
    return named_coding(defaults[1 if ordered else 0], levels)


def resolve_coding(
    spec: ContrastSpec, levels: tuple[str, ...], variable: str, how_many: int | None = None
) -> Coding:
    """What the user gave in ``contrasts=`` (or R's ``C()``) as a coding matrix.

    Parameters
    ----------
    spec : str, callable, matrix or DataFrame
        A name; a function of the list of levels; one row a level.
    levels : tuple of str
        The factor's levels.
    variable : str
        For error messages.
    how_many : int, optional
        Keep that many columns only.

    Returns
    -------
    Coding

    Examples
    --------
    >>> resolve_coding("contr.sum", ("a", "b"), "g").matrix.tolist()
    [[1.0], [-1.0]]
    """
    if isinstance(spec, Coding):
        coding = spec
    elif isinstance(spec, str):
        coding = named_coding(spec, levels)
    else:
        if isinstance(spec, type):
            spec = spec()
        if hasattr(spec, "get_coding_matrix"):  # one of formulaic's contrasts
            result = spec.get_coding_matrix(list(levels), reduced_rank=True, sparse=False)
        else:
            result = spec(list(levels)) if callable(spec) else spec
        names = tuple(map(str, result.columns)) if isinstance(result, pd.DataFrame) else None
        matrix = np.asarray(result, dtype=np.float64)
        if matrix.ndim == 1:
            matrix = matrix[:, None]
        coding = Coding(matrix, names)
    if coding.matrix.shape[0] != len(levels):
        raise ArgumentError(
            f"wrong number of contrast matrix rows: {variable!r} has {len(levels)} levels "
            f"({', '.join(levels)}), the matrix has {coding.matrix.shape[0]} rows."
        )
    if how_many is not None and how_many < coding.matrix.shape[1]:
        names = None if coding.names is None else coding.names[:how_many]
        coding = Coding(coding.matrix[:, :how_many], names)
    return coding


def complete_coding(coding: Coding, variable: str) -> Coding:
    """Fill a matrix with fewer columns than a factor has degrees of freedom, as ``C()`` does.

    Examples
    --------
    >>> complete_coding(Coding(np.array([[-1.0], [0.0], [1.0]]), None), "a").matrix.shape
    (3, 2)
    """
    k, given = coding.matrix.shape
    if given >= k - 1:
        return coding
    start = np.column_stack([np.ones(k), coding.matrix])
    if np.linalg.matrix_rank(start) < given + 1:
        raise DataError(f"singular contrast matrix for {variable!r}.")
    q, _ = np.linalg.qr(start, mode="complete")
    filled = q[:, 1:]
    filled[:, :given] = coding.matrix
    names = None if coding.names is None else coding.names + ("",) * (k - 1 - given)
    return Coding(filled, names)


def full_coding(levels: tuple[str, ...]) -> Coding:
    """One indicator column a level.

    Examples
    --------
    >>> full_coding(("a", "b")).names
    ('a', 'b')
    """
    return Coding(np.eye(len(levels)), levels, "identity")
