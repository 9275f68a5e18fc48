"""broom.mixed's ``tidy`` and ``glance`` as data frames."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy.special import ndtri

from glmmvi.errors import ArgumentError, nearest_hint
from glmmvi.results.any_fit import AnyFit
from glmmvi.results.fit import LinearMixedFit
from glmmvi.results.generalized_fit import GeneralizedMixedFit
from glmmvi.results.intervals.parameters import tails
from glmmvi.unknown_arguments import names_arguments, refuse_others

EFFECTS = ("fixed", "ran_pars", "ran_vals", "ran_coefs")
Method = Literal["Wald", "profile", "boot", "vi"]
_CONFINT_OPTIONS = ("nsim", "boot_type", "seed", "quiet")
_ARGUMENTS = ("fit", "effects", "conf_int", "conf_level", "conf_method", "exponentiate")


def tidy(
    fit: AnyFit,
    effects: str | Sequence[str] = ("ran_pars", "fixed"),
    *,
    conf_int: bool = False,
    conf_level: float = 0.95,
    conf_method: Method = "Wald",
    exponentiate: bool = False,
    **confint_options: Any,
) -> pd.DataFrame:
    """One row a parameter, with broom.mixed's columns and names (0.2.9.4).

    Parameters
    ----------
    fit : LinearMixedFit or GeneralizedMixedFit
    effects : str or sequence of str
        ``"fixed"``, ``"ran_pars"`` (sds and correlations), ``"ran_vals"`` (random effects of
        every level), ``"ran_coefs"`` (coefficients of every level). The rows come in this order.
    conf_int : bool
        Whether to add ``conf.low`` and ``conf.high``.
    conf_level : float
    conf_method : {"Wald", "profile", "boot", "vi"}
        See ``confint``; Wald intervals of sds and correlations are missing, as in lme4.
    exponentiate : bool
        Whether fixed effects are exponentiated; their standard errors by the delta method.
    **confint_options
        Passed on to ``confint``: ``nsim``, ``boot_type``, ``seed``, ``quiet``.

    Returns
    -------
    DataFrame
        ``effect``, ``group``, ``level``, ``term``, ``estimate``, ``std.error``, ``statistic``,
        ``p.value``, ``conf.low``, ``conf.high``: those that the effects have.

    Raises
    ------
    ArgumentError

    Examples
    --------
    >>> import glmmvi as gv
    >>> fit = gv.lmer("Reaction ~ Days + (Days | Subject)", gv.load_dataset("sleepstudy"))
    >>> tidy(fit).round(2)[["effect", "group", "term", "estimate", "std.error"]]
         effect     group                   term  estimate  std.error
    0     fixed       NaN            (Intercept)    251.41       6.82
    1     fixed       NaN                   Days     10.47       1.55
    2  ran_pars   Subject        sd__(Intercept)     24.74        NaN
    3  ran_pars   Subject  cor__(Intercept).Days      0.07        NaN
    4  ran_pars   Subject               sd__Days      5.92        NaN
    5  ran_pars  Residual        sd__Observation     25.59        NaN
    """
    refuse_others("tidy", confint_options, (*_ARGUMENTS, *_CONFINT_OPTIONS))
    wanted = [effects] if isinstance(effects, str) else list(effects)
    for name in wanted:
        if name not in EFFECTS:
            raise ArgumentError(
                f"tidy: effects has {name!r}{nearest_hint(str(name), EFFECTS)}; there are "
                f"{', '.join(EFFECTS)}"
            )
    if conf_method not in ("Wald", "profile", "boot", "vi"):
        raise ArgumentError(
            f"tidy: conf_method={conf_method!r} is none of 'Wald', 'profile', 'boot' and 'vi'"
        )
    tails(conf_level)
    makers = {"fixed": _fixed, "ran_pars": _ran_pars, "ran_vals": _ran_vals}
    parts = []
    for name in EFFECTS:
        if name not in wanted:
            continue
        if name == "ran_coefs":
            parts.append(_ran_coefs(fit))
            continue
        part = makers[name](fit)
        if conf_int:
            _add_interval(part, name, fit, conf_level, conf_method, confint_options)
        if exponentiate and name == "fixed":
            part["estimate"] = np.exp(part["estimate"])
            part["std.error"] = part["std.error"] * part["estimate"]
            for column in {"conf.low", "conf.high"} & set(part.columns):
                part[column] = np.exp(part[column])
        parts.append(part)
    order = ["effect", "group", "level", "term", "estimate", "std.error", "statistic"]
    order += ["p.value", "conf.low", "conf.high"]
    present = {column for part in parts for column in part.columns}
    columns = [column for column in order if column in present]
    return pd.concat([part.reindex(columns=columns) for part in parts], ignore_index=True)


def _fixed(fit: AnyFit) -> pd.DataFrame:
    table = fit.summary().coefficients
    frame = pd.DataFrame(
        {
            "effect": "fixed",
            "term": list(table.names),
            "estimate": table.estimates,
            "std.error": table.standard_errors,
            "statistic": table.statistics,
        }
    )
    if table.p_values is not None:
        frame["p.value"] = table.p_values
    return frame


def _ran_pars(fit: AnyFit) -> pd.DataFrame:
    rows = []
    var_corr = fit.VarCorr()
    for term in var_corr.terms:
        for j, first in enumerate(term.names):
            for i in range(j, len(term.names)):
                name = f"sd__{first}" if i == j else f"cor__{first}.{term.names[i]}"
                value = term.sd[i] if i == j else term.correlation[i, j]
                rows.append((term.label, name, float(value)))
    if var_corr.sigma is not None:
        rows.append(("Residual", "sd__Observation", float(var_corr.sigma)))
    frame = pd.DataFrame(rows, columns=["group", "term", "estimate"])
    frame.insert(0, "effect", "ran_pars")
    return frame


def _ran_vals(fit: AnyFit) -> pd.DataFrame:
    values = fit.ranef().as_data_frame()
    return pd.DataFrame(
        {
            "effect": "ran_vals",
            "group": values["grpvar"],
            "level": values["grp"],
            "term": values["term"],
            "estimate": values["condval"],
            "std.error": values["condsd"],
        }
    )


def _ran_coefs(fit: AnyFit) -> pd.DataFrame:
    parts = []
    for table in fit.coef().groups:
        for j, term in enumerate(table.names):
            parts.append(
                pd.DataFrame(
                    {
                        "effect": "ran_coefs",
                        "group": table.group,
                        "level": list(table.levels),
                        "term": term,
                        "estimate": table.values[:, j],
                    }
                )
            )
    return pd.concat(parts, ignore_index=True)


def _add_interval(
    part: pd.DataFrame,
    name: str,
    fit: AnyFit,
    level: float,
    method: Method,
    options: dict[str, Any],
) -> None:
    if method == "Wald" or name == "ran_vals":
        error = part.get("std.error", np.nan)
        low, high = (part["estimate"] + error * float(ndtri(tail)) for tail in tails(level))
    else:
        which = "beta_" if name == "fixed" else "theta_"
        found = fit.confint(which, level, method, **options)
        low, high = pd.Series(found.lower), pd.Series(found.upper)
    part["conf.low"], part["conf.high"] = low, high


@names_arguments
def glance(fit: AnyFit) -> pd.DataFrame:
    """One row a fit, with broom.mixed's columns: sizes and criteria.

    ``logLik``, ``AIC`` and ``BIC`` of a generalized model are from the bound of its log
    likelihood; its ``deviance`` is R's: the sum of squared deviance residuals.

    Parameters
    ----------
    fit : LinearMixedFit or GeneralizedMixedFit

    Returns
    -------
    DataFrame
        ``nobs``, ``sigma``, ``logLik``, ``AIC``, ``BIC``, ``REMLcrit`` or ``deviance``,
        ``df.residual``.

    Examples
    --------
    >>> import glmmvi as gv
    >>> fit = gv.lmer("Reaction ~ Days + (Days | Subject)", gv.load_dataset("sleepstudy"))
    >>> glance(fit).round(2)
       nobs  sigma  logLik      AIC      BIC  REMLcrit  df.residual
    0   180  25.59 -871.81  1755.63  1774.79   1743.63          174
    """
    row: dict[str, Any] = {
        "nobs": fit.nobs(),
        "sigma": fit.sigma(),
        "logLik": float(fit.logLik()),
        "AIC": fit.AIC(),
        "BIC": fit.BIC(),
    }
    if isinstance(fit, LinearMixedFit) and fit.reml:
        row["REMLcrit"] = fit.REMLcrit()
    elif isinstance(fit, GeneralizedMixedFit):
        row["deviance"] = residual_deviance(fit)
    else:
        row["deviance"] = fit.deviance()
    row["df.residual"] = fit.df_residual()
    return pd.DataFrame([row])


def residual_deviance(fit: GeneralizedMixedFit) -> float:
    """R's ``deviance`` of a glmer fit: the squared deviance residuals, summed.

    -2 log likelihood for a family that has no deviance residuals.
    """
    try:
        return fit.deviance()
    except ArgumentError:
        return -2.0 * float(fit.logLik())
