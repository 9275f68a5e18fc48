"""Linear hypotheses about the fixed effects, as car's ``linearHypothesis``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glmmvi.errors import ArgumentError
from glmmvi.inference.tail_probabilities import chi_squared_tail, f_tail
from glmmvi.inference.wald_tests import wald_test
from glmmvi.results.mixed_fit import MixedModelFit
from glmmvi.results.tables import AnovaTable
from glmmvi.results.testing.hypothesis_text import hypothesis_line, parse_hypothesis
from glmmvi.results.testing.lmertest_tables import checked_contrasts, linear_fit
from glmmvi.results.testing.small_sample import small_sample
from glmmvi.unknown_arguments import names_arguments

Test = Literal["Chisq", "F"]


@names_arguments
def linear_hypothesis(
    fit: MixedModelFit,
    hypothesis: str | Sequence[str] | ArrayLike,
    *,
    rhs: ArrayLike = 0.0,
    test: Test = "Chisq",
) -> AnovaTable:
    """Test linear hypotheses about the fixed effects jointly.

    Parameters
    ----------
    fit : fitted model
        Of `lmer` or `glmer`.
    hypothesis : str, sequence of str, or array of shape (m, p)
        ``"a = b"``, ``["a = 0", "2*b - c = 0.5"]``, or one row a hypothesis.
    rhs : float or array, shape (m,)
        Right-hand sides, with an array as `hypothesis`.
    test : {"Chisq", "F"}
        Wald's chi-square, or, for lmer fits, F with Satterthwaite's degrees of freedom.

    Returns
    -------
    AnovaTable
        car's layout: the restricted and the full model.

    Raises
    ------
    ArgumentError
        For unknown coefficients, dependent hypotheses, or shapes that do not fit.

    Examples
    --------
    >>> import glmmvi as gv
    >>> fit = gv.lmer("Reaction ~ Days + (Days | Subject)", gv.load_dataset("sleepstudy"))
    >>> print(gv.linear_hypothesis(fit, "Days = 10"))
    Linear hypothesis test
    <BLANKLINE>
    Hypothesis:
    Days = 10
    <BLANKLINE>
    Model 1: restricted model
    Model 2: Reaction ~ Days + (Days | Subject)
    <BLANKLINE>
      Df  Chisq Pr(>Chisq)
    1
    2  1 0.0914     0.7624
    """
    if test not in get_args(Test):
        raise ArgumentError(f"linear_hypothesis: test={test!r} is neither 'Chisq' nor 'F'")
    names, estimates = fit.design.column_names, fit.estimates
    contrasts, right = _contrasts(hypothesis, rhs, names)
    if np.linalg.matrix_rank(contrasts) < len(contrasts):
        raise ArgumentError(
            "the hypotheses are linear combinations of each other (or one of them is empty): "
            "leave out those that follow from the others"
        )
    m, nan = float(len(contrasts)), np.nan
    columns: tuple[NDArray[np.float64], ...]
    if test == "Chisq":
        value = wald_test(estimates.beta, estimates.beta_cov, contrasts, right).statistic
        column_names: tuple[str, ...] = ("Df", "Chisq", "Pr(>Chisq)")
        columns = tuple(np.array([nan, x]) for x in (m, value, chi_squared_tail(value, m)))
    else:
        linear = linear_fit(fit, "test='F'")
        result = small_sample(linear, "Satterthwaite").test(contrasts, right)
        den, p_value = result.den_df, f_tail(result.statistic, m, result.den_df)
        column_names = ("Res.Df", "Df", "F", "Pr(>F)")
        rest = tuple(np.array([nan, x]) for x in (m, result.statistic, p_value))
        columns = (np.array([den + m, den]), *rest)
    lines = [
        hypothesis_line(row, value, names) for row, value in zip(contrasts, right, strict=True)
    ]
    first, *more = tuple(fit.call.formula)
    heading = (
        "Linear hypothesis test",
        "\nHypothesis:",
        *lines,
        "\nModel 1: restricted model",
        f"Model 2: {first}",
        *more,
        "",
    )
    return AnovaTable(heading, ("1", "2"), column_names, columns)


def _contrasts(
    hypothesis: Any, rhs: ArrayLike, names: tuple[str, ...]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if isinstance(hypothesis, str):
        hypothesis = [hypothesis]
    if len(hypothesis) and all(isinstance(line, str) for line in hypothesis):
        if np.any(np.asarray(rhs) != 0.0):
            raise ArgumentError("rhs= is for contrasts as an array; write 'a = 0.5' in the text")
        forms = [parse_hypothesis(line, names) for line in hypothesis]
        return np.stack([f.weights for f in forms]), np.array([-f.constant for f in forms])
    return checked_contrasts(hypothesis, rhs, len(names))
