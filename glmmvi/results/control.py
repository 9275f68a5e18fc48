"""Options of a fit, under lme4's name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from glmmvi.errors import ArgumentError, nearest_hint

Action = Literal["ignore", "message", "warning", "stop"]

C = TypeVar("C", bound="Control")

_OPTIMIZERS = {"optimizer", "optCtrl", "restart_edge", "boundary_tol", "calc_derivs"}


@dataclass(frozen=True)
class Control:
    """Options that every fit takes.

    Attributes
    ----------
    tolerance : float
        The optimiser stops when the next step is expected to lower the REML criterion (or the
        deviance) by less than this.
    max_evaluations : int
        Limit on evaluations of the criterion with its gradient.
    check_conv_singular : {"message", "ignore", "warning", "stop"}
        What to do about a singular fit (lme4's ``check.conv.singular``).
    check_nlev_gtr_1, check_nobs_vs_nlev, check_nobs_vs_nRE : {"stop", "ignore", ...}
        What to do about grouping factors with one level, with as many levels as observations,
        and about terms with as many random effects as observations.
    """

    tolerance: float = 1e-12
    max_evaluations: int = 500
    check_conv_singular: Action = "message"
    check_nlev_gtr_1: Action = "stop"
    check_nobs_vs_nlev: Action = "stop"
    check_nobs_vs_nRE: Action = "stop"  # noqa: N815 (lme4's name)


@dataclass(frozen=True)
class LmerControl(Control):
    """Options of :func:`glmmvi.lmer`."""


@dataclass(frozen=True)
class GlmerControl(Control):
    """Options of :func:`glmmvi.glmer`.

    Attributes
    ----------
    use_hessian : bool
        Whether standard errors come from the Hessian over all parameters (lme4's
        ``calc.derivs``), or from the fixed effects' own block at fixed covariance parameters.
    """

    tolerance: float = 1e-9
    use_hessian: bool = True


def lmerControl(**options: Any) -> LmerControl:
    """Options of an ``lmer`` fit, by lme4's names with ``.`` written as ``_``.

    Parameters
    ----------
    **options
        Fields of :class:`LmerControl`.

    Returns
    -------
    LmerControl

    Raises
    ------
    ArgumentError
        For an unknown option, and for those of lme4 that choose an optimiser: there is one
        here, with exact gradients, and it does not need to be chosen.

    Examples
    --------
    >>> lmerControl(check_conv_singular="ignore").check_conv_singular
    'ignore'
    """
    return _checked(LmerControl, "lmerControl", options)


def glmerControl(**options: Any) -> GlmerControl:
    """Options of a ``glmer`` fit, by lme4's names with ``.`` written as ``_``.

    Parameters
    ----------
    **options
        Fields of :class:`GlmerControl`.

    Returns
    -------
    GlmerControl

    Raises
    ------
    ArgumentError
        As :func:`lmerControl`.
    """
    return _checked(GlmerControl, "glmerControl", options)


def _checked(kind: type[C], function: str, options: dict[str, Any]) -> C:
    known = kind.__dataclass_fields__
    for name, value in options.items():
        if name in _OPTIMIZERS:
            raise ArgumentError(
                f"{function}: {name}={value!r} chooses or tunes one of lme4's optimisers; glmmvi "
                "has one of its own, with exact gradients: leave it out, or use tolerance= and "
                "max_evaluations="
            )
        if name not in known:
            raise ArgumentError(
                f"{function}: unused argument ({name} = {value!r}){nearest_hint(name, known)}; "
                f"the options are {', '.join(known)}"
            )
        if known[name].type == "Action" and value not in ("ignore", "message", "warning", "stop"):
            raise ArgumentError(
                f"{function}: {name}={value!r} is none of 'ignore', 'message', 'warning', 'stop'"
            )
    control = kind(**options)
    if not control.tolerance > 0 or not control.max_evaluations >= 1:
        raise ArgumentError(f"{function}: tolerance and max_evaluations have to be positive")
    return control
