"""Influence of rows and groups on a fit."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from glmmvi.design.design_matrices import DesignMatrices
from glmmvi.design.rank import independent_columns
from glmmvi.design.sparse_columns import sparse_columns
from glmmvi.errors import ArgumentError, GlmmviMessage, GlmmviWarning, nearest_hint
from glmmvi.inference.row_deletion import change_without_rows
from glmmvi.results.any_fit import AnyFit
from glmmvi.results.effects import effects_of
from glmmvi.results.fit import LinearMixedFit
from glmmvi.results.intervals.profile import parameters_of
from glmmvi.results.intervals.profiler import estimates_of
from glmmvi.results.refit import refit_design
from glmmvi.results.residuals import residuals
from glmmvi.results.testing.refit import structured
from glmmvi.unknown_arguments import names_arguments


@dataclass(frozen=True)
class Influence:
    """What every row, or every level of a grouping factor, does to the estimates.

    Attributes
    ----------
    group : str
        ``"case"`` for rows.
    fixed : Series
        Fixed effects of the whole fit.
    vcov : DataFrame
        Their covariance matrix.
    var_cov : Series
        ``sigma^2``, variances ``v[...]`` and covariances ``C[...]`` of the whole fit.
    without : DataFrame
        One row a deletion: sds, correlations, sigma (lme4's names with ``oldNames=FALSE``), fixed
        effects; nan for a coefficient that cannot be estimated without it.
    var_cov_without : DataFrame
        The columns of `var_cov`.
    errors_without : DataFrame
        Standard errors of the fixed effects.
    converged : Series of bool
    """

    group: str
    fixed: pd.Series
    vcov: pd.DataFrame
    var_cov: pd.Series
    without: pd.DataFrame
    var_cov_without: pd.DataFrame
    errors_without: pd.DataFrame
    converged: pd.Series

    @property
    def dfbeta(self) -> pd.DataFrame:
        """Fixed effects without each row or level minus those of the whole fit."""
        return self.without[list(self.fixed.index)] - self.fixed

    @property
    def dfbetas(self) -> pd.DataFrame:
        """`dfbeta` in standard errors of the fit without (lme4's scale and sign)."""
        return self.dfbeta / self.errors_without

    @property
    def cooks_distance(self) -> pd.Series:
        """As lme4's ``cooks.distance``: over ``p``, times ``(m - p) / m`` for `m` deletions."""
        change = self.dfbeta.to_numpy()
        m, p = change.shape
        form = np.einsum("li,ij,lj->l", change, np.linalg.inv(self.vcov.to_numpy()), change)
        return pd.Series((m - p) / (m * p) * form, index=self.without.index, name="cooks_distance")


@names_arguments
def influence(
    fit: AnyFit,
    groups: str | Sequence[str] | None = None,
    *,
    obs: bool = False,
    refit: bool = True,
) -> Influence:
    """Fit again without each row, or each level of a factor: lme4's ``influence``.

    Parameters
    ----------
    fit : LinearMixedFit or GeneralizedMixedFit
        By the structured engine; one warm-started refit a row or level.
    groups : str or sequence of str, optional
        A grouping factor of the fit, or a variable of the data; of several, every combination.
        By default single rows, as lme4 (1.1-31).
    obs : bool
        influence.ME's word for single rows: not together with `groups`.
    refit : bool
        False, for rows of an `lmer` fit: the fixed effects by the exact formula at the covariance
        parameters of the whole fit, without refitting (``stats::influence``'s way).

    Returns
    -------
    Influence

    Raises
    ------
    ArgumentError
        If there is no such factor, or the fit cannot be fitted again.

    Notes
    -----
    Of a `glmer` fit the estimates without a level differ from lme4's as those of the whole fit
    do: hardly, at the same `nAGQ` above 1. What is of rows without refitting (`hatvalues`,
    `rstudent`, `cooks_distance` of the fit itself) is at posterior means of the random effects,
    where lme4's is at modes: leverages of binary data are up to some 16 % apart.

    Examples
    --------
    >>> import glmmvi as gv
    >>> fit = gv.lmer("Reaction ~ Days + (Days | Subject)", gv.load_dataset("sleepstudy"))
    >>> found = influence(fit, "Subject")
    >>> found.cooks_distance.idxmax(), found.dfbeta.shape
    ('309', (18, 2))
    """
    if obs and groups is not None:
        raise ArgumentError(f"influence: obs=True is of single rows; leave groups={groups!r} out")
    if not refit:
        if groups is not None or not isinstance(fit, LinearMixedFit):
            raise ArgumentError(
                "influence: refit=False is the formula for single rows of an lmer fit; leave it "
                "out to fit again without each level, or for a glmer fit"
            )
        return _without_refit(fit)
    name, codes, labels = _deletions(fit, groups)
    parts = [_fit_without(fit, codes == number) for number in range(len(labels))]
    chosen = [parameter.name for parameter in parameters_of(fit, oldNames=False)]
    fixed = list(fit.design.column_names)
    return _influence(
        fit,
        name,
        pd.DataFrame([_parameters(part).reindex(chosen) for part in parts], index=labels),
        pd.DataFrame([variance_components(part) for part in parts], index=labels),
        pd.DataFrame([_errors(part).reindex(fixed) for part in parts], index=labels),
        pd.Series([bool(part.optimization.converged) for part in parts], index=labels),
    )


def variance_components(fit: AnyFit) -> pd.Series:
    """Variances and covariances under the names of lme4's ``influence``: ``v[Days]``, ...

    Examples
    --------
    >>> import glmmvi as gv
    >>> fit = gv.lmer("Reaction ~ Days + (Days | Subject)", gv.load_dataset("sleepstudy"))
    >>> variance_components(fit).index.tolist()
    ['sigma^2', 'v[(Intercept)]', 'C[Days,(Intercept)]', 'v[Days]']
    """
    terms, estimates = fit.design.terms, fit.estimates
    found = {"sigma^2": fit.sigma() ** 2}
    for term, factor in zip(terms, estimates.Lambda, strict=True):
        covariance = estimates.sigma**2 * factor @ factor.T
        before = f"{term.label}:" if len(terms) > 1 else ""
        for j, column in enumerate(term.column_names):
            for i, row in enumerate(term.column_names[j:], start=j):
                name = f"v[{column}]" if i == j else f"C[{row},{column}]"
                found[before + name] = covariance[i, j]
    return pd.Series(found)


def _influence(
    fit: AnyFit,
    name: str,
    without: pd.DataFrame,
    variances: pd.DataFrame,
    errors: pd.DataFrame,
    converged: pd.Series,
) -> Influence:
    return Influence(
        group=name,
        fixed=fit.fixef(),
        vcov=fit.vcov(),
        var_cov=variance_components(fit),
        without=without,
        var_cov_without=variances,
        errors_without=errors,
        converged=converged.rename("converged"),
    )


def _parameters(fit: AnyFit) -> pd.Series:
    found = parameters_of(fit, oldNames=False)
    return pd.Series(estimates_of(fit, found), index=[parameter.name for parameter in found])


def _errors(fit: AnyFit) -> pd.Series:
    return pd.Series(np.sqrt(np.diag(fit.vcov())), index=list(fit.design.column_names))


def _fit_without(fit: AnyFit, gone: NDArray[np.bool_]) -> AnyFit:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GlmmviMessage)
        warnings.simplefilter("ignore", GlmmviWarning)
        design = without_rows(fit.design, gone)
        if isinstance(fit, LinearMixedFit):
            return refit_design(fit, design)
        return refit_design(fit, design)


def without_rows(design: DesignMatrices, gone: NDArray[np.bool_]) -> DesignMatrices:
    """The design with rows of no weight, which is the design without them.

    A level that only they had keeps its place, and says nothing; columns of `X` that depend on
    others without them are left out.
    """
    weights = np.where(gone, 0.0, design.weights)
    kept = independent_columns(design.X[weights > 0.0])
    return replace(
        design,
        weights=weights,
        has_weights=True,
        X=design.X if len(kept) == design.p else np.asfortranarray(design.X[:, kept]),
        column_names=tuple(design.column_names[i] for i in kept),
        assign=tuple(design.assign[i] for i in kept),
    )


def _deletions(
    fit: AnyFit, groups: str | Sequence[str] | None
) -> tuple[str, NDArray[np.intp], pd.Index]:
    """Name of what is left out, its number for every row, and the labels."""
    design = fit.design
    if groups is None:
        return "case", np.arange(design.n), design.frame.index
    names = [groups] if isinstance(groups, str) else list(groups)
    columns = [_variable(fit, name) for name in names]
    codes, labels = pd.factorize(np.array([".".join(row) for row in zip(*columns, strict=True)]))
    return ".".join(names), codes, pd.Index(labels)


def _variable(fit: AnyFit, name: str) -> list[str]:
    design = fit.design
    for term in design.terms:
        if term.group == name:
            return [term.levels[code] for code in term.codes]
    if name in design.frame:
        return [str(value) for value in design.frame[name]]
    data = _as_pandas(fit.getData())
    if name not in data:
        known = list(dict.fromkeys([*(term.group for term in design.terms), *data.columns]))
        raise ArgumentError(
            f"influence: groups={name!r} is neither a grouping factor nor a variable of the data"
            f"{nearest_hint(str(name), known)}; there are {', '.join(map(str, known))}"
        )
    if not data.index.is_unique:
        raise ArgumentError("influence: row labels of the data repeat; fit data.reset_index()")
    return [str(value) for value in data.loc[design.frame.index, name]]


def _without_refit(fit: LinearMixedFit) -> Influence:
    design, estimates = fit.design, fit.estimates
    change = change_without_rows(
        effects_of(structured(fit)),
        design.X,
        {r: sparse_columns(term) for r, term in enumerate(design.terms)},
        residual=residuals(design, estimates, "response", scaled=False),
        precision=design.weights / estimates.sigma**2,
    )
    labels, n = design.frame.index, design.n
    whole, variances = _parameters(fit), variance_components(fit)
    without = pd.DataFrame(np.tile(whole, (n, 1)), index=labels, columns=whole.index)
    without[list(design.column_names)] = estimates.beta + change
    return _influence(
        fit,
        "case",
        without,
        pd.DataFrame(np.tile(variances, (n, 1)), index=labels, columns=variances.index),
        pd.DataFrame(np.tile(_errors(fit), (n, 1)), index=labels, columns=design.column_names),
        pd.Series(True, index=labels),
    )


def _as_pandas(data: Any) -> pd.DataFrame:
    if isinstance(data, pd.DataFrame):
        return data
    if hasattr(data, "to_pandas"):
        converted: pd.DataFrame = data.to_pandas()
        return converted
    return pd.DataFrame(data)
