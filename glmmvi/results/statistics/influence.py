"""Influence of rows and groups on a fit."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from glmmvi.errors import ArgumentError, GlmmviMessage, GlmmviWarning, nearest_hint
from glmmvi.results.any_fit import AnyFit
from glmmvi.results.augment import augment, leverage
from glmmvi.results.intervals.profile import parameters_of
from glmmvi.results.intervals.profiler import estimates_of
from glmmvi.results.rows import by_row


def hatvalues(fit: AnyFit) -> pd.Series:
    """Leverage of every row, given the covariance parameters: lme4's ``hatvalues``.

    Parameters
    ----------
    fit : LinearMixedFit or GeneralizedMixedFit
        By the structured engine.

    Returns
    -------
    Series of float64
        By the data's row labels.

    Examples
    --------
    >>> import glmmvi as gv
    >>> fit = gv.lmer("Reaction ~ Days + (Days | Subject)", gv.load_dataset("sleepstudy"))
    >>> hatvalues(fit).head(2).round(3).tolist()
    [0.229, 0.17]
    """
    return by_row(fit.design, leverage(fit))


def cooks_distance(fit: AnyFit) -> pd.Series:
    """Cook's distance of every row: lme4's ``cooks.distance``.

    Parameters
    ----------
    fit : LinearMixedFit or GeneralizedMixedFit
        By the structured engine.

    Returns
    -------
    Series of float64
        By the data's row labels; NaN where the leverage is 1.

    Examples
    --------
    >>> import glmmvi as gv
    >>> fit = gv.lmer("Reaction ~ Days + (Days | Subject)", gv.load_dataset("sleepstudy"))
    >>> int(cooks_distance(fit).idxmax())
    59
    """
    return by_row(fit.design, augment(fit)[".cooksd"].to_numpy())


@dataclass(frozen=True)
class Influence:
    """What every level of a grouping factor does to the estimates.

    Attributes
    ----------
    group : str
    without : DataFrame
        One row a level left out: sds, correlations, sigma (lme4's names with
        ``oldNames=FALSE``), fixed effects.
    dfbetas : DataFrame
        Fixed effects without the level minus those of the whole fit, in standard errors of the
        former (lme4's sign).
    cooks_distance : Series
        As lme4: scaled by ``(L - p) / (L p)`` for `L` levels.
    converged : Series of bool
    """

    group: str
    without: pd.DataFrame
    dfbetas: pd.DataFrame
    cooks_distance: pd.Series
    converged: pd.Series


def influence(fit: AnyFit, group: str | None = None) -> Influence:
    """Fit again without each level of a grouping factor: lme4's ``influence(fit, groups)``.

    Parameters
    ----------
    fit : LinearMixedFit or GeneralizedMixedFit
        With its data; one refit a level.
    group : str, optional
        Grouping factor; the first of the fit by default.

    Returns
    -------
    Influence

    Raises
    ------
    ArgumentError
        If there is no such factor, or the data's row labels are not unique.
    """
    design = fit.design
    terms = {term.group: term for term in reversed(design.terms)}
    name = design.terms[0].group if group is None else group
    if name not in terms:
        raise ArgumentError(
            f"influence: group={name!r} is no grouping factor{nearest_hint(name, terms)}; there "
            f"are {', '.join(terms)}"
        )
    if fit.arguments is None:
        raise ArgumentError("influence: this fit does not hold its data (loaded or unpickled)")
    data = _as_pandas(fit.getData())
    if not data.index.is_unique:
        raise ArgumentError("influence: row labels of the data repeat; fit data.reset_index()")
    term, chosen = terms[name], parameters_of(fit, oldNames=False)
    estimates, errors, converged = [], [], []
    for level in range(term.L):
        gone = design.frame.index[term.codes == level]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", GlmmviMessage)
            warnings.simplefilter("ignore", GlmmviWarning)
            part = fit.update(data=data.loc[~data.index.isin(gone)])
        kept = pd.Series(
            estimates_of(part, parameters_of(part, oldNames=False)),
            index=[parameter.name for parameter in parameters_of(part, oldNames=False)],
        )
        estimates.append(kept.reindex([parameter.name for parameter in chosen]))
        error = pd.Series(np.sqrt(np.diag(part.vcov())), index=part.fixef().index)
        errors.append(error.reindex(list(design.column_names)))
        converged.append(bool(part.optimization.converged))
    levels = pd.Index(term.levels)
    without = pd.DataFrame(np.array(estimates), index=levels, columns=[c.name for c in chosen])
    fixed = list(design.column_names)
    change = without[fixed].to_numpy() - fit.fixef().to_numpy()
    L, p = change.shape
    scaled = (
        (L - p)
        / (L * p)
        * np.einsum("li,ij,lj->l", change, np.linalg.inv(fit.estimates.beta_cov), change)
    )
    return Influence(
        name,
        without,
        pd.DataFrame(change / np.array(errors), index=levels, columns=fixed),
        pd.Series(scaled, index=levels, name="cooks_distance"),
        pd.Series(converged, index=levels, name="converged"),
    )


def _as_pandas(data: Any) -> pd.DataFrame:
    if isinstance(data, pd.DataFrame):
        return data
    if hasattr(data, "to_pandas"):
        converted: pd.DataFrame = data.to_pandas()
        return converted
    return pd.DataFrame(data)
