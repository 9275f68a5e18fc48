"""``lmer``: wires the layers together, holds no numerics."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from glmmvi.design import DesignMatrices, build_design, check_random_terms
from glmmvi.errors import (
    ArgumentError,
    ConvergenceWarning,
    DataError,
    FitError,
    GlmmviMessage,
    GlmmviWarning,
    SingularFitMessage,
    nearest_hint,
)
from glmmvi.formula import ModelFormula, deparse_lines, parse_formula
from glmmvi.inference.linear_mixed import (
    LinearMixedProblem,
    LinearMixedSolution,
    build_problem,
    optimize,
)
from glmmvi.inference.optimization_record import OptimizationRecord
from glmmvi.inference.profiled_deviance import unpack
from glmmvi.inference.regression_arrays import RegressionArrays, TermArrays
from glmmvi.results.control import LmerControl
from glmmvi.results.estimates import Estimates
from glmmvi.results.fit import LinearMixedFit
from glmmvi.results.structured_posterior import StructuredPosterior
from glmmvi.results.summarize import SINGULAR
from glmmvi.results.tables import ModelCall

_TITLES = {
    True: "Linear mixed model fit by REML",
    False: "Linear mixed model fit by maximum likelihood ",
}


def lmer(
    formula: str | ModelFormula,
    data: Any,
    REML: bool = True,
    *,
    control: LmerControl | None = None,
    start: ArrayLike | None = None,
    subset: Any = None,
    weights: Any = None,
    na_action: Literal["na.omit", "na.exclude", "na.fail", "na.pass"] = "na.omit",
    offset: Any = None,
    contrasts: Mapping[str, Any] | None = None,
    env: Mapping[str, Any] | None = None,
    data_name: str | None = None,
    **unknown: Any,
) -> LinearMixedFit:
    """PLACEHOLDER."""
    _no_unknown("lmer", lmer, unknown)
    parsed = parse_formula(formula) if isinstance(formula, str) else formula
    control = LmerControl() if control is None else control
    design = build_design(
        parsed,
        data,
        weights=weights,
        offset=offset,
        subset=subset,
        na_action=na_action,
        contrasts=contrasts,
        env=env,
    )
    arrays = engine_arrays(design)
    problem = build_problem(arrays, reml=REML)
    solution, record = optimize(
        problem,
        start=None if start is None else _start_factors(start, design),
        tolerance=control.tolerance,
        max_evaluations=control.max_evaluations,
    )
    return None
