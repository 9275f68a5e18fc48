"""What a fit says aloud when it is done."""

from __future__ import annotations

import warnings
from typing import TypeVar

from glmmvi.api.caller import stack_level
from glmmvi.errors import ConvergenceWarning, FitError, GlmmviWarning, SingularFitMessage
from glmmvi.results.control import Action, Control
from glmmvi.results.mixed_fit import MixedModelFit
from glmmvi.results.summarize import SINGULAR

Fit = TypeVar("Fit", bound=MixedModelFit)


def announced(fit: Fit, control: Control) -> Fit:
    """Warn of a fit that did not converge or is singular, as `control` says; return the fit."""
    if not fit.optimization.converged:
        warnings.warn(
            f"Model failed to converge: {fit.optimization.reason}; "
            "print(fit.optimization) tells more",
            ConvergenceWarning,
            stacklevel=stack_level(),
        )
    if fit.show_singular and fit.isSingular():
        _act(control.check_conv_singular, SINGULAR)
    return fit


def _act(action: Action, text: str) -> None:
    if action == "stop":
        raise FitError(text)
    if action != "ignore":
        category = SingularFitMessage if action == "message" else GlmmviWarning
        warnings.warn(text, category, stacklevel=stack_level())
