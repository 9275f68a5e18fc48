"""Least-squares means of the factors and their differences: lmerTest's ``ls_means``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations, product
from typing import Any, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from glmmvi.design.fixed_terms import FixedTerm, fixed_terms, model_matrix_of
from glmmvi.errors import ArgumentError, nearest_hint
from glmmvi.formula.expression import Symbol
from glmmvi.results.fit import LinearMixedFit
from glmmvi.results.mixed_fit import MixedModelFit
from glmmvi.results.statistics.ls_means_table import LeastSquaresMeans
from glmmvi.results.statistics.marginal_means import checked_level
from glmmvi.results.statistics.reference_grid import reference_grid
from glmmvi.results.testing.lmertest_tables import linear_fit
from glmmvi.results.testing.small_sample import Ddf, small_sample
from glmmvi.unknown_arguments import names_arguments

Matrix = NDArray[np.float64]


@names_arguments
def ls_means(
    fit: MixedModelFit,
    which: str | Sequence[str] | None = None,
    level: float = 0.95,
    ddf: Ddf = "Satterthwaite",
    pairwise: bool = False,
) -> LeastSquaresMeans:
    """Least-squares means of the fixed part's factors, as lmerTest's ``ls_means``.

    The fixed part is evaluated at every combination of the factors' levels, covariates at their
    means over the rows used, and averaged with equal weights over the factors that a term does
    not have; offsets are left out. ``lsmeansLT`` is another name of this function, and
    :func:`emmeans` the way to single covariates, links and adjusted p values.

    Parameters
    ----------
    fit : LinearMixedFit
    which : str or sequence of str, optional
        R's labels of terms: ``"recipe"``, ``"recipe:temperature"``; by default all those that
        have factors only.
    level : float
        Of the intervals.
    ddf : {"Satterthwaite", "Kenward-Roger"}
        The latter with its own standard errors.
    pairwise : bool
        Differences of the means within each term instead: :func:`difflsmeans`.

    Returns
    -------
    LeastSquaresMeans
        Printed as lmerTest's; ``.as_data_frame()`` has the numbers. Means that the data do not
        determine are nan.

    Raises
    ------
    ArgumentError
        For generalized fits, an unknown term, a factor made in the formula (``factor(x)``), or
        a fit that does not go with `ddf`.

    Examples
    --------
    >>> import glmmvi as gv
    >>> fit = gv.lmer("score ~ Machine + (1 | Worker)", gv.load_dataset("Machines"))
    >>> print(str(gv.ls_means(fit)).rstrip())
    Least Squares Means table:
    <BLANKLINE>
             Estimate Std. Error  df t value   lower   upper  Pr(>|t|)
    MachineA  52.3556     2.2293 5.8  23.485 46.8626 57.8485 5.328e-07 ***
    MachineB  60.3222     2.2293 5.8  27.059 54.8293 65.8152 2.348e-07 ***
    MachineC  66.2722     2.2293 5.8  29.728 60.7793 71.7652 1.361e-07 ***
    ---
    Signif. codes:  0 ‘***’ 0.001 ‘**’ 0.01 ‘*’ 0.05 ‘.’ 0.1 ‘ ’ 1
    <BLANKLINE>
      Confidence level: 95%
      Degrees of freedom method: Satterthwaite
    """
    return _table("ls_means", fit, which, level, ddf, pairwise)


@names_arguments
def lsmeansLT(
    fit: MixedModelFit,
    which: str | Sequence[str] | None = None,
    level: float = 0.95,
    ddf: Ddf = "Satterthwaite",
    pairwise: bool = False,
) -> LeastSquaresMeans:
    """Least-squares means under lmerTest's other name: see :func:`ls_means`."""
    return _table("lsmeansLT", fit, which, level, ddf, pairwise)


@names_arguments
def difflsmeans(
    fit: MixedModelFit,
    which: str | Sequence[str] | None = None,
    level: float = 0.95,
    ddf: Ddf = "Satterthwaite",
) -> LeastSquaresMeans:
    """Pairwise differences of least-squares means, as lmerTest's ``difflsmeans``.

    Intervals and p values are of each difference by itself: ``emmeans(fit, ...).pairs()``
    adjusts them.

    Parameters
    ----------
    fit, which, level, ddf
        See :func:`ls_means`.

    Returns
    -------
    LeastSquaresMeans

    Raises
    ------
    ArgumentError
        As :func:`ls_means`.

    Examples
    --------
    >>> import glmmvi as gv
    >>> fit = gv.lmer("score ~ Machine + (1 | Worker)", gv.load_dataset("Machines"))
    >>> gv.difflsmeans(fit).as_data_frame()[["Estimate", "df", "lower", "upper"]].round(2)
                         Estimate    df  lower  upper
    MachineA - MachineB     -7.97  46.0 -10.09  -5.85
    MachineA - MachineC    -13.92  46.0 -16.04 -11.80
    MachineB - MachineC     -5.95  46.0  -8.07  -3.83
    """
    return _table("difflsmeans", fit, which, level, ddf, True)


def _table(
    what: str,
    fit: MixedModelFit,
    which: str | Sequence[str] | None,
    level: float,
    ddf: Ddf,
    pairwise: bool,
) -> LeastSquaresMeans:
    linear = linear_fit(fit, what)
    checked_level(level)
    if ddf not in get_args(Ddf):
        raise ArgumentError(
            f"{what}: ddf={ddf!r} is neither 'Satterthwaite' nor 'Kenward-Roger'"
            f"{nearest_hint(str(ddf), get_args(Ddf))}"
        )
    terms = _chosen(what, linear, which)
    names: list[str] = []
    labels: list[str] = []
    levels: list[str] = []
    blocks = [np.empty((0, linear.design.p))]
    if terms:
        grid = reference_grid(linear)
        X, null = _columns(linear, grid)
        for term in terms:
            rows, own, L = _cells(term, grid, X)
            if pairwise:
                pairs = list(combinations(range(len(rows)), 2))
                L = np.array([L[i] - L[j] for i, j in pairs])
                rows = [f"{rows[i]} - {rows[j]}" for i, j in pairs]
                own = [f"{own[i]} - {own[j]}" for i, j in pairs]
            unknown = (np.abs(L @ null) > 1e-6).any(axis=1)
            L = L[:, list(linear.design.recipe.kept)]
            L[unknown] = np.nan
            blocks.append(L)
            names += rows
            levels += own
            labels += [term.label] * len(rows)
    hypotheses = np.concatenate(blocks)
    method = small_sample(linear, ddf)
    return LeastSquaresMeans(
        tuple(names),
        tuple(labels),
        tuple(levels),
        hypotheses,
        hypotheses @ linear.estimates.beta,
        np.sqrt(np.einsum("mi,ij,mj->m", hypotheses, method.beta_cov, hypotheses)),
        np.array([np.nan if np.isnan(row).any() else method.df(row) for row in hypotheses]),
        level,
        ddf,
    )


def _chosen(
    what: str, fit: LinearMixedFit, which: str | Sequence[str] | None
) -> tuple[FixedTerm, ...]:
    """Terms of factors alone, by their labels."""
    terms, variables = fixed_terms(fit.design), fit.design.recipe.variables
    for term in terms:
        for name in term.variables:
            if name not in term.numeric and not isinstance(variables[name], Symbol):
                raise ArgumentError(
                    f"{what}: the factor {name} is made in the formula; make it a column of the "
                    "data and fit again"
                )
    known = {term.label: term for term in terms if not term.numeric}
    if which is None:
        wanted: list[str] = list(known)
    elif isinstance(which, str) or not isinstance(which, Iterable):
        wanted = [which]
    else:
        wanted = list(which)
    for label in wanted:
        if label not in known:
            raise ArgumentError(
                f"{what}: which={label!r} is no term of factors{nearest_hint(str(label), known)}; "
                f"there are {', '.join(known) or 'none'}"
            )
    return tuple(known[label] for label in wanted)


def _columns(fit: LinearMixedFit, grid: pd.DataFrame) -> tuple[Matrix, Matrix]:
    """Columns of the fixed part on the grid, dropped ones too, and the null space of the data's."""
    recipe = fit.design.recipe
    whole = recipe.columns_alone()
    X = np.array(whole.rebuild(grid, random=False).X)
    if not fit.design.dropped_columns:
        return X, np.zeros((X.shape[1], 0))
    terms = fixed_terms(fit.design)
    data, _ = model_matrix_of(fit.design, terms, intercept=recipe.plan.intercept)
    norms = np.linalg.norm(data, axis=0)
    norms[norms == 0.0] = 1.0
    scaled = data / norms
    vectors = np.linalg.eigh(scaled.T @ scaled)[1]
    null = vectors[:, : X.shape[1] - fit.design.p] / norms[:, None]
    return X, null * np.sqrt(len(data))


def _cells(term: FixedTerm, grid: pd.DataFrame, X: Matrix) -> tuple[list[str], list[str], Matrix]:
    """R's names of a term's cells, their levels, and the mean row of X in each."""
    values: list[list[Any]] = [grid[name].unique().tolist() for name in term.variables]
    names, levels, rows = [], [], []
    for cell in (reverse[::-1] for reverse in product(*values[::-1])):
        pairs = list(zip(term.variables, cell, strict=True))
        inside = np.logical_and.reduce([(grid[name] == value).to_numpy() for name, value in pairs])
        texts = [str(v).upper() if isinstance(v, bool) else str(v) for v in cell]
        names.append(":".join(f"{n}{t}" for (n, _), t in zip(pairs, texts, strict=True)))
        levels.append(":".join(texts))
        rows.append(X[inside].mean(axis=0))
    return names, levels, np.array(rows)
