"""lme4's ``fortify``: the rows of a fit with fitted values and residuals, for ggplot2's users."""

from __future__ import annotations

from typing import Any

import pandas as pd

from glmmvi.errors import ArgumentError
from glmmvi.results.any_fit import AnyFit
from glmmvi.results.rows import with_omitted_rows
from glmmvi.unknown_arguments import names_arguments


@names_arguments
def fortify(fit: AnyFit, data: Any = None) -> pd.DataFrame:
    """The model frame with fitted values and residuals, as lme4's ``fortify.merMod``.

    Parameters
    ----------
    fit : LinearMixedFit or GeneralizedMixedFit
    data : data frame, optional
        Put the columns beside these data, by row label: ``fit.getData()`` for all variables of
        the data (lme4's default). By default beside the model frame: variables of the formula,
        rows that were used.

    Returns
    -------
    DataFrame
        With ``.fitted`` (of a generalized model on the link scale), ``.resid`` (of a
        generalized model deviance residuals) and ``.scresid`` (Pearson residuals over the
        residual sd). Rows of `data` that the fit did not use have nan.

    Raises
    ------
    ArgumentError
        If row labels of `data` repeat, or do not have those of the fit.

    See Also
    --------
    augment : broom.mixed's table, with leverages and Cook's distances.

    Examples
    --------
    >>> import glmmvi as gv
    >>> fit = gv.lmer("Reaction ~ Days + (Days | Subject)", gv.load_dataset("sleepstudy"))
    >>> fortify(fit).round(3).head(2)
       Reaction  Days Subject  .fitted  .resid  .scresid
    0   249.560     0     308  253.664  -4.104    -0.160
    1   258.705     1     308  273.330 -14.625    -0.571
    """
    columns = {
        ".fitted": fit.predict(),
        ".resid": fit.residuals(),
        ".scresid": fit.residuals("pearson", scaled=True),
    }
    if data is None:
        frame = with_omitted_rows(fit.design, fit.model_frame()).copy()
        for name, values in columns.items():
            frame[name] = values.to_numpy()
        return frame
    frame = data.to_pandas() if hasattr(data, "to_pandas") else pd.DataFrame(data).copy()
    if not frame.index.is_unique:
        raise ArgumentError("fortify: row labels of data= repeat; give data.reset_index(drop=True)")
    lost = fit.design.frame.index.difference(frame.index)
    if len(lost):
        raise ArgumentError(
            f"fortify: data= has no row {lost[0]!r}, which the fit has; give the data of the fit, "
            "fit.getData(), or leave data= out"
        )
    for name, values in columns.items():
        frame[name] = values.reindex(frame.index)
    return frame
