"""Options of a fit, under lme4's name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, TypeVar, get_args

from glmmvi.caller import Action
from glmmvi.design.term_checks import RankAction, TermActions
from glmmvi.errors import ArgumentError, nearest_hint

DroppedColumns = Literal[
    "message+drop.cols", "silent.drop.cols", "warn+drop.cols", "stop.deficient"
]

C = TypeVar("C", bound="Control")

_OPTIMIZERS = {
    "optimizer",
    "optCtrl",
    "restart_edge",
    "boundary_tol",
    "calc_derivs",
    "use_last_params",
    "tolPwrss",
    "compDev",
    "nAGQ0initStep",
}
_REFUSED: dict[str, str] = {
    "sparseX": "the fixed columns are dense",
    "standardize_X": "the columns are made orthonormal inside the fit, and nothing is to be scaled",
    "mod_type": "lmerControl and glmerControl are two functions",
}
_RANK_ACTIONS: dict[str, Action] = {
    "message+drop.cols": "message",
    "silent.drop.cols": "ignore",
    "warn+drop.cols": "warning",
    "stop.deficient": "stop",
}


@dataclass(frozen=True)
class Control:
    """Options that every fit takes.

    The checks are lme4's (1.1-31), ``.`` written as ``_``; each takes ``"ignore"``,
    ``"message"``, ``"warning"`` or ``"stop"``.

    Attributes
    ----------
    tolerance : float
        The optimiser stops when the next step is expected to lower the REML criterion (or the
        deviance) by less than this. `lmer`'s 1e-12, unless it is changed, is 1e-9 for models
        with large crossed factors, as `glmer`'s.
    max_evaluations : int
        Limit on evaluations of the criterion with its gradient.
    check_conv_singular : Action
        What to do about a singular fit.
    check_conv_grad : Action
        What to do about an optimiser that did not reach its tolerance.
    check_conv_hess : Action
        What to do about a Hessian that gives no covariance matrix (`glmer`).
    check_nlev_gtr_1, check_nobs_vs_nlev, check_nobs_vs_nRE : Action
        What to do about grouping factors with one level, with as many levels as observations,
        and about terms with as many random effects as observations.
    check_nlev_gtreq_5 : Action
        What to do about grouping factors with fewer than five levels.
    check_nobs_vs_rankZ : Action, or one with ``Small`` behind it
        What to do about random-effects columns whose rank is the number of observations; with
        ``Small`` only where they have up to a million elements.
    check_rankX : {"message+drop.cols", "silent.drop.cols", "warn+drop.cols", "stop.deficient"}
        What to do about dependent columns of the fixed part.
    check_scaleX : Action
        What to do about predictors on very different scales. Off, unlike lme4's: the columns are
        scaled inside the fit.
    check_formula_LHS : {"stop"}
        A formula without a response is refused.
    """

    tolerance: float = 1e-12
    max_evaluations: int = 500
    check_conv_singular: Action = "message"
    check_conv_grad: Action = "warning"
    check_conv_hess: Action = "warning"
    check_nlev_gtr_1: Action = "stop"
    check_nobs_vs_nlev: Action = "stop"
    check_nobs_vs_nRE: Action = "stop"  # noqa: N815 (lme4's name)
    check_nlev_gtreq_5: Action = "ignore"
    check_nobs_vs_rankZ: RankAction = "ignore"  # noqa: N815 (lme4's name)
    check_rankX: DroppedColumns = "message+drop.cols"  # noqa: N815 (lme4's name)
    check_scaleX: Action = "ignore"  # noqa: N815 (lme4's name)
    check_formula_LHS: Literal["stop"] = "stop"  # noqa: N815 (lme4's name)

    @property
    def term_actions(self) -> TermActions:
        """What to do about what the checks of the random-effects terms find."""
        return TermActions(
            nlev_gtr_1=self.check_nlev_gtr_1,
            nobs_vs_nlev=self.check_nobs_vs_nlev,
            nobs_vs_nRE=self.check_nobs_vs_nRE,
            nlev_gtreq_5=self.check_nlev_gtreq_5,
            nobs_vs_rankZ=self.check_nobs_vs_rankZ,
        )

    @property
    def rank_action(self) -> Action:
        """What to do about dependent columns of the fixed part; they are dropped, or refused."""
        return _RANK_ACTIONS[self.check_rankX]

    def text(self) -> str:
        """The call that makes it, as the summary's ``Control:`` line shows it, in R's names.

        Examples
        --------
        >>> lmerControl(check_conv_singular="ignore").text()
        'lmerControl(check.conv.singular = "ignore")'
        """
        given = []
        for option in fields(self):
            value = getattr(self, option.name)
            if value != option.default:
                name = option.name
                name = name.replace("_", ".") if name.startswith("check_") else name
                shown = f'"{value}"' if isinstance(value, str) else _number(value)
                given.append(f"{name} = {shown}")
        function = type(self).__name__[0].lower() + type(self).__name__[1:]
        return f"{function}({', '.join(given)})"


def _number(value: Any) -> str:
    return str(value).upper() if isinstance(value, bool) else f"{value:g}"


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
    check_response_not_const : Action
        What to do about a response that does not vary.
    """

    tolerance: float = 1e-9
    use_hessian: bool = True
    check_response_not_const: Action = "stop"


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
        if name in _REFUSED:
            raise ArgumentError(f"{function}: {name}= is not there: {_REFUSED[name]}; leave it out")
        if name not in known:
            raise ArgumentError(
                f"{function}: unused argument ({name} = {value!r}){nearest_hint(name, known)}; "
                f"the options are {', '.join(known)}"
            )
        if name.startswith("check_"):
            _check_action(function, name, value)
    control = kind(**options)
    if not control.tolerance > 0 or not control.max_evaluations >= 1:
        raise ArgumentError(f"{function}: tolerance and max_evaluations have to be positive")
    return control


_ALLOWED: Mapping[str, tuple[str, ...]] = {
    "check_nobs_vs_rankZ": get_args(RankAction),
    "check_rankX": get_args(DroppedColumns),
    "check_formula_LHS": ("stop",),
}
_INSTEAD: Mapping[str, str] = {
    "check_rankX": "; dependent columns cannot be kept (lme4's 'ignore')",
    "check_scaleX": "; nothing is rescaled here, as the columns are scaled inside the fit",
    "check_formula_LHS": "; a fit needs a response",
}


def _check_action(function: str, name: str, value: Any) -> None:
    allowed = _ALLOWED.get(name, get_args(Action))
    if value not in allowed:
        listed = ", ".join(map(repr, allowed))
        raise ArgumentError(
            f"{function}: {name}={value!r} is none of {listed}{_INSTEAD.get(name, '')}"
        )
