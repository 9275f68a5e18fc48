"""Whether a noisy loss has settled."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

TOLERANCE = 0.6  # nats: less than this changes no conclusion
WINDOWS = 10
MAX_ERROR = 5.0  # nats: with more noise than this nothing can be said


@dataclass(frozen=True)
class TraceVerdict:
    """Judgement of a loss trace.

    Attributes
    ----------
    settled : bool
    message : str
        Why, in one line.
    fall : float
        Median loss of the last tenth but two minus that of the last one, nats.
    error : float
        Standard error of `fall`.
    """

    settled: bool
    message: str
    fall: float
    error: float


def judge_losses(losses: ArrayLike) -> TraceVerdict:
    """Compare the median loss of the last tenth of a trace with that of the last but two.

    Settled: it fell by no more than three standard errors of the difference, or 0.6 nats,
    whichever is more, and it does not lie above an earlier tenth by more than twice that (a loss
    that rises again has diverged), and the standard error is below 5 nats. Medians, because a
    single draw can be wild.

    Parameters
    ----------
    losses : float64, shape (steps,)
        Nats.

    Returns
    -------
    TraceVerdict

    Examples
    --------
    >>> import numpy as np
    >>> noise = np.random.default_rng(1).normal(size=1000)
    >>> judge_losses(100 + noise).settled
    True
    >>> judge_losses(100 + noise + np.linspace(50, 0, 1000)).settled
    False
    """
    trace = np.asarray(losses, dtype=np.float64)
    width = trace.size // WINDOWS
    if not np.all(np.isfinite(trace)):
        step = int(np.flatnonzero(~np.isfinite(trace))[0])
        return TraceVerdict(False, f"the loss is not finite at step {step}", np.nan, np.nan)
    if width < WINDOWS:
        message = f"{trace.size} steps are too few to judge the loss"
        return TraceVerdict(False, message, np.nan, np.nan)
    windows = [np.asarray(window) for window in np.array_split(trace, WINDOWS)]
    medians = [float(np.median(window)) for window in windows]
    fall = medians[-3] - medians[-1]
    error = float(np.hypot(_median_error(windows[-3]), _median_error(windows[-1])))
    bound = max(3.0 * error, TOLERANCE)
    rise = medians[-1] - min(medians)
    if error > MAX_ERROR:
        message = f"not settled: the loss is too noisy to judge (standard error {error:.1f} nats)"
        return TraceVerdict(False, message, fall, error)
    over = f"over the last {2 * width} of {trace.size} steps the smoothed loss"
    if rise > 2.0 * bound:
        message = f"not settled: the smoothed loss ends {rise:.2f} nats above its lowest value"
        return TraceVerdict(False, message, fall, error)
    verb = "fell" if fall >= 0 else "rose"
    detail = f"{over} {verb} by {abs(fall):.2f} nats (standard error {error:.2f})"
    settled = fall <= bound
    message = f"{'settled' if settled else 'not settled'}: {detail}"
    return TraceVerdict(settled, message, fall, error)


def _median_error(window: NDArray[np.float64]) -> float:
    """Standard error of the median of a correlated series, by the spread of batch medians."""
    batches = np.array([np.median(batch) for batch in np.array_split(window, WINDOWS)])
    spread = 1.4826 * np.median(np.abs(batches - np.median(batches)))
    return float(spread / np.sqrt(WINDOWS))
