"""``lmer``: linear mixed models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from glmmvi.api.announce import announced
from glmmvi.api.arguments import (
    NaAction,
    checked_control,
    checked_flag,
    model_call,
    one_of,
    refuse_unknown,
    start_factors,
)
from glmmvi.api.bayesian_engines import (
    LINEAR_OPTIONS,
    METHODS,
    engine_name,
    linear_posterior,
    penalized_linear,
    wrap_linear_posterior,
)
from glmmvi.api.designs import linear_design
from glmmvi.api.memory import check_memory
from glmmvi.api.updatable import updatable
from glmmvi.design import DesignMatrices
from glmmvi.errors import FitError
from glmmvi.formula import ModelFormula, deparse
from glmmvi.inference.linear_mixed import (
    LinearMixedProblem,
    LinearMixedSolution,
    build_problem,
    optimize,
)
from glmmvi.inference.memory_need import LINEAR_MATRICES
from glmmvi.inference.optimization_record import OptimizationRecord
from glmmvi.model.prior_mapping import resolve_priors
from glmmvi.results.control import LmerControl
from glmmvi.results.engine_arrays import engine_arrays
from glmmvi.results.estimates import estimates_at
from glmmvi.results.fit import LinearMixedFit
from glmmvi.results.structured_posterior import StructuredPosterior
from glmmvi.results.tables import ModelCall


@updatable
def lmer(
    formula: str | ModelFormula,
    data: Any,
    REML: bool = True,
    *,
    control: LmerControl | None = None,
    start: ArrayLike | None = None,
    subset: Any = None,
    weights: Any = None,
    na_action: NaAction = "na.omit",
    offset: Any = None,
    contrasts: Mapping[str, Any] | None = None,
    env: Mapping[str, Any] | None = None,
    data_name: str | None = None,
    method: Literal["structured", "advi", "nuts"] = "structured",
    priors: Mapping[Any, Any] | None = None,
    theta_posterior: bool = False,
    **options: Any,
) -> LinearMixedFit:
    """Fit a linear mixed model, as lme4's ``lmer``.

    The structured Gaussian surrogate is the exact posterior here, and its ELBO the REML
    criterion (or, with ``REML=False``, the log likelihood): the numbers are lme4's.

    Parameters
    ----------
    formula : str or ModelFormula
        Such as ``"Reaction ~ Days + (Days | Subject)"``; see ``grammar/README.md``.
    data : data frame
        pandas, polars, pyarrow, or a mapping of names to arrays; not modified.
    REML : bool
        Whether to integrate the fixed effects out.
    control : LmerControl, optional
        Made by :func:`glmmvi.lmerControl`.
    start : array, optional
        lme4's ``theta`` to start from: lower triangles of the relative covariance factors,
        columns first.
    subset : array of bool or str, optional
        Rows to use, or a condition such as ``"floor == 0"``.
    weights : array or str, optional
        Precision weights, a column's name, or an expression. A row of weight 0 carries no
        information and does not count in ``nobs`` (a message says so; lme4 counts it, and its
        criterion is then infinite). A pandas Series must have the row labels of `data`.
    na_action : {"na.omit", "na.exclude", "na.fail", "na.pass"}
        What to do with rows that have a missing value in a variable of the model.
    offset : array or str, optional
        Known part of the linear predictor, added to the formula's ``offset()``.
    contrasts : mapping, optional
        By variable: ``{"recipe": "contr.sum"}``.
    env : mapping, optional
        Variables and functions that the formula uses beside the data's columns. The caller's
        own variables are never read.
    data_name : str, optional
        What to print after ``Data:``. By default the name of the caller's variable.
    method : {"structured", "advi", "nuts"}
        The exact engine; stochastic variational inference; or Markov chains, started from the
        variational fit. The last two load TensorFlow.
    priors : mapping, optional
        By parameter, such as ``{"b": Normal(0, 1), "county": HalfNormal(1)}``; see
        :func:`glmmvi.model.prior_mapping.resolve_priors`.
        The structured engine then minimises the REML criterion (or the deviance) minus twice
        the log prior of sds, correlations and sigma; fixed effects are integrated out under
        their own prior (REML) or maximised over with it.
    theta_posterior : bool
        Whether the structured surrogate covers sds, correlations, sigma and fixed effects with
        a Gaussian over their unconstrained values: estimates are then posterior means.
    **options
        With ``method="advi"``, of :func:`glmmvi.results.advi.fit_advi`: ``sigma`` (a
        residual sd to keep fixed), ``surrogate`` (``"mean_field"``, ``"full_rank"``,
        ``"structured"``), ``num_steps``, ``sample_size``, ``learning_rate``, ``decay``,
        ``seed``, ``jit_compile``, ``progress``, ``centred``; ``start`` may be ``"random"``.
        With ``method="nuts"``, of :class:`glmmvi.results.nuts.NutsOptions`: ``chains``,
        ``num_warmup``, ``num_samples``, ``target_accept``, ``max_tree_depth``, ``seed``,
        ``jit_compile``.

    Returns
    -------
    LinearMixedFit

    Raises
    ------
    FormulaError, DataError, ArgumentError
        For what cannot be fitted, with what would work.

    Warns
    -----
    SingularFitMessage
        lme4's ``boundary (singular) fit: see help('isSingular')``.
    RankDeficientMessage
        If columns of the fixed effects were dropped.
    ConvergenceWarning
        If the optimiser did not reach its tolerance.

    Examples
    --------
    >>> import glmmvi as gv
    >>> radon = gv.load_dataset("radon")
    >>> print(gv.lmer("log_radon ~ 1 + floor + (1 | county)", radon))
    Linear mixed model fit by REML ['lmerMod']
    Formula: log_radon ~ 1 + floor + (1 | county)
       Data: radon
    REML criterion at convergence: 2171.305
    Random effects:
     Groups   Name        Std.Dev.
     county   (Intercept) 0.3282
     Residual             0.7556
    Number of obs: 919, groups:  county, 85
    Fixed Effects:
    (Intercept)        floor
          1.462       -0.693
    """
    one_of("lmer", "method", method, METHODS)
    refuse_unknown(lmer, options, also=LINEAR_OPTIONS, method=method)
    engine = engine_name(method, theta_posterior)
    asked = control
    control = checked_control(control, LmerControl, "lmerControl")
    design = linear_design(
        formula,
        data,
        control,
        weights=weights,
        offset=offset,
        subset=subset,
        na_action=na_action,
        contrasts=contrasts,
        env=env,
    )
    call = model_call(
        design, data, data_name, weights=weights, offset=offset, subset=subset, control=asked
    )
    arrays = engine_arrays(design)
    if engine != "structured":
        posterior = linear_posterior(design, engine, priors=priors, start=start, options=options)
        return wrap_linear_posterior(design, posterior, call=call, control=control)
    check_memory(design, LINEAR_MATRICES)
    problem = build_problem(arrays, reml=checked_flag("lmer", "REML", REML))
    _check_response(problem, design)
    resolved = resolve_priors(design, priors, flat=True)
    if not resolved.flat:
        return penalized_linear(design, problem, resolved, start=start, control=control, call=call)
    solution, record = optimize(
        problem,
        start=None if start is None else start_factors(start, design),
        # what is not asked for is the engine's to choose
        tolerance=None if control.tolerance == LmerControl.tolerance else control.tolerance,
        max_evaluations=control.max_evaluations,
    )
    return wrap_linear_fit(design, problem, solution, record, call=call, control=control)


def wrap_linear_fit(
    design: DesignMatrices,
    problem: LinearMixedProblem,
    solution: LinearMixedSolution,
    record: OptimizationRecord,
    *,
    call: ModelCall,
    control: LmerControl,
) -> LinearMixedFit:
    """Put the engine's answer into a fit, and say what has to be said about it."""
    title = "REML" if problem.reml else "maximum likelihood "
    fit = LinearMixedFit(
        design=design,
        estimates=estimates_at(solution),
        posterior=StructuredPosterior(problem, solution),
        optimization=record,
        call=call,
        reml=problem.reml,
        title=f"Linear mixed model fit by {title}",
        show_singular=control.check_conv_singular != "ignore",
        notes=(),
    )
    return announced(fit, control)


def _check_response(problem: LinearMixedProblem, design: DesignMatrices) -> None:
    scale = float(np.abs(design.y).max(initial=0.0))
    if problem.basis.y_scale <= 1e-12 * scale * np.sqrt(design.n) or problem.basis.y_scale == 0.0:
        response = "" if design.formula.response is None else deparse(design.formula.response)
        raise FitError(
            f"the response {response} is an exact linear combination of the fixed "
            "effects: there is no residual variance to estimate"
        )
