"""R's ``model.matrix`` as a data frame."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from glmmvi.design.build import plan_fixed_columns
from glmmvi.design.column_plan import fill_columns
from glmmvi.design.contrasts import Contrasts
from glmmvi.design.formulaic_bridge import is_formulaic_formula, materialise
from glmmvi.design.prepare import as_formula, prepare
from glmmvi.formula.model_formula import ModelFormula
from glmmvi.unknown_arguments import names_arguments


@names_arguments
def model_matrix(
    formula: ModelFormula | str | Any,
    data: Any,
    *,
    contrasts: Contrasts = None,
    subset: Any = None,
    na_action: str | None = "na.omit",
    env: Mapping[str, Any] | None = None,
    drop_unused_levels: bool = False,
) -> pd.DataFrame:
    """The columns of a formula's fixed part, under R's names.

    Dependent columns stay, as in R's ``model.matrix``; `build_design` is what drops them.

    Parameters
    ----------
    formula : str, ModelFormula or formulaic.Formula
        One-sided or two-sided. A ``formulaic.Formula`` is materialised by formulaic, under its
        names.
    data : data frame
        pandas, polars, pyarrow, or a mapping of names to arrays. Never modified.
    contrasts, subset, na_action, env
        As in `build_design`.
    drop_unused_levels : bool
        Whether levels that do not occur get no column (R's ``model.matrix`` keeps them, lme4
        drops them).

    Returns
    -------
    DataFrame
        ``attrs["assign"]`` holds R's ``assign``, ``attrs["term_labels"]`` the terms.

    Examples
    --------
    >>> model_matrix("~ a * x", {"a": ["u", "v"], "x": [2.0, 3.0]})
       (Intercept)   av    x  av:x
    0          1.0  0.0  2.0   0.0
    1          1.0  1.0  3.0   3.0
    """
    if is_formulaic_formula(formula):
        from glmmvi.design.columns import read_columns

        return materialise(getattr(formula, "rhs", formula), read_columns(data), env=env)[0]
    model = as_formula(formula)
    made = prepare(
        model,
        data,
        subset=subset,
        na_action=na_action,
        env=env,
        with_response=model.response is not None,
        drop_unused_levels=drop_unused_levels,
    )
    plan = plan_fixed_columns(made, contrasts)
    X = fill_columns(plan, made.frame.values, made.frame.n)
    rows = made.frame.rows
    index = made.columns.index if rows is None else made.columns.index[rows]
    result = pd.DataFrame(X, columns=list(plan.names), index=index, copy=False)
    result.attrs["assign"] = plan.assign
    result.attrs["term_labels"] = made.fixed.labels
    return result
