"""What went into a fit, under R's names: model matrix, model frame, terms, formula, weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from glmmvi.design.sparse_columns import sparse_columns
from glmmvi.errors import ArgumentError
from glmmvi.formula import deparse
from glmmvi.results.any_fit import AnyFit
from glmmvi.results.generalized_fit import GeneralizedMixedFit
from glmmvi.results.new_response import response_columns
from glmmvi.results.prediction import linear_predictor
from glmmvi.unknown_arguments import names_arguments


@dataclass(frozen=True)
class FixedTerms:
    """R's ``terms`` of the fixed part.

    Attributes
    ----------
    term_labels : tuple of str
    intercept : bool
    response : str
        As R prints it.
    assign : tuple of int, length p
        Term of each column of `X`, 0 the intercept.
    variables : tuple of str
        Columns of the model frame that are not the response's.
    """

    term_labels: tuple[str, ...]
    intercept: bool
    response: str
    assign: tuple[int, ...]
    variables: tuple[str, ...]


def model_terms(fit: AnyFit) -> FixedTerms:
    """The terms of the fixed part.

    Examples
    --------
    >>> import glmmvi as gv
    >>> fit = gv.lmer("Reaction ~ Days + (Days | Subject)", gv.load_dataset("sleepstudy"))
    >>> model_terms(fit).term_labels, model_terms(fit).response
    (('Days',), 'Reaction')
    """
    design = fit.design
    response = design.formula.response
    own = response_columns(design)
    return FixedTerms(
        term_labels=design.term_labels,
        intercept=bool(design.recipe.plan.intercept),
        response="" if response is None else deparse(response),
        assign=design.assign,
        variables=tuple(str(name) for name in design.frame.columns if name not in own),
    )


def fit_matrix(fit: AnyFit, type: Literal["fixed", "random", "randomListRaw"] = "fixed") -> Any:
    """R's ``model.matrix`` of a fit.

    Parameters
    ----------
    fit : LinearMixedFit or GeneralizedMixedFit
    type : {"fixed", "random", "randomListRaw"}
        `X`, a DataFrame; `Z`, sparse; or each term's columns, a dict of DataFrames.

    Examples
    --------
    >>> import glmmvi as gv
    >>> fit = gv.lmer("Reaction ~ Days + (Days | Subject)", gv.load_dataset("sleepstudy"))
    >>> fit_matrix(fit).shape, fit_matrix(fit, "random").shape
    ((180, 2), (180, 36))
    """
    design = fit.design
    if type == "fixed":
        names = list(design.column_names)
        return pd.DataFrame(design.X, columns=names, index=design.frame.index)
    if type == "random":
        matrix: sparse.csr_array = sparse_columns(design.terms)
        return matrix
    if type == "randomListRaw":
        return {
            term.text: pd.DataFrame(
                term.Z, columns=list(term.column_names), index=design.frame.index
            )
            for term in design.terms
        }
    raise ArgumentError(
        f"model.matrix: type={type!r} is none of 'fixed', 'random' and 'randomListRaw'"
    )


def fit_frame(fit: AnyFit, *, fixed_only: bool = False) -> pd.DataFrame:
    """R's ``model.frame`` of a fit: one column a variable, the rows used.

    Parameters
    ----------
    fit : LinearMixedFit or GeneralizedMixedFit
    fixed_only : bool
        Whether variables that only the random-effects terms use are left out.
    """
    frame = fit.design.frame.copy()
    if fixed_only:
        used = {part.name for _, parts in fit.design.recipe.plan.terms for part in parts}
        kept = {*response_columns(fit.design), *used, "(weights)", "(offset)"}
        frame = frame[[name for name in frame.columns if name in kept]]
    return frame


@names_arguments
def formula_text(fit: AnyFit, *, fixed_only: bool = False, random_only: bool = False) -> str:
    """R's ``formula`` of a fit, as text.

    Parameters
    ----------
    fit : LinearMixedFit or GeneralizedMixedFit
    fixed_only, random_only : bool
        Which part.

    Raises
    ------
    ArgumentError
        If both are asked for.

    Examples
    --------
    >>> import glmmvi as gv
    >>> fit = gv.lmer("Reaction ~ Days + (Days | Subject)", gv.load_dataset("sleepstudy"))
    >>> formula_text(fit, fixed_only=True), formula_text(fit, random_only=True)
    ('Reaction ~ Days', 'Reaction ~ (Days | Subject)')
    """
    if fixed_only and random_only:
        raise ArgumentError("formula: 'fixed.only' and 'random.only' cannot both be TRUE")
    if not fixed_only and not random_only:
        return str(fit.formula)
    terms = model_terms(fit)
    if random_only:
        right = " + ".join(f"({term.text})" for term in fit.design.terms)
    else:
        offsets = [f"offset({deparse(argument)})" for argument in fit.design.recipe.offsets]
        labels = [*terms.term_labels, *offsets] or ["1"]
        right = " + ".join(labels if terms.intercept else ["0", *labels])
    return f"{terms.response} ~ {right}"


def fit_weights(fit: AnyFit, type: Literal["prior", "working"] = "prior") -> NDArray[np.float64]:
    """R's ``weights`` of a fit.

    Parameters
    ----------
    fit : LinearMixedFit or GeneralizedMixedFit
    type : {"prior", "working"}
        Those given (numbers of trials of a binomial model), or those of iteratively reweighted
        least squares.

    Returns
    -------
    float64, shape (n,)

    Examples
    --------
    >>> import glmmvi as gv
    >>> fit = gv.lmer("Reaction ~ Days + (Days | Subject)", gv.load_dataset("sleepstudy"))
    >>> float(fit_weights(fit).sum())
    180.0
    """
    if type not in ("prior", "working"):
        raise ArgumentError(f"weights: type={type!r} is neither 'prior' nor 'working'")
    prior = fit.design.weights
    if type == "prior" or not isinstance(fit, GeneralizedMixedFit):
        return prior.copy()
    eta = linear_predictor(fit.design, fit.estimates)
    variance = fit.family.variance(fit.family.inverse_link(eta), fit.dispersion)
    return prior * fit.family.mu_eta(eta) ** 2 / variance
