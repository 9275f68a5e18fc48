"""lme4's first modular step: what a linear mixed fit starts from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from glmmvi.caller import Action
from glmmvi.design.build import build_design
from glmmvi.design.contrasts import Contrasts
from glmmvi.design.design_matrices import DesignMatrices
from glmmvi.design.re_term import ReTerm
from glmmvi.design.term_checks import TermActions, check_random_terms
from glmmvi.formula.model_formula import ModelFormula
from glmmvi.unknown_arguments import names_arguments


class TermChecks(Protocol):
    """The part of an ``lmerControl()`` that this step reads."""

    @property
    def term_actions(self) -> TermActions:
        """What to do about what the checks of the random-effects terms find."""
        ...

    @property
    def rank_action(self) -> Action:
        """What to do about dependent columns of the fixed part."""
        ...


@dataclass(frozen=True, eq=False)
class LinearFormula:
    """What a linear mixed fit starts from, under lme4's names.

    Attributes
    ----------
    formula : ModelFormula
        The formula, ``||`` expanded.
    fr : DataFrame, n rows
        The model frame.
    X : DataFrame, shape (n, p)
        Fixed-effects columns under R's names, dependent ones dropped.
    y : float64, shape (n,)
        The response.
    reTrms : tuple of ReTerm
        The random-effects terms, levels decreasing.
    offset : float64, shape (n,)
        Sum of all offsets.
    weights : float64, shape (n,)
        Prior weights.
    design : DesignMatrices
        The same as arrays: what the engine takes.
    """

    formula: ModelFormula
    fr: pd.DataFrame
    X: pd.DataFrame
    y: NDArray[np.float64]
    reTrms: tuple[ReTerm, ...]  # noqa: N815
    offset: NDArray[np.float64]
    weights: NDArray[np.float64]
    design: DesignMatrices


@names_arguments
def lFormula(
    formula: ModelFormula | str,
    data: Any,
    *,
    control: TermChecks | None = None,
    subset: Any = None,
    weights: Any = None,
    na_action: str | None = "na.omit",
    offset: Any = None,
    contrasts: Contrasts = None,
    env: Mapping[str, Any] | None = None,
) -> LinearFormula:
    """Parse a formula, meet the data, check as lme4 does: everything before the fit.

    Parameters
    ----------
    formula, data, subset, weights, na_action, offset, contrasts, env
        As in :func:`glmmvi.lmer`, which starts from the same arrays.
    control : LmerControl, optional
        Which checks to make (all by default).

    Returns
    -------
    LinearFormula

    Raises
    ------
    FormulaError, DataError, ArgumentError
        As :func:`glmmvi.lmer`.

    Examples
    --------
    >>> import glmmvi as gv
    >>> parts = gv.lFormula("Reaction ~ Days + (Days | Subject)", gv.load_dataset("sleepstudy"))
    >>> list(parts.X), parts.reTrms[0].cnms, parts.reTrms[0].Z.shape
    (['(Intercept)', 'Days'], ('(Intercept)', 'Days'), (180, 36))
    >>> parts.reTrms[0].theta0.tolist()
    [1.0, 0.0, 1.0]
    """
    design = build_design(
        formula,
        data,
        weights=weights,
        offset=offset,
        subset=subset,
        na_action=na_action,
        contrasts=contrasts,
        env=env,
        response_kind="numeric",
        check_terms=partial(
            check_random_terms,
            actions=TermActions() if control is None else control.term_actions,
        ),
        rank_action="message" if control is None else control.rank_action,
    )
    X = pd.DataFrame(
        design.X, columns=list(design.column_names), index=design.frame.index, copy=False
    )
    X.attrs["assign"] = design.assign
    X.attrs["term_labels"] = design.term_labels
    return LinearFormula(
        formula=design.formula,
        fr=design.frame,
        X=X,
        y=design.y,
        reTrms=tuple(ReTerm.from_term(term) for term in design.terms),
        offset=design.offset,
        weights=design.weights,
        design=design,
    )
