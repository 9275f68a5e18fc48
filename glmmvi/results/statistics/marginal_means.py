"""Linear functions of the fixed effects with R's tables: what `emmeans` and `emtrends` return."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from glmmvi.errors import ArgumentError
from glmmvi.inference.multiple_comparisons import (
    Adjustment,
    adjusted_p_values,
    simultaneous_quantile,
)
from glmmvi.model.families import Family
from glmmvi.results.prediction_intervals import check_level

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]

Scale = Literal["link", "response"]
_RATIOS = {"log": "ratio", "logit": "odds.ratio"}


@dataclass(frozen=True)
class MarginalMeans:
    """Marginal means, slopes, or contrasts of them.

    Attributes
    ----------
    grid : DataFrame, m rows
        Levels of the factors, or the names of the contrasts (``contrast``).
    by : tuple of str
        Columns of `grid` within which contrasts are taken.
    name : str
        Of the estimates' column on the link scale: ``emmean``, ``Days.trend``, ``estimate``.
    linear : float64, shape (m, p)
        The rows as functions of the fixed effects.
    offset : float64, shape (m,)
    beta : float64, shape (p,)
    beta_cov : float64, shape (p, p)
    df_of : callable
        Degrees of freedom of one row of `linear`.
    mean_of : callable or None
        Inverse link; None without one, and for slopes.
    family : Family or None
    level : float
        Of the intervals.
    type : {"link", "response"}
    adjust : {"none", "tukey", "holm", "bonferroni"}
    n_means : int
        Means in each family of contrasts; 0 for means themselves.
    notes : tuple of str
    """

    grid: pd.DataFrame
    by: tuple[str, ...]
    name: str
    linear: Matrix
    offset: Vector
    beta: Vector
    beta_cov: Matrix
    df_of: Callable[[Vector], float]
    mean_of: Callable[[Vector], Vector] | None
    family: Family | None
    level: float = 0.95
    type: Scale = "link"
    adjust: Adjustment = "none"
    n_means: int = 0
    notes: tuple[str, ...] = ()

    @property
    def estimate(self) -> Vector:
        """On the link scale, shape (m,)."""
        return self.linear @ self.beta + self.offset

    @property
    def standard_error(self) -> Vector:
        """On the link scale, shape (m,)."""
        variance = np.einsum("mi,ij,mj->m", self.linear, self.beta_cov, self.linear)
        return np.sqrt(np.where(np.isnan(variance), np.nan, np.maximum(variance, 0.0)))

    @property
    def df(self) -> Vector:
        """Degrees of freedom, shape (m,): Satterthwaite's of an lmer fit, else infinite."""
        return np.array([np.nan if np.isnan(row).any() else self.df_of(row) for row in self.linear])

    def as_data_frame(self) -> pd.DataFrame:
        """The table with R's columns (emmeans 1.8.4).

        Levels, the estimate (``emmean``; ``prob``, ``rate`` or ``response``; ``ratio`` or
        ``odds.ratio``), ``SE``, ``df``, ``lower.CL`` and ``upper.CL`` (``asymp.LCL``,
        ``asymp.UCL`` where the degrees of freedom are infinite), and of contrasts ``t.ratio`` or
        ``z.ratio`` and ``p.value``.
        """
        value, error, df = self.estimate, self.standard_error, self.df
        half, p_value = np.full(len(value), np.nan), np.full(len(value), np.nan)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = value / error
        for rows in self._families():
            n_tests = len(rows)
            known = rows[np.isfinite(error[rows])]
            if not known.size:
                continue
            quantile = simultaneous_quantile(
                self.level, df[known], self.adjust, self.n_means, n_tests
            )
            half[known] = quantile * error[known]
            p_value[known] = adjusted_p_values(ratio[known], df[known], self.adjust, self.n_means)
        ends = (value - half, value + half)
        shown, name = value, self.name
        if self.type == "response":
            shown, error, ends, name = self._response(value, error, ends)
        normal = bool(np.isinf(df[~np.isnan(df)]).all())
        low, high = ("asymp.LCL", "asymp.UCL") if normal else ("lower.CL", "upper.CL")
        columns: dict[str, Any] = {name: shown, "SE": error, "df": df, low: ends[0], high: ends[1]}
        if self.n_means:
            columns["z.ratio" if normal else "t.ratio"] = ratio
            columns["p.value"] = p_value
        return self.grid.reset_index(drop=True).assign(**columns)

    def _response(
        self, value: Vector, error: Vector, ends: tuple[Vector, Vector]
    ) -> tuple[Vector, Vector, tuple[Vector, Vector], str]:
        if self.n_means:
            link = "" if self.family is None else self.family.link_name
            if link not in _RATIOS:
                raise ArgumentError(
                    f"contrasts on the response scale are ratios, for links log and logit; with "
                    f"link {link or 'identity'} use type='link'"
                )
            ratio = np.exp(value)
            return ratio, ratio * error, (np.exp(ends[0]), np.exp(ends[1])), _RATIOS[link]
        mean_of = self.mean_of
        if mean_of is None:
            raise ArgumentError("type='response' is for marginal means of a generalized model")
        slope = np.abs(mean_of(value + 1e-5) - mean_of(value - 1e-5)) / 2e-5
        both = np.sort([mean_of(ends[0]), mean_of(ends[1])], axis=0)
        names = {"binomial": "prob", "poisson": "rate"}
        family = "" if self.family is None else self.family.name
        return mean_of(value), slope * error, (both[0], both[1]), names.get(family, "response")

    def _families(self) -> list[NDArray[np.intp]]:
        """Rows of each family of contrasts: within `by`."""
        if not self.by:
            return [np.arange(len(self.grid))]
        groups = self.grid.reset_index(drop=True).groupby(list(self.by), sort=False).indices
        return [np.asarray(rows, dtype=np.intp) for rows in groups.values()]

    def contrast(
        self,
        method: Literal["pairwise", "revpairwise"] | Mapping[str, Any] = "pairwise",
        *,
        adjust: Adjustment | None = None,
        type: Scale | None = None,
        level: float | None = None,
    ) -> MarginalMeans:
        """Contrasts within `by`.

        Parameters
        ----------
        method : {"pairwise", "revpairwise"} or mapping
            All differences, or coefficients by name: ``{"A against the rest": [1, -.5, -.5]}``.
        adjust : {"tukey", "holm", "bonferroni", "none"}, optional
            Tukey's by default for pairs, else none. Intervals go with it (Bonferroni's with
            Holm's p values).
        type : {"link", "response"}, optional
            ``"response"``: ratios (log) and odds ratios (logit). As the means by default.
        level : float, optional
            Of the intervals; as the means by default.

        Returns
        -------
        MarginalMeans

        Raises
        ------
        ArgumentError
            For an unknown method or adjustment, or coefficients of another length.
        """
        if self.n_means:
            raise ArgumentError("contrast: these are contrasts already")
        pairs = isinstance(method, str)
        chosen = adjust or ("tukey" if pairs else "none")
        if chosen not in get_args(Adjustment):
            known = ", ".join(map(repr, get_args(Adjustment)))
            raise ArgumentError(f"contrast: adjust={adjust!r} is none of {known}")
        if chosen == "tukey" and not pairs:
            raise ArgumentError("contrast: adjust='tukey' is for pairs; use 'holm'")
        scale = checked_type(type or self.type)
        if self.type == "response" and self.mean_of is None:
            raise ArgumentError("type='response' is for marginal means of a generalized model")
        own = [name for name in self.grid.columns if name not in self.by]
        labels = contrast_labels(self.grid[own])
        frames, weights = [], []
        families = self._families()
        for rows in families:
            names, block = _coefficients(method, [labels[i] for i in rows], ratio=scale != "link")
            whole = np.zeros((len(block), len(self.grid)))
            whole[:, rows] = block
            weights.append(whole)
            held = {name: self.grid[name].iloc[rows[0]] for name in self.by}
            frames.append(pd.DataFrame({"contrast": names, **held}))
        linear = np.concatenate(weights)
        return replace(
            self,
            grid=pd.concat(frames, ignore_index=True),
            name="estimate",
            linear=_times(linear, self.linear),
            offset=linear @ self.offset,
            level=self.level if level is None else checked_level(level),
            type=scale,
            adjust=chosen,
            n_means=len(families[0]),
        )

    def pairs(self, **arguments: Any) -> MarginalMeans:
        """All pairwise differences: R's ``pairs(emmeans(...))``; see :meth:`contrast`."""
        return self.contrast("pairwise", **arguments)

    def __str__(self) -> str:
        table = self.as_data_frame()
        text = table.to_string(index=False, na_rep="nonEst", float_format="{:.4g}".format)
        lines = [text, "", f"Confidence level used: {self.level:g}"]
        if self.adjust != "none":
            lines.append(f"P value adjustment: {self.adjust} for {len(self._families()[0])} tests")
        if self.type == "response":
            lines.append("Tests and intervals are made on the link scale")
        return "\n".join([*lines, *self.notes])

    def __repr__(self) -> str:
        return str(self)


def checked_level(level: float) -> float:
    """A probability.

    Raises
    ------
    ArgumentError
    """
    check_level(level)
    return level


def checked_type(type: Any) -> Scale:
    """``"link"`` or ``"response"``.

    Raises
    ------
    ArgumentError
    """
    if type not in get_args(Scale):
        raise ArgumentError(f"type={type!r} is neither 'link' nor 'response'")
    scale: Scale = type
    return scale


def contrast_labels(levels: pd.DataFrame) -> list[str]:
    """Names of the means in contrasts, as emmeans: numbers follow the factor's name.

    Examples
    --------
    >>> contrast_labels(pd.DataFrame({"recipe": ["A", "B"], "period": ["1", "2"]}))
    ['A period1', 'B period2']
    """
    parts = []
    for name in levels.columns:
        texts = [f"{value:g}" if isinstance(value, float) else str(value) for value in levels[name]]
        numeric = pd.to_numeric(pd.Series(texts), errors="coerce").notna().all()
        parts.append([f"{name}{text}" if numeric else text for text in texts])
    return [" ".join(row) for row in zip(*parts, strict=True)] if parts else ["overall"]


def _coefficients(method: Any, labels: list[str], *, ratio: bool) -> tuple[list[str], Matrix]:
    sign, k = ("/" if ratio else "-"), len(labels)
    if isinstance(method, Mapping):
        block = np.array([np.asarray(row, dtype=np.float64) for row in method.values()])
        if block.shape != (len(method), k):
            raise ArgumentError(f"contrast: {k} coefficients a contrast were expected")
        return list(method), block
    if method not in ("pairwise", "revpairwise"):
        raise ArgumentError(
            f"contrast: method={method!r} is neither 'pairwise', 'revpairwise' nor a mapping of "
            "names to coefficients"
        )
    if k < 2:
        raise ArgumentError("contrast: one mean has no pairs")
    names, rows = [], []
    for i, j in combinations(range(k), 2):
        first, second = (i, j) if method == "pairwise" else (j, i)
        row = np.zeros(k)
        row[first], row[second] = 1.0, -1.0
        names.append(f"{labels[first]} {sign} {labels[second]}")
        rows.append(row)
    return names, np.array(rows)


def _times(weights: Matrix, linear: Matrix) -> Matrix:
    """``weights @ linear``; only what a weight takes part in makes a row nan."""
    missing = np.asarray(np.isnan(linear).any(axis=1))
    product = weights @ np.where(missing[:, None], 0.0, linear)
    product[np.asarray((weights[:, missing] != 0.0).any(axis=1))] = np.nan
    return product
