"""``lmer``: wires the layers together, holds no numerics."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glmmvi.design import DesignMatrices, build_design, check_random_terms
from glmmvi.errors import (
    ArgumentError,
    ConvergenceWarning,
    DataError,
    FitError,
    GlmmviWarning,
    SingularFitMessage,
    nearest_hint,
)
from glmmvi.formula import ModelFormula, deparse_lines, parse_formula
from glmmvi.inference.generalized_mixed import build_problem as build_generalized_problem
from glmmvi.inference.generalized_mixed import optimize as optimize_generalized
from glmmvi.inference.likelihood import make_likelihood
from glmmvi.inference.linear_mixed import (
    LinearMixedProblem,
    LinearMixedSolution,
    build_problem,
    optimize,
)
from glmmvi.inference.optimization_record import OptimizationRecord
from glmmvi.inference.profiled_deviance import unpack
from glmmvi.model.families import resolve_family
from glmmvi.model.prior_weights import prior_weights
from glmmvi.results.advi import AdviResult, fit_advi
from glmmvi.results.control import Action, Control, GlmerControl, LmerControl
from glmmvi.results.engine_arrays import engine_arrays, generalized_arrays
from glmmvi.results.estimates import Estimates
from glmmvi.results.fit import LinearMixedFit
from glmmvi.results.generalized_fit import GeneralizedMixedFit
from glmmvi.results.mixed_fit import MixedModelFit
from glmmvi.results.structured_posterior import StructuredPosterior
from glmmvi.results.summarize import SINGULAR
from glmmvi.results.tables import ModelCall
from glmmvi.results.variational_posterior import VariationalPosterior

Fit = TypeVar("Fit", bound=MixedModelFit)
NaAction = Literal["na.omit", "na.exclude", "na.fail", "na.pass"]


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
    method: Literal["structured", "advi"] = "structured",
    **advi_options: Any,
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
        Precision weights, a column's name, or an expression. Rows of weight 0 tell nothing.
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
    method : {"structured", "advi"}
        The exact engine, or the stochastic one (which loads TensorFlow).
    **advi_options
        With ``method="advi"``, of :func:`glmmvi.results.advi.fit_advi`: ``priors`` (by
        parameter, such as ``{"b": Normal(0, 1), "county": HalfNormal(1)}``), ``sigma`` (a
        residual sd to keep fixed), ``surrogate`` (``"mean_field"``, ``"full_rank"``,
        ``"structured"``), ``num_steps``, ``sample_size``, ``learning_rate``, ``decay``,
        ``seed``, ``jit_compile``, ``progress``, ``centred``; ``start`` may be ``"random"``.

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
    _check_options(method, advi_options)
    control = _checked_control(control)
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
    call = ModelCall(
        formula=tuple(deparse_lines(design.formula.expression)),
        data=data_name or _data_name(data),
        weights=_argument_text(weights, "weights"),
        offset=_argument_text(offset, "offset"),
        subset=_argument_text(subset, "subset"),
    )
    arrays = engine_arrays(design)
    if method == "advi":
        if start is not None:
            advi_options["start"] = start
        return wrap_advi_fit(design, fit_advi(design, **advi_options), call=call, control=control)
    problem = build_problem(arrays, reml=bool(REML))
    _check_response(problem, design)
    solution, record = optimize(
        problem,
        start=None if start is None else _start_factors(start, design),
        tolerance=control.tolerance,
        max_evaluations=control.max_evaluations,
    )
    return wrap_linear_fit(design, problem, solution, record, call=call, control=control)


def glmer(
    formula: str | ModelFormula,
    data: Any,
    family: Any = "gaussian",
    *,
    control: GlmerControl | None = None,
    start: ArrayLike | None = None,
    nAGQ: int = 1,
    subset: Any = None,
    weights: Any = None,
    na_action: NaAction = "na.omit",
    offset: Any = None,
    contrasts: Mapping[str, Any] | None = None,
    env: Mapping[str, Any] | None = None,
    data_name: str | None = None,
    **unknown: Any,
) -> GeneralizedMixedFit | LinearMixedFit:
    """Fit a generalized linear mixed model, as lme4's ``glmer``.

    The ELBO of a structured Gaussian surrogate is maximised over the covariance parameters,
    the fixed effects and the dispersion; it is a lower bound of the log likelihood.

    Parameters
    ----------
    formula : str or ModelFormula
        Such as ``"cbind(incidence, size - incidence) ~ period + (1 | herd)"``.
    data : data frame
        pandas, polars, pyarrow, or a mapping of names to arrays; not modified.
    family : str, function or Family
        ``"binomial"``, ``glmmvi.poisson``, ``glmmvi.binomial("probit")``, a member of
        ``tfp.glm``, or ``glmmvi.Family.from_tfp(...)``. ``"gaussian"`` goes to `lmer`.
    control : GlmerControl, optional
        Made by :func:`glmmvi.glmerControl`.
    start : array, optional
        lme4's ``theta`` to start from.
    nAGQ : int
        1, the Gaussian surrogate.
    subset, weights, na_action, offset, contrasts, env, data_name
        See :func:`glmmvi.lmer`. For a binomial family, `weights` are the numbers of trials of a
        response that is a proportion.

    Returns
    -------
    GeneralizedMixedFit

    Raises
    ------
    FormulaError, DataError, ArgumentError
        For what cannot be fitted, with what would work.

    Examples
    --------
    >>> import glmmvi as gv
    >>> cbpp = gv.load_dataset("cbpp")
    >>> formula = "cbind(incidence, size - incidence) ~ period + (1 | herd)"
    >>> print(gv.glmer(formula, cbpp, family="binomial").VarCorr())
     Groups Name        Std.Dev.
     herd   (Intercept) 0.64399
    """
    _refuse_unknown(glmer, unknown)
    chosen = resolve_family(family)
    arguments: dict[str, Any] = {
        "weights": weights,
        "offset": offset,
        "subset": subset,
        "na_action": na_action,
        "contrasts": contrasts,
        "env": env,
    }
    control = GlmerControl() if control is None else control
    if not isinstance(control, GlmerControl):
        raise ArgumentError(
            f"control={control!r} is not a control object: use control=glmerControl(...)"
        )
    if nAGQ != 1:
        raise ArgumentError(f"nAGQ={nAGQ!r}: only 1, the Gaussian surrogate, is there so far")
    design = mixed_design(formula, data, control, allow_n=not chosen.has_dispersion, **arguments)
    if np.ptp(design.y) == 0.0:
        raise DataError("Response is constant: there is nothing to explain")
    density = chosen.bind(design.y, prior_weights(design), totals=design.totals)
    problem = build_generalized_problem(generalized_arrays(design), make_likelihood(density))
    solution, record = optimize_generalized(
        problem,
        start=None if start is None else _start_factors(start, design),
        hessian=control.use_hessian,
        tolerance=control.tolerance,
        max_evaluations=control.max_evaluations,
    )
    call = ModelCall(
        formula=tuple(deparse_lines(design.formula.expression)),
        data=data_name or _data_name(data),
        weights=_argument_text(weights, "weights"),
        offset=_argument_text(offset, "offset"),
        subset=_argument_text(subset, "subset"),
    )
    k = len(solution.dispersion)
    fit = GeneralizedMixedFit(
        design=design,
        estimates=Estimates(
            beta=solution.beta,
            beta_cov=solution.beta_cov,
            Lambda=solution.Lambda,
            sigma=1.0,
            b_mean=solution.b_mean,
            b_cov=solution.b_cov,
        ),
        posterior=VariationalPosterior(problem, solution, chosen),
        optimization=record,
        call=call,
        title="Generalized linear mixed model fit by maximum likelihood "
        "(Variational Approximation)",
        show_singular=control.check_conv_singular != "ignore",
        notes=("The log likelihood is a lower bound (variational approximation).",),
        family=chosen,
        dispersion=solution.dispersion,
        dispersion_cov=None
        if solution.parameter_cov is None
        else solution.parameter_cov[-k:, -k:][:k, :k],
    )
    return _announced(fit, control)


def linear_design(
    formula: str | ModelFormula, data: Any, control: LmerControl, **arguments: Any
) -> DesignMatrices:
    """Parse the formula, build the design of a linear mixed model, check it as lme4 does."""
    return mixed_design(formula, data, control, response_kind="numeric", **arguments)


def mixed_design(
    formula: str | ModelFormula,
    data: Any,
    control: Control,
    *,
    allow_n: bool = False,
    **arguments: Any,
) -> DesignMatrices:
    """Parse the formula, build the design, check its random-effects terms as lme4 does."""
    parsed = parse_formula(formula) if isinstance(formula, str) else formula
    design = build_design(parsed, data, **arguments)
    check_random_terms(
        design.terms,
        design.n,
        allow_n=allow_n,
        nlev_gtr_1=control.check_nlev_gtr_1 == "stop",
        nobs_vs_nlev=control.check_nobs_vs_nlev == "stop",
        nobs_vs_nre=control.check_nobs_vs_nRE == "stop",
    )
    return design


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
        estimates=Estimates(
            beta=solution.beta,
            beta_cov=solution.beta_cov,
            Lambda=solution.Lambda,
            sigma=solution.sigma,
            b_mean=solution.b_mean,
            b_cov=solution.b_cov,
        ),
        posterior=StructuredPosterior(problem, solution),
        optimization=record,
        call=call,
        reml=problem.reml,
        title=f"Linear mixed model fit by {title}",
        show_singular=control.check_conv_singular != "ignore",
        notes=(),
    )
    return _announced(fit, control)


def wrap_advi_fit(
    design: DesignMatrices, result: AdviResult, *, call: ModelCall, control: LmerControl
) -> LinearMixedFit:
    """Put the stochastic engine's answer into a fit."""
    kind = result.surrogate.kind.replace("_", " ")
    notes = ["Estimates and standard errors are the surrogate's means and standard deviations."]
    if kind == "mean field":
        notes.append("A mean-field surrogate understates standard errors of fixed effects.")
    fit = LinearMixedFit(
        design=design,
        estimates=result.estimates,
        posterior=result,
        optimization=result.optimization,
        call=call,
        reml=False,
        title=f"Linear mixed model fit by ADVI, {kind} surrogate",
        show_singular=False,
        notes=tuple(notes),
    )
    return _announced(fit, control)


def _announced(fit: Fit, control: Control) -> Fit:
    """Say what has to be said about a fit."""
    if not fit.optimization.converged:
        warnings.warn(
            f"Model failed to converge: {fit.optimization.reason}; "
            "print(fit.optimization) tells more",
            ConvergenceWarning,
            stacklevel=4,
        )
    if fit.show_singular and fit.isSingular():
        _act(control.check_conv_singular, SINGULAR)
    return fit


def _act(action: Action, text: str) -> None:
    if action == "stop":
        raise FitError(text)
    if action != "ignore":
        category = SingularFitMessage if action == "message" else GlmmviWarning
        warnings.warn(text, category, stacklevel=5)


def _refuse_unknown(function: Callable[..., Any], unknown: Mapping[str, Any]) -> None:
    known = list(inspect.signature(function).parameters)[:-1]
    for name, value in unknown.items():
        raise ArgumentError(
            f"{function.__name__}: unused argument ({name} = {value!r})"
            f"{nearest_hint(name, known)}; the arguments are {', '.join(known)}"
        )


def _check_options(method: str, options: Mapping[str, Any]) -> None:
    if method not in ("structured", "advi"):
        raise ArgumentError(f"lmer: method={method!r} is neither 'structured' nor 'advi'")
    own = list(inspect.signature(lmer).parameters)[:-1]
    advi = [
        name for name in inspect.signature(fit_advi).parameters if name not in ("design", "start")
    ]
    known = own + advi if method == "advi" else own
    for name, value in options.items():
        if name in known:
            continue
        advice = nearest_hint(name, known)
        if name in advi:
            advice = ", which is for method='advi'"
        raise ArgumentError(
            f"lmer: unused argument ({name} = {value!r}){advice}; "
            f"the arguments are {', '.join(known)}"
        )


def _checked_control(control: LmerControl | None) -> LmerControl:
    if control is None:
        return LmerControl()
    if not isinstance(control, LmerControl):
        raise ArgumentError(
            f"control={control!r} is not a control object: use control=lmerControl(...)"
        )
    return control


def _check_response(problem: LinearMixedProblem, design: DesignMatrices) -> None:
    scale = float(np.abs(design.y).max(initial=0.0))
    if problem.basis.y_scale <= 1e-12 * scale * np.sqrt(design.n) or problem.basis.y_scale == 0.0:
        raise FitError(
            f"the response {design.formula.response} is an exact linear combination of the fixed "
            "effects: there is no residual variance to estimate"
        )


def _start_factors(start: ArrayLike, design: DesignMatrices) -> list[NDArray[np.float64]]:
    theta = np.asarray(start, dtype=float)
    sizes = [term.d for term in design.terms]
    k = sum(d * (d + 1) // 2 for d in sizes)
    if theta.shape != (k,):
        raise ArgumentError(
            f"incorrect number of theta components (!={k}): start has shape {theta.shape}"
        )
    return unpack(theta, sizes)


def _data_name(data: Any) -> str | None:
    """Name of the variable of the caller of `lmer` that holds the data, for the printout."""
    frame = inspect.currentframe()
    for _ in range(2):
        frame = frame.f_back if frame is not None else None
    if frame is not None:
        for name, value in [*frame.f_locals.items(), *frame.f_globals.items()]:
            if value is data and not name.startswith("_"):
                return name
    attributes = getattr(data, "attrs", {})
    return attributes.get("name") if isinstance(attributes, dict) else None


def _argument_text(argument: Any, name: str) -> str | None:
    if argument is None:
        return None
    return argument if isinstance(argument, str) else name
