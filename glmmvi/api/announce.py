"""What a fit says aloud when it is done."""

from __future__ import annotations

from typing import TypeVar

from glmmvi.caller import act
from glmmvi.errors import ConvergenceWarning, FitError, SingularFitMessage
from glmmvi.results.control import Control
from glmmvi.results.mixed_fit import MixedModelFit
from glmmvi.results.summarize import SINGULAR

Fit = TypeVar("Fit", bound=MixedModelFit)


def announced(fit: Fit, control: Control) -> Fit:
    """Warn of a fit that did not converge or is singular, as `control` says; return the fit."""
    if not fit.optimization.converged:
        act(
            control.check_conv_grad,
            f"Model failed to converge: {fit.optimization.reason}; "
            "print(fit.optimization) tells more",
            error=FitError,
            warning=ConvergenceWarning,
        )
    if fit.show_singular and fit.isSingular():
        act(control.check_conv_singular, SINGULAR, error=FitError, message=SingularFitMessage)
    return fit
