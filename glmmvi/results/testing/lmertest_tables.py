"""lmerTest's tables: tests of fixed effects with degrees of freedom for small samples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glmmvi.errors import ArgumentError
from glmmvi.inference.tail_probabilities import f_tail, t_quantile, t_tail
from glmmvi.results.fit import LinearMixedFit
from glmmvi.results.mixed_fit import MixedModelFit
from glmmvi.results.tables import AnovaTable, CoefficientTable, ModelSummary
from glmmvi.results.testing.refit import structured
from glmmvi.results.testing.small_sample import Ddf, SmallSample, check_ddf, small_sample
from glmmvi.results.testing.term_contrasts import ROMAN, term_contrasts, type_number
from glmmvi.unknown_arguments import names_arguments

COLUMNS = ("Sum Sq", "Mean Sq", "NumDF", "DenDF", "F value", "Pr(>F)")


def linear_fit(fit: MixedModelFit, what: str) -> LinearMixedFit:
    """The fit, if it is one of `lmer` by the exact engine.

    Raises
    ------
    ArgumentError
        For generalized and stochastic fits.
    """
    if not isinstance(fit, LinearMixedFit):
        raise ArgumentError(
            f"{what} is for lmer fits; a generalized model has Wald chi-square tests: "
            "Anova(fit), linear_hypothesis(fit, ...)"
        )
    structured(fit)
    return fit


def lmertest_anova(fit: MixedModelFit, kind: Any = "III", ddf: Ddf = "Satterthwaite") -> AnovaTable:
    """F tests of the terms, as lmerTest's ``anova``.

    Parameters
    ----------
    fit : LinearMixedFit
    kind : {"I", "II", "III", 1, 2, 3}
    ddf : {"Satterthwaite", "Kenward-Roger"}

    Returns
    -------
    AnovaTable
    """
    linear = linear_fit(fit, f"{ddf}'s method")
    number = type_number(kind)
    contrasts = term_contrasts(linear.design, number)
    heading = f"Type {ROMAN[number]} Analysis of Variance Table with {ddf}'s method"
    return f_table(
        (heading,),
        tuple(contrasts),
        linear,
        small_sample(linear, ddf),
        list(contrasts.values()),
        None,
    )


def f_table(
    heading: tuple[str, ...],
    rows: tuple[str, ...],
    fit: LinearMixedFit,
    method: SmallSample,
    contrasts: list[NDArray[np.float64]],
    rhs: NDArray[np.float64] | None,
) -> AnovaTable:
    """A row with lmerTest's F test for each of the contrast matrices."""
    tests = [method.test(L, rhs) for L in contrasts]
    statistic = np.array([test.statistic for test in tests])
    num_df = np.array([test.num_df for test in tests])
    den_df = np.array([test.den_df for test in tests])
    mean = statistic * fit.sigma() ** 2
    statistic = statistic * np.array([test.scale for test in tests])
    p_value = np.asarray(f_tail(statistic, num_df, den_df))
    return AnovaTable(
        heading, rows, COLUMNS, (mean * num_df, mean, num_df, den_df, statistic, p_value)
    )


def lmertest_summary(fit: MixedModelFit, ddf: Any, layout: Mapping[str, Any]) -> ModelSummary:
    """The summary with degrees of freedom and p values, as lmerTest's.

    Parameters
    ----------
    fit : LinearMixedFit
    ddf : {"Satterthwaite", "Kenward-Roger"}
        The latter with its own standard errors.
    layout : mapping
        Arguments of ``fit.summary()``.

    Returns
    -------
    ModelSummary
    """
    check_ddf(ddf)
    linear = linear_fit(fit, f"summary(ddf={ddf!r})")
    plain = linear.summary(**layout)
    table = plain.coefficients
    method = small_sample(linear, ddf)
    df = np.array([method.df(row) for row in np.eye(linear.design.p)])
    errors = np.sqrt(np.diag(method.beta_cov))
    statistics = table.estimates / errors
    return replace(
        plain,
        title=f"{plain.title.rstrip()}. t-tests use {ddf}'s method",
        class_name="lmerModLmerTest",
        coefficients=CoefficientTable(
            table.names,
            table.estimates,
            errors,
            "t",
            p_values=2.0 * t_tail(np.abs(statistics), df),
            df=df,
        ),
    )


@names_arguments
def contest(
    fit: MixedModelFit,
    L: ArrayLike,
    *,
    rhs: ArrayLike = 0.0,
    joint: bool = True,
    level: float = 0.95,
    ddf: Ddf = "Satterthwaite",
) -> AnovaTable:
    """Test contrasts of the fixed effects in small samples, as lmerTest's ``contest``.

    Parameters
    ----------
    fit : LinearMixedFit
    L : array, shape (m, p) or (p,)
        One contrast a row.
    rhs : float or array, shape (m,)
        What ``L @ beta`` is under the hypothesis.
    joint : bool
        One F test of all rows, or a t test and an interval of each.
    level : float
        Of the intervals.
    ddf : {"Satterthwaite", "Kenward-Roger"}
        Kenward and Roger's method has its own covariance matrix, and scales the F statistic.
        Prior weights count; pbkrtest (0.5.2), and so lmerTest, ignores them.

    Returns
    -------
    AnovaTable

    Raises
    ------
    ArgumentError
        If shapes do not fit, or the fit does not go with `ddf`.

    Examples
    --------
    >>> import glmmvi as gv
    >>> fit = gv.lmer("Reaction ~ Days + (Days | Subject)", gv.load_dataset("sleepstudy"))
    >>> gv.contest(fit, [0, 1]).as_data_frame()[["DenDF", "F value"]].round(2)
       DenDF  F value
    1   17.0    45.85
    """
    linear = linear_fit(fit, "contest")
    contrasts, right = checked_contrasts(L, rhs, linear.design.p)
    check_ddf(ddf)
    if ddf not in get_args(Ddf):
        raise ArgumentError(f"contest: ddf={ddf!r} has no degrees of freedom")
    method = small_sample(linear, ddf)
    if joint:
        return f_table((), ("1",), linear, method, [contrasts], right)
    estimate = contrasts @ linear.estimates.beta
    error = np.sqrt(np.einsum("mi,ij,mj->m", contrasts, method.beta_cov, contrasts))
    df = np.array([method.df(row) for row in contrasts])
    statistic = (estimate - right) / error
    half = t_quantile(0.5 + 0.5 * level, df) * error
    return AnovaTable(
        (),
        tuple(str(i + 1) for i in range(len(contrasts))),
        ("Estimate", "Std. Error", "df", "t value", "lower", "upper", "Pr(>|t|)"),
        (
            estimate,
            error,
            df,
            statistic,
            estimate - half,
            estimate + half,
            np.asarray(2.0 * t_tail(np.abs(statistic), df)),
        ),
    )


def checked_contrasts(
    L: ArrayLike, rhs: ArrayLike, p: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Contrasts as a matrix of shape (m, p), right-hand sides of shape (m,).

    Raises
    ------
    ArgumentError
        If shapes do not fit.
    """
    contrasts = np.atleast_2d(np.asarray(L, dtype=np.float64))
    if contrasts.ndim != 2 or contrasts.shape[1] != p:
        raise ArgumentError(
            f"contrasts of shape {np.shape(L)}: one column a fixed effect ({p}) was expected"
        )
    right = np.asarray(rhs, dtype=np.float64)
    if right.shape not in ((), (1,), (contrasts.shape[0],)):
        raise ArgumentError(
            f"rhs has shape {right.shape}: one number, or one a contrast ({contrasts.shape[0]})"
        )
    return contrasts, np.broadcast_to(right, (contrasts.shape[0],)).copy()
