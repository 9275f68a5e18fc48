"""Standard errors and intervals of predictions, from the Gaussian surrogate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri, stdtrit

from glmmvi.design.design_matrices import DesignMatrices
from glmmvi.design.random_term import RandomTerm
from glmmvi.design.sparse_columns import sparse_columns
from glmmvi.errors import ArgumentError
from glmmvi.inference.covariance_points import CovariancePoint
from glmmvi.inference.effects_posterior import combination_variance, new_level_variance
from glmmvi.model.families import Family
from glmmvi.results.prediction import PredictionRows, random_part

Vector = NDArray[np.float64]
Interval = Literal["confidence", "prediction"]

_CHUNK = 4_000_000  # numbers of a temporary
_FEWEST = 3.0  # degrees of freedom that an interval has at least


@dataclass(frozen=True)
class LinkMoments:
    """The linear predictor of every row as the surrogate knows it.

    Attributes
    ----------
    mean, variance : float64, shape (n,)
        Link scale (squared).
    df : float64, shape (n,)
        Satterthwaite's degrees of freedom of `variance`: infinite where the covariance
        parameters count as known.
    """

    mean: Vector
    variance: Vector
    df: Vector


def link_moments(
    rows: PredictionRows,
    mean: Vector,
    points: Sequence[CovariancePoint],
    left_out: Sequence[tuple[int, RandomTerm]] = (),
    noise: Vector | None = None,
) -> LinkMoments:
    """Moments of the linear predictor, averaged over the covariance parameters' points.

    Parameters
    ----------
    rows : PredictionRows
    mean : float64, shape (n,)
        The predictions themselves, at the estimates.
    points : sequence of CovariancePoint
        One, at the estimates, or those of the covariance parameters' uncertainty; what their
        means differ from `mean` is part of the variance, and what their variances differ from
        one another gives its degrees of freedom (Satterthwaite 1946, Biometrics Bulletin 2).
    left_out : sequence of (int, RandomTerm)
        Terms (position in the design, columns) whose effects are drawn from their group's
        distribution, whatever the level.
    noise : float64, shape (n,), optional
        Variance of a response given its mean, in units of ``sigma^2``.

    Returns
    -------
    LinkMoments
    """
    Z = {r: sparse_columns(term) for r, term in rows.parts.items()}
    variances, shifts = [], np.zeros(len(mean))
    for point in points:
        effects = point.effects
        there = rows.offset + rows.X @ effects.beta[: rows.X.shape[1]]
        X = rows.X if rows.X.shape[1] else np.zeros((len(mean), len(effects.beta)))
        variance = combination_variance(effects, X, Z)
        for r, term in rows.parts.items():
            there = there + random_part(term, effects.b_mean[r])
            drawn = new_level_variance(term.Z, effects.Lambda[r], point.scale)
            variance = variance + np.where(term.codes < 0, drawn, 0.0)
        for r, term in left_out:
            variance = variance + new_level_variance(term.Z, effects.Lambda[r], point.scale)
        variances.append(variance if noise is None else variance + point.scale**2 * noise)
        shifts += (there - mean) ** 2 / len(points)
    total = np.mean(variances, axis=0) + shifts
    if len(points) == 1:
        return LinkMoments(mean, total, np.full(len(mean), np.inf))
    spread = np.var(variances, axis=0)
    df = np.divide(2.0 * total**2, spread, out=np.full(len(mean), np.inf), where=spread > 0.0)
    return LinkMoments(mean, total, np.maximum(df, _FEWEST))


def left_out_terms(
    design: DesignMatrices, rows: PredictionRows, newdata: Any
) -> list[tuple[int, RandomTerm]]:
    """What ``re_form`` leaves out: columns of terms, their levels unknown.

    The grouping factors of those terms need not be in the new data.
    """
    found = []
    for r, term in enumerate(design.terms):
        if newdata is None:
            Z = term.Z
        else:
            columns = design.recipe.columns_alone(design.recipe.random[r].plan)
            Z = columns.rebuild(newdata, random=False).X
        if r in rows.parts:
            Z = np.where(_used(rows.parts[r].Z, Z), 0.0, Z)
        if Z.any():
            codes = np.full(len(Z), -1, dtype=np.intp)
            found.append((r, replace(term, Z=Z, codes=codes)))
    return found


def _used(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Columns that take part: they are not blanked."""
    return np.broadcast_to((part == whole).all(axis=0), whole.shape)


def interval_ends(moments: LinkMoments, level: float) -> tuple[Vector, Vector]:
    """A t interval of every row: normal where the covariance parameters count as known."""
    check_level(level)
    margin = t_quantile(0.5 + 0.5 * level, moments.df) * np.sqrt(moments.variance)
    return moments.mean - margin, moments.mean + margin


def check_level(level: float) -> None:
    """Refuse what is no probability."""
    if not isinstance(level, (int, float)) or not 0.0 < level < 1.0:
        raise ArgumentError(f"level={level!r} is not a probability between 0 and 1")


def t_quantile(probability: float, df: Vector) -> Vector:
    """Quantiles of t distributions; the normal's where `df` is large.

    Examples
    --------
    >>> t_quantile(0.975, np.array([5.0, np.inf])).round(3).tolist()
    [2.571, 1.96]
    """
    quantile = np.full(df.shape, float(ndtri(probability)))
    few = df < 1e6
    quantile[few] = stdtrit(df[few], probability)
    return quantile


def drawn_interval(
    moments: LinkMoments,
    family: Family,
    dispersions: Sequence[Vector],
    *,
    level: float,
    n_draws: int,
    seed: int | None,
    weights: Vector | None,
    totals: Vector | None,
) -> tuple[Vector, Vector]:
    """Quantiles of a new response: of draws given a stratified draw of the linear predictor.

    Parameters
    ----------
    moments : LinkMoments
    family : Family
    dispersions : sequence of float64, shape (k,)
        Unconstrained; each takes its share of the draws.
    level : float
    n_draws : int
    seed : int, optional
    weights, totals : float64, shape (n,), optional
        See :meth:`glmmvi.model.families.Family.simulate`.

    Returns
    -------
    lower, upper : float64, shape (n,)
    """
    check_level(level)
    rng = np.random.default_rng(seed)
    share = -(-n_draws // len(dispersions))
    n_draws = share * len(dispersions)
    n = len(moments.mean)
    lower, upper = np.full(n, np.nan), np.full(n, np.nan)
    known = np.flatnonzero(np.isfinite(moments.mean) & np.isfinite(moments.variance))
    step = max(1, _CHUNK // n_draws)
    for start in range(0, len(known), step):
        at = known[start : start + step]
        strata = rng.permuted(np.tile(np.arange(n_draws)[:, None], (1, len(at))), axis=0)
        z = ndtri((strata + rng.random(strata.shape)) / n_draws)
        df = moments.df[at]
        if np.isfinite(df).all():  # a t variate: a normal one over an independent chi
            z /= np.sqrt(rng.chisquare(df, size=z.shape) / df)
        eta = moments.mean[at] + np.sqrt(moments.variance[at]) * z
        y = np.concatenate(
            [
                family.simulate(
                    eta[i * share : (i + 1) * share],
                    dispersion,
                    rng,
                    weights=None if weights is None else weights[at],
                    totals=None if totals is None else totals[at],
                )
                for i, dispersion in enumerate(dispersions)
            ]
        )
        tail = 0.5 * (1.0 - level)
        lower[at] = np.quantile(y, tail, axis=0, method="inverted_cdf")
        upper[at] = np.quantile(y, 1.0 - tail, axis=0, method="inverted_cdf")
    return lower, upper


def table(
    fit: Vector, se: Vector | None, ends: tuple[Vector, Vector] | None, index: pd.Index
) -> pd.DataFrame:
    """R's names: ``fit``, ``se.fit``, ``lwr``, ``upr``."""
    columns = {"fit": fit}
    if se is not None:
        columns["se.fit"] = se
    if ends is not None:
        columns["lwr"], columns["upr"] = ends
    return pd.DataFrame(columns, index=index)
