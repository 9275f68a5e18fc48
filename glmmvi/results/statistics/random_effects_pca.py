"""Principal components of the random effects: lme4's ``rePCA``."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.linalg import block_diag

from glmmvi.results.any_fit import AnyFit
from glmmvi.results.rendering.group_tables import SYNTACTIC_NAME
from glmmvi.results.rendering.matrices import print_columns
from glmmvi.results.rendering.numbers import format_numbers
from glmmvi.unknown_arguments import names_arguments


@dataclass(frozen=True)
class GroupComponents:
    """Principal components of one grouping factor.

    Attributes
    ----------
    group : str
    names : tuple of str, length d
        Columns of its terms.
    sdev : float64, shape (d,)
        Relative to sigma, decreasing.
    rotation : float64, shape (d, d)
        One column a component.
    """

    group: str
    names: tuple[str, ...]
    sdev: NDArray[np.float64]
    rotation: NDArray[np.float64]

    def importance(self) -> pd.DataFrame:
        """R's ``summary(rePCA(fit))``: sds, shares of variance, their cumulative sum."""
        with np.errstate(invalid="ignore"):
            share = self.sdev**2 / (self.sdev**2).sum()
        return pd.DataFrame(
            [self.sdev, share, np.cumsum(share)],
            index=["Standard deviation", "Proportion of Variance", "Cumulative Proportion"],
            columns=[f"PC{j + 1}" for j in range(len(self.sdev))],
        )


@dataclass(frozen=True)
class RandomEffectsPca:
    """Principal components of every grouping factor; ``rePCA(fit)["Subject"]`` is one.

    Attributes
    ----------
    groups : tuple of GroupComponents
    """

    groups: tuple[GroupComponents, ...]

    def __getitem__(self, group: str) -> GroupComponents:
        for components in self.groups:
            if components.group == group:
                return components
        raise KeyError(f"no grouping factor {group!r}; there are {[g.group for g in self.groups]}")

    def __str__(self) -> str:
        parts = []
        for each in self.groups:
            table = each.importance()
            table.iloc[1:] = table.iloc[1:].round(5)
            columns = [format_numbers(table[name], 4, na="NaN") for name in table]
            headings = [f"[,{j + 1}]" for j in range(len(columns))]
            grid = print_columns(columns, headings, list(table.index))
            name = each.group if SYNTACTIC_NAME.fullmatch(each.group) else f"`{each.group}`"
            parts.append(f"${name}\nImportance of components:\n{grid}\n")
        return "".join(parts).removesuffix("\n")

    def __repr__(self) -> str:
        return str(self)


@names_arguments
def rePCA(fit: AnyFit) -> RandomEffectsPca:
    """Principal components of the random effects' covariance matrices, as lme4's ``rePCA``.

    A component without variance is a direction in which the random effects are not needed.

    Parameters
    ----------
    fit : LinearMixedFit or GeneralizedMixedFit

    Returns
    -------
    RandomEffectsPca

    Examples
    --------
    >>> import glmmvi as gv
    >>> fit = gv.lmer("Reaction ~ Days + (Days | Subject)", gv.load_dataset("sleepstudy"))
    >>> rePCA(fit)["Subject"].sdev.round(3).tolist()
    [0.967, 0.231]
    """
    terms, factors = fit.design.terms, fit.estimates.Lambda
    groups = []
    for group in dict.fromkeys(term.group for term in terms):
        members = [r for r, term in enumerate(terms) if term.group == group]
        rotation, sdev, _ = np.linalg.svd(block_diag(*(factors[r] for r in members)))
        names = tuple(name for r in members for name in terms[r].column_names)
        groups.append(GroupComponents(group, names, sdev, rotation))
    return RandomEffectsPca(tuple(groups))
