"""``lmList``: a linear regression within every group."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from glmmvi.api.arguments import NaAction, checked_flag, model_call, refuse_unknown
from glmmvi.caller import stack_level
from glmmvi.design import DesignMatrices, build_design
from glmmvi.errors import ArgumentError, FormulaError, GlmmviError, GlmmviMessage, GlmmviWarning
from glmmvi.formula import ModelFormula, deparse, parse_formula
from glmmvi.formula.expression import Expression, Number
from glmmvi.inference.least_squares import least_squares
from glmmvi.results.lm_list import GroupRegression, LmList, as_pandas, rows_of
from glmmvi.results.rendering.bootstrap import call_lines
from glmmvi.results.tables import ModelCall


def lmList(
    formula: str | ModelFormula,
    data: Any,
    *,
    subset: Any = None,
    weights: Any = None,
    na_action: NaAction = "na.omit",
    offset: Any = None,
    contrasts: Mapping[str, Any] | None = None,
    env: Mapping[str, Any] | None = None,
    pool: bool = True,
    data_name: str | None = None,
    **unknown: Any,
) -> LmList:
    """Fit a linear regression to the rows of every group, as lme4's ``lmList``.

    Parameters
    ----------
    formula : str or ModelFormula
        Such as ``"Reaction ~ Days | Subject"``.
    data : data frame
    subset, weights, na_action, offset, contrasts, env, data_name
        See :func:`glmmvi.lmer`.
    pool : bool
        Whether the printout shows the pooled residual sd.

    Returns
    -------
    LmList
        With ``coef()``, ``fixef()``, ``ranef()``, ``confint()``, ``summary()``, ``sigma()``,
        ``fitted()``, ``predict()``, ``residuals()``.

    Raises
    ------
    FormulaError
        If the formula is not ``response ~ terms | group``.
    ArgumentError
        For ``family=`` (lme4's list of ``glm`` fits is not there), and unknown arguments.

    Warns
    -----
    GlmmviWarning
        If the regression of some group failed: its row of ``coef()`` is nan, as in lme4.

    Examples
    --------
    >>> import glmmvi as gv
    >>> fits = gv.lmList("Reaction ~ Days | Subject", gv.load_dataset("sleepstudy"))
    >>> fits.coef().head(2).round(2)
         (Intercept)   Days
    308       244.19  21.76
    309       205.05   2.26
    >>> round(fits.sigma(), 2), fits.df_residual()
    (25.59, 144)
    """
    if "family" in unknown:
        raise ArgumentError(
            "lmList: family= (a list of glm fits) is not there; glmer(formula, data, family=...) "
            "fits the groups together"
        )
    refuse_unknown(lmList, unknown)
    parsed = _parsed(formula)
    labels = data.index if isinstance(data, pd.DataFrame) else None
    frame = as_pandas(data).reset_index(drop=True)
    arguments: dict[str, Any] = {
        "na_action": "na.omit" if na_action == "na.exclude" else na_action,
        "contrasts": contrasts,
        "env": env,
        "response_kind": "numeric",
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GlmmviMessage)
        whole = build_design(
            parsed, frame, weights=weights, offset=offset, subset=subset, **arguments
        )
    term = whole.terms[0]
    lhs = parsed.random[0].lhs
    single = ModelFormula(parsed.response, lhs, lhs, ())
    fits: list[GroupRegression | None] = []
    failures: dict[str, str] = {}
    for code, level in enumerate(term.levels):
        rows = np.asarray(whole.frame.index[term.codes == code])
        part = {
            "weights": rows_of(weights, rows, len(frame)),
            "offset": rows_of(offset, rows, len(frame)),
        }
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", GlmmviMessage)
                design = build_design(single, frame.iloc[rows], **part, **arguments)
            fits.append(_regression(design, labels))
        except GlmmviError as error:
            fits.append(None)
            failures[level] = str(error)
    if failures:
        first = next(iter(failures))
        warnings.warn(
            f"Fitting failed for {len(failures)} group(s) ({', '.join(failures)}); of {first}: "
            f"{failures[first]}",
            GlmmviWarning,
            stacklevel=stack_level(),
        )
    call = model_call(whole, data, data_name, weights=weights, offset=offset, subset=subset)
    pooled = checked_flag("lmList", "pool", pool)
    _, first_rows = np.unique(term.codes, return_index=True)
    return LmList(
        groups=term.levels,
        fits=tuple(fits),
        call=_call_text(parsed, call, pooled),
        pool=pooled,
        order=tuple(np.argsort(first_rows).tolist()),
        recipe=whole.recipe,
        model=deparse(single.expression),
        data=call.data or "NULL",
    )


def _parsed(formula: str | ModelFormula) -> ModelFormula:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GlmmviMessage)  # no brackets are wanted here
        parsed = parse_formula(formula) if isinstance(formula, str) else formula
    alone = len(parsed.random) == 1 and _is_one(parsed.fixed)
    if not alone or parsed.response is None:
        raise FormulaError(
            f"lmList: {parsed} is not of the form response ~ terms | group, with one bar and "
            "nothing beside it"
        )
    return parsed


def _is_one(fixed: Expression) -> bool:
    return isinstance(fixed, Number) and fixed.value == 1.0


def _regression(design: DesignMatrices, labels: pd.Index | None) -> GroupRegression:
    solution = least_squares(design.X, design.y - design.offset, design.weights)
    names = design.recipe.plan.names
    place = [names.index(name) for name in design.column_names]
    coefficients, unscaled = np.full(len(names), np.nan), np.full(len(names), np.nan)
    coefficients[place], unscaled[place] = solution.coefficients, solution.unscaled_sd
    fitted = design.y - solution.residuals
    index = design.frame.index if labels is None else labels[design.frame.index]
    return GroupRegression(
        names=names,
        coefficients=coefficients,
        unscaled_sd=unscaled,
        sigma=solution.sigma,
        df=solution.df,
        fitted=pd.Series(fitted, index=index),
        residuals=pd.Series(solution.residuals, index=index),
        recipe=design.recipe,
    )


def _call_text(formula: ModelFormula, call: ModelCall, pool: bool) -> str:
    parts = [f"formula = {deparse(formula.expression)}"]
    for name in ("data", "subset", "weights", "offset"):
        value = getattr(call, name)
        if value is not None:
            parts.append(f"{name} = {value}")
    if not pool:
        parts.append("pool = FALSE")
    return " ".join(call_lines(["lmList", *parts]))
