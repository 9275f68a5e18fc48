"""``correction="cumulant"``: the experimental correction, its guard, and what is said of it."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glmmvi.caller import stack_level
from glmmvi.errors import ArgumentError, GlmmviWarning
from glmmvi.inference import cumulant_correction
from glmmvi.inference.generalized_mixed import GeneralizedMixedProblem
from glmmvi.inference.importance_sampling import LogRatioCumulants
from glmmvi.inference.level_gap import default_count
from glmmvi.inference.level_grid import one_factor
from glmmvi.model.families import Family
from glmmvi.results.control import GlmerControl
from glmmvi.results.generalized_answer import GeneralizedAnswer, structured_answer

CORRECTIONS = (None, "cumulant")

_TITLE = "Variational Approximation, Cumulant Correction, Experimental"


def checked_correction(
    correction: Any, *, nAGQ: int, method: str, priors: Mapping[Any, Any] | None
) -> None:
    """Refuse a correction that is unknown, or that does not go with the other arguments.

    Raises
    ------
    ArgumentError
    """
    if correction is None:
        return
    if correction != "cumulant":
        raise ArgumentError(f"glmer: correction={correction!r} is none of None and 'cumulant'")
    if nAGQ != 1:
        raise ArgumentError(
            f"glmer: correction='cumulant' corrects the variational bound, nAGQ = 1; with nAGQ = "
            f"{nAGQ} there is no bound to correct: leave one of the two out"
        )
    if method != "structured" or priors:
        what = "priors" if method == "structured" else f"the engine {method!r}"
        raise ArgumentError(
            f"glmer: correction='cumulant' is for maximum likelihood by the structured surrogate; "
            f"it does not go with {what}: leave one of the two out"
        )


def corrected_answer(
    problem: GeneralizedMixedProblem,
    family: Family,
    *,
    start: Sequence[NDArray[np.float64]] | None,
    control: GlmerControl,
    fallback: tuple[str, tuple[str, ...]],
) -> GeneralizedAnswer:
    """Maximise the corrected bound, or, where the correction is refused, the bound.

    Parameters
    ----------
    problem : GeneralizedMixedProblem
    family : Family
    start : sequence of float64, shape (d, d), optional
        Covariance factors.
    control : GlmerControl
        Its tolerance is not used: the differences of the variance set the accuracy.
    fallback : (str, tuple of str)
        Approximation and notes of the uncorrected fit.

    Returns
    -------
    GeneralizedAnswer

    Warns
    -----
    GlmmviWarning
        If the correction is refused.
    """
    found, record = cumulant_correction.optimize(problem, start=start, hessian=control.use_hessian)
    approximation, notes = _TITLE, _notes(found.solution.elbo, found.cumulants)
    if found.refused:
        approximation, notes = fallback
        warnings.warn(_refusal(problem, found.cumulants), GlmmviWarning, stacklevel=stack_level())
    return structured_answer(
        problem,
        family,
        found.solution,
        record,
        log_likelihood=found.log_likelihood,
        approximation=approximation,
        notes=notes,
        corrected=not found.refused,
    )


def _notes(elbo: float, cumulants: LogRatioCumulants) -> tuple[str, ...]:
    return (
        f"The log likelihood is the bound, {elbo:.2f}, plus half the variance of the log",
        f"importance ratios, {cumulants.half_variance:.2f} (Monte Carlo error "
        f"{cumulants.half_variance_error:.2f}): experimental, and not a bound.",
        "Standard errors are from the curvature of the bound.",
    )


def _refusal(problem: GeneralizedMixedProblem, cumulants: LogRatioCumulants) -> str:
    columns = one_factor(problem.system.arrays)
    instead = "expect standard deviations of the random effects that are too small"
    if columns is not None and default_count(columns.d) is not None:
        instead = "use nAGQ = 25, which is exact for one grouping factor"
    return (
        'correction="cumulant" is refused: the third cumulant of the log importance ratios is not '
        f"small (|k3|/6 = {abs(cumulants.sixth_third):.3g} nats beside k2/2 = "
        f"{cumulants.half_variance:.3g}), so the series cannot be cut after the second. The fit "
        f"is the uncorrected one; {instead}"
    )
