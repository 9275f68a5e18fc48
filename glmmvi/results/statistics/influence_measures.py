"""Cook's distances and changes of the coefficients: of a fit, or of its ``influence``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import pandas as pd

from glmmvi.errors import ArgumentError
from glmmvi.results.any_fit import AnyFit
from glmmvi.results.augment import augment
from glmmvi.results.rows import by_row
from glmmvi.results.statistics.influence import Influence, influence
from glmmvi.unknown_arguments import names_arguments

Which = Literal["fixed", "var.cov"]


@names_arguments
def cooks_distance(x: AnyFit | Influence, groups: str | Sequence[str] | None = None) -> pd.Series:
    """Cook's distance of every row, or of every level: lme4's ``cooks.distance``.

    Parameters
    ----------
    x : LinearMixedFit, GeneralizedMixedFit or Influence
        Of a fit, rows' distances are from leverages at fixed covariance parameters, as lme4's;
        of an `Influence`, they are from its refits.
    groups : str or sequence of str, optional
        Of a fit: levels to leave out, as :func:`influence` takes them (one refit each).

    Returns
    -------
    Series of float64
        By the data's row labels (NaN where the leverage is 1), or by level.

    Examples
    --------
    >>> import glmmvi as gv
    >>> fit = gv.lmer("Reaction ~ Days + (Days | Subject)", gv.load_dataset("sleepstudy"))
    >>> int(cooks_distance(fit).idxmax()), cooks_distance(fit, "Subject").idxmax()
    (59, '309')
    """
    if isinstance(x, Influence):
        if groups is not None:
            raise ArgumentError(f"cooks_distance: this is an influence of {x.group!r} already")
        return x.cooks_distance
    if groups is not None:
        return influence(x, groups).cooks_distance
    return by_row(x.design, augment(x)[".cooksd"].to_numpy())


@names_arguments
def dfbeta(
    x: AnyFit | Influence, which: Which = "fixed", groups: str | Sequence[str] | None = None
) -> pd.DataFrame:
    """Changes of the estimates, one row a deletion: lme4's ``dfbeta(influence(fit))``.

    Parameters
    ----------
    x : LinearMixedFit, GeneralizedMixedFit or Influence
        Of a fit, ``influence(fit, groups)`` is made first.
    which : {"fixed", "var.cov"}
        Fixed effects, or variances and covariances.
    groups : str or sequence of str, optional
        Of a fit: see :func:`influence`; single rows by default.

    Returns
    -------
    DataFrame
        Estimates without the row or level minus those of the whole fit.

    Raises
    ------
    ArgumentError
        For another `which`.

    Examples
    --------
    >>> import glmmvi as gv
    >>> fit = gv.lmer("Reaction ~ Days + (Days | Subject)", gv.load_dataset("sleepstudy"))
    >>> dfbeta(fit, groups="Subject").loc["308"].round(2).tolist()
    [0.42, -0.66]
    """
    if which not in ("fixed", "var.cov"):
        raise ArgumentError(f"dfbeta: which={which!r} is neither 'fixed' nor 'var.cov'")
    found = x if isinstance(x, Influence) else influence(x, groups)
    return found.dfbeta if which == "fixed" else found.var_cov_without - found.var_cov


@names_arguments
def dfbetas(x: AnyFit | Influence, groups: str | Sequence[str] | None = None) -> pd.DataFrame:
    """Changes of the fixed effects in standard errors: lme4's ``dfbetas(influence(fit))``.

    Parameters
    ----------
    x : LinearMixedFit, GeneralizedMixedFit or Influence
    groups : str or sequence of str, optional
        Of a fit: see :func:`influence`; single rows by default.

    Returns
    -------
    DataFrame
        `dfbeta` over the standard errors without the row or level (lme4's scale).

    Examples
    --------
    >>> import glmmvi as gv
    >>> fit = gv.lmer("Reaction ~ Days + (Days | Subject)", gv.load_dataset("sleepstudy"))
    >>> dfbetas(fit, groups="Subject").abs().idxmax().tolist()
    ['310', '335']
    """
    return (x if isinstance(x, Influence) else influence(x, groups)).dfbetas
