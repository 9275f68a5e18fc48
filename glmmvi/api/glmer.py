"""``glmer``: generalized linear mixed models."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from glmmvi.api.announce import announced
from glmmvi.api.arguments import (
    NaAction,
    checked_control,
    model_call,
    one_of,
    refuse_unknown,
)
from glmmvi.api.bayesian_engines import (
    GENERALIZED_OPTIONS,
    METHODS,
    engine_name,
    generalized_posterior,
    needs_one_node,
    penalized_answer,
)
from glmmvi.api.cumulant_engine import checked_correction
from glmmvi.api.designs import mixed_design
from glmmvi.api.generalized_engines import StructuredEngine, checked_nagq, fit_structured
from glmmvi.api.lmer import lmer
from glmmvi.api.separation import noted_separation
from glmmvi.api.updatable import updatable
from glmmvi.caller import stack_level
from glmmvi.design import DesignMatrices
from glmmvi.errors import ArgumentError, FitError, GlmmviWarning
from glmmvi.formula import ModelFormula
from glmmvi.model.families import Family, resolve_family
from glmmvi.model.prior_mapping import resolve_priors
from glmmvi.results.control import GlmerControl, LmerControl
from glmmvi.results.fit import LinearMixedFit
from glmmvi.results.generalized_answer import GeneralizedAnswer
from glmmvi.results.generalized_fit import GeneralizedMixedFit
from glmmvi.results.tables import ModelCall
from glmmvi.results.variational_posterior import VariationalPosterior

_TITLE = "Generalized linear mixed model fit by maximum likelihood"


@updatable
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
    method: Literal["structured", "advi", "nuts"] = "structured",
    priors: Mapping[Any, Any] | None = None,
    theta_posterior: bool = False,
    correction: Literal["cumulant"] | None = None,
    **options: Any,
) -> GeneralizedMixedFit | LinearMixedFit:
    """Fit a generalized linear mixed model, as lme4's ``glmer``.

    The ELBO of a structured Gaussian surrogate is maximised over the covariance parameters,
    the fixed effects and the dispersion; it is a lower bound of the log likelihood. With
    ``nAGQ`` above 1 the log likelihood itself is maximised.

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
        1: the bound of the Gaussian surrogate. More (25, say; at most 100): adaptive
        Gauss-Hermite quadrature with so many nodes a dimension, the log likelihood itself, for
        one grouping factor with up to three columns of random effects (lme4: one). 0: lme4's
        fast approximation, fixed and random effects maximised together.
    subset, weights, na_action, offset, contrasts, env, data_name
        See :func:`glmmvi.lmer`. For a binomial family, `weights` are the numbers of trials of a
        response that is a proportion. For gaussian, Gamma and inverse Gaussian families they
        divide the dispersion, as in R: the variance is ``sigma^2 V(mu) / weights``. For other
        families they multiply the log density, as in glmmTMB: a weight of 2 is the row twice.
    correction : {"cumulant"}, optional
        Experimental: adds half the variance of the log importance ratios to the ELBO, for crossed
        and nested designs with small binary clusters, where the ELBO's standard deviations are
        low. Refused, with a warning, where the third cumulant is not small. Costs a thousand
        draws of all random effects for every parameter and step.

    method : {"structured", "advi", "nuts"}
        The deterministic engine; stochastic variational inference; or Markov chains, started
        from the variational fit. The last two load TensorFlow.
    priors : mapping, optional
        By parameter, such as ``{"b": Normal(0, 2.5), "herd": HalfNormal(1)}``; see
        :func:`glmmvi.model.prior_mapping.resolve_priors`. The structured engine then maximises
        the ELBO (with ``nAGQ`` above 1: the log likelihood) plus the log prior of fixed effects,
        sds, correlations and dispersion.
    theta_posterior : bool
        Whether the structured surrogate covers sds, correlations, dispersion and fixed effects
        with a Gaussian over their unconstrained values: estimates are then posterior means.
    **options
        With ``method="advi"``, of :func:`glmmvi.results.advi.fit_generalized_advi`:
        ``surrogate``, ``num_steps``, ``sample_size``, ``learning_rate``, ``decay``, ``seed``,
        ``jit_compile``, ``progress``, ``centred``; ``start`` may be ``"random"``.
        With ``method="nuts"``, of :class:`glmmvi.results.nuts.NutsOptions`: ``chains``,
        ``num_warmup``, ``num_samples``, ``target_accept``, ``max_tree_depth``, ``seed``,
        ``jit_compile``.

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
    >>> gv.glmer(formula, cbpp, family="binomial").fixef().round(3).to_dict()
    {'(Intercept)': -1.398, 'period2': -0.992, 'period3': -1.129, 'period4': -1.581}
    """
    one_of("glmer", "method", method, METHODS)
    refuse_unknown(glmer, options, also=GENERALIZED_OPTIONS, method=method)
    engine = engine_name(method, theta_posterior)
    nAGQ = checked_nagq(nAGQ)
    needs_one_node(nAGQ, engine, priors)
    checked_correction(correction, nAGQ=nAGQ, method=engine, priors=priors)
    chosen = resolve_family(family)
    asked = control
    control = checked_control(control, GlmerControl, "glmerControl")
    arguments: dict[str, Any] = {
        "weights": weights,
        "offset": offset,
        "subset": subset,
        "na_action": na_action,
        "contrasts": contrasts,
        "env": env,
    }
    if chosen.name == "gaussian" and chosen.link_name == "identity":
        if nAGQ != 1 or correction is not None:
            what = f"nAGQ={nAGQ!r}" if nAGQ != 1 else f"correction={correction!r}"
            raise ArgumentError(
                f"{what}: a gaussian family with the identity link goes to lmer, which "
                f"integrates exactly and has no {what.split('=')[0]}; leave it out"
            )
        bayesian = {"method": method, "priors": priors, "theta_posterior": theta_posterior}
        return _as_linear(
            formula, data, control, start, data_name, {**arguments, **bayesian, **options}
        )
    design = mixed_design(formula, data, control, allow_n=True, **arguments)
    if engine != "structured":
        answer = generalized_posterior(
            design, chosen, engine, priors=priors, start=start, options=options
        )
    elif (resolved := resolve_priors(design, priors, family=chosen, flat=True)).flat:
        try:
            answer = fit_structured(
                design, chosen, nAGQ=nAGQ, start=start, control=control, correction=correction
            )
        except np.linalg.LinAlgError as error:
            raise FitError(
                f"the model cannot be fitted ({error}): the response may be separated by a fixed "
                "effect, or in an extreme unit; try priors=, or rescale the response"
            ) from error
        answer = noted_separation(answer, design, chosen)
    else:
        answer = penalized_answer(design, chosen, resolved, start=start, control=control, nAGQ=nAGQ)
    call = model_call(
        design, data, data_name, weights=weights, offset=offset, subset=subset, control=asked
    )
    refit = StructuredEngine(chosen, nAGQ, control, correction)
    return wrap_generalized_fit(design, chosen, answer, call=call, control=control, engine=refit)


def wrap_generalized_fit(
    design: DesignMatrices,
    family: Family,
    answer: GeneralizedAnswer,
    *,
    call: ModelCall,
    control: GlmerControl,
    engine: StructuredEngine | None = None,
) -> GeneralizedMixedFit:
    """Put an engine's answer into a fit, and say what has to be said about it."""
    fit = GeneralizedMixedFit(
        design=design,
        estimates=answer.estimates,
        posterior=answer.posterior,
        optimization=answer.optimization,
        call=call,
        title=answer.title or f"{_TITLE} ({answer.approximation})",
        show_singular=control.check_conv_singular != "ignore",
        notes=answer.notes,
        family=family,
        dispersion=answer.dispersion,
        dispersion_cov=answer.dispersion_cov,
        log_likelihood=answer.log_likelihood,
        engine=engine if isinstance(answer.posterior, VariationalPosterior) else None,
    )
    return announced(fit, control)


def _as_linear(
    formula: str | ModelFormula,
    data: Any,
    control: GlmerControl,
    start: ArrayLike | None,
    data_name: str | None,
    arguments: Mapping[str, Any],
) -> LinearMixedFit:
    """A gaussian family with the identity link is `lmer`'s, with lme4's remark."""
    warnings.warn(
        "calling glmer() with family=gaussian (identity link) as a shortcut to lmer() is "
        "deprecated; please call lmer() directly",
        GlmmviWarning,
        stacklevel=stack_level(),
    )
    shared = {name: getattr(control, name) for name in LmerControl.__dataclass_fields__}
    linear = LmerControl(**{**shared, "tolerance": LmerControl.tolerance})
    return lmer(formula, data, control=linear, start=start, data_name=data_name, **arguments)
