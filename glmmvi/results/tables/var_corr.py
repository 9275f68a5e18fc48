"""Standard deviations and correlations of the random effects: what ``VarCorr(fit)`` returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from glmmvi.results.rendering.document import Document
from glmmvi.results.rendering.table_documents import var_corr_document
from glmmvi.results.rendering.var_corr import render_var_corr
from glmmvi.results.tables.renderable import Renderable


@dataclass(frozen=True)
class VarCorrTerm:
    """One random-effects term: a covariance matrix as standard deviations and correlations.

    Attributes
    ----------
    label : str
        lme4's name of the term: ``"Subject"``, ``"Subject.1"``, ``"cask:batch"``.
    names : tuple of str, length d
        The term's columns.
    sd : float64, shape (d,)
        Standard deviations, on the scale of the linear predictor.
    correlation : float64, shape (d, d)
        Correlations; ``nan`` off the diagonal where a standard deviation is 0, as in R.

    Examples
    --------
    >>> term = VarCorrTerm("g", ("a", "b"), np.array([2.0, 3.0]), np.array([[1, 0.5], [0.5, 1]]))
    >>> term.covariance
    array([[4., 3.],
           [3., 9.]])
    """

    label: str
    names: tuple[str, ...]
    sd: NDArray[np.float64]
    correlation: NDArray[np.float64]

    @classmethod
    def from_covariance(
        cls, label: str, names: tuple[str, ...], covariance: NDArray[np.float64]
    ) -> VarCorrTerm:
        """Split a covariance matrix of shape (d, d) into standard deviations and correlations.

        Examples
        --------
        >>> VarCorrTerm.from_covariance("g", ("a",), np.array([[4.0]])).sd
        array([2.])
        """
        sd = np.sqrt(np.diag(covariance))
        with np.errstate(invalid="ignore", divide="ignore"):
            correlation = covariance / np.outer(sd, sd)
        np.fill_diagonal(correlation, 1.0)
        return cls(label, tuple(names), sd, correlation)

    @property
    def variance(self) -> NDArray[np.float64]:
        """Variances, shape (d,)."""
        return self.sd**2

    @property
    def covariance(self) -> NDArray[np.float64]:
        """Covariance matrix, shape (d, d); 0 where a standard deviation is 0."""
        return np.nan_to_num(self.correlation) * np.outer(self.sd, self.sd)


@dataclass(frozen=True)
class VarCorr(Renderable):
    """The covariance parameters of a fit, on the scale that people read.

    Attributes
    ----------
    terms : tuple of VarCorrTerm
        In the order in which lme4 prints them.
    sigma : float or None
        Residual standard deviation; None for a family without a scale (binomial, poisson).

    Examples
    --------
    >>> term = VarCorrTerm("Subject", ("(Intercept)",), np.array([37.124]), np.eye(1))
    >>> vc = VarCorr((term,), sigma=30.991)
    >>> print(vc)  # doctest: +NORMALIZE_WHITESPACE
     Groups   Name        Std.Dev.
     Subject  (Intercept) 37.124
     Residual             30.991
    >>> vc["Subject"].sd
    array([37.124])
    """

    terms: tuple[VarCorrTerm, ...]
    sigma: float | None = None

    def __getitem__(self, label: str) -> VarCorrTerm:
        for term in self.terms:
            if term.label == label:
                return term
        raise KeyError(f"no random-effects term {label!r}; there are {list(self.labels)}")

    def __str__(self) -> str:
        return render_var_corr(self).rstrip("\n")

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of the terms."""
        return tuple(term.label for term in self.terms)

    def as_data_frame(self, order: Literal["cov.last", "lower.tri"] = "cov.last") -> pd.DataFrame:
        """R's ``as.data.frame(VarCorr(fit))``: columns grp, var1, var2, vcov, sdcor.

        Parameters
        ----------
        order : {"cov.last", "lower.tri"}
            Within a term: all variances and then all covariances, or the lower triangle by columns.

        Returns
        -------
        pandas.DataFrame
            One row a variance (`var2` missing; `sdcor` a standard deviation) or a covariance
            (`sdcor` a correlation), and the residual last.

        Examples
        --------
        >>> term = VarCorrTerm("g", ("(Intercept)",), np.array([2.0]), np.eye(1))
        >>> VarCorr((term,), sigma=3.0).as_data_frame()[["grp", "vcov", "sdcor"]]
                grp  vcov  sdcor
        0         g   4.0    2.0
        1  Residual   9.0    3.0
        """
        rows: list[tuple[str, str | None, str | None, float, float]] = []
        for term in self.terms:
            d = len(term.names)
            covariance = term.covariance
            if order == "cov.last":
                pairs = [(i, i) for i in range(d)]
                pairs += [(i, j) for j in range(d) for i in range(j + 1, d)]
            else:
                pairs = [(i, j) for j in range(d) for i in range(j, d)]
            for i, j in pairs:
                row_name = None if i == j else term.names[i]
                sdcor = term.sd[i] if i == j else term.correlation[i, j]
                vcov = covariance[i, j]
                rows.append((term.label, term.names[j], row_name, float(vcov), float(sdcor)))
        if self.sigma is not None:
            rows.append(("Residual", None, None, self.sigma**2, self.sigma))
        return pd.DataFrame(rows, columns=["grp", "var1", "var2", "vcov", "sdcor"])

    def _document(self) -> Document:
        return var_corr_document(self)
