"""Whether a noisy loss has settled."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

TOLERANCE = 0.2  # nats: less than this changes no conclusion


@dataclass(frozen=True)
class TraceVerdict:
    """Judgement of a loss trace.

    Attributes
    ----------
    settled : bool
    message : str
        Why, in one line.
    fall : float
        Mean loss of the last but one window minus that of the last one, nats.
    error : float
        Standard error of `fall`.
    """

    settled: bool
    message: str
    fall: float
    error: float


def judge_losses(losses: ArrayLike) -> TraceVerdict:
    """Compare the mean loss of the last fifth of a trace with that of the fifth before it.

    Settled: the loss does not fall any more, beyond twice the standard error of the difference
    or 0.2 nats, whichever is more. The standard error is that of batch means, which allows for
    autocorrelation. A loss that rises is not settled either.

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
    width = trace.size // 5
    if not np.all(np.isfinite(trace)):
        step = int(np.flatnonzero(~np.isfinite(trace))[0])
        return TraceVerdict(False, f"the loss is not finite at step {step}", np.nan, np.nan)
    if width < 20:
        message = f"{trace.size} steps are too few to judge the loss"
        return TraceVerdict(False, message, np.nan, np.nan)
    before, last = trace[-2 * width : -width], trace[-width:]
    fall = float(before.mean() - last.mean())
    error = float(np.hypot(_batch_error(before), _batch_error(last)))
    bound = max(2.0 * error, TOLERANCE)
    detail = (
        f"over the last {width} of {trace.size} steps the smoothed loss "
        f"{'fell' if fall >= 0 else 'rose'} by {abs(fall):.2f} nats (standard error {error:.2f})"
    )
    settled = abs(fall) <= bound
    return TraceVerdict(
        settled, ("settled: " if settled else "not settled: ") + detail, fall, error
    )


def _batch_error(window: np.ndarray) -> float:
    """Standard error of the mean of a correlated series, by ten batch means."""
    batches = [batch.mean() for batch in np.array_split(window, 10)]
    return float(np.std(batches, ddof=1) / np.sqrt(len(batches)))
