r"""What importance ratios say: log likelihood, tail, effective sample size, cumulants.

The chunks of a stream of ratios are folded into sums, part by part, so that memory does not grow
with draws times parts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glmmvi.inference.importance_ratios import PairedRatios
from glmmvi.inference.pareto_smoothing import smooth

Array = NDArray[np.float64]

_SETTLED = 1.0 / 3.0  # largest third term of the cumulant series, relative to the second


def series_settles(half_variance: float, sixth_third_cumulant: float) -> bool:
    """Whether the cumulant series of the log likelihood may be cut after the second term.

    ``log E_q[exp w] = E_q[w] + k2 / 2 + k3 / 6 + ...``: the third term has to be small beside
    the second one.

    Examples
    --------
    >>> series_settles(2.0, -0.1), series_settles(11.0, -10.0), series_settles(2.0, float("nan"))
    (True, False, False)
    """
    return bool(abs(sixth_third_cumulant) <= _SETTLED * half_variance + 1e-12)


@dataclass(frozen=True)
class ImportanceSummary:
    """What the importance ratios of a model to its surrogate say.

    Attributes
    ----------
    draws : int
        Number of draws ``S``, in antithetic pairs.
    parts : int
        Parts of the model that share no random effect.
    log_likelihood : float
        Importance-weighted, nats: the sum over parts of the log of the mean ratio, the bias of
        the logarithm removed to first order.
    log_likelihood_error : float
        Its Monte Carlo standard error.
    pareto_k : float
        Shape of the tail of the joint ratios; see
        :class:`glmmvi.inference.pareto_smoothing.SmoothedRatios`.
    effective_sample_size : float
        Of the joint ratios, ``(sum r)^2 / sum r^2``, their tail smoothed.
    smallest_effective_sample_size : float
        Of the worst part.
    half_variance : float
        Half the second cumulant of the log ratios, summed over parts, nats: to second order,
        the gap between log likelihood and ELBO.
    sixth_third_cumulant : float
        The next term of that series, nats.
    """

    draws: int
    parts: int
    log_likelihood: float
    log_likelihood_error: float
    pareto_k: float
    effective_sample_size: float
    smallest_effective_sample_size: float
    half_variance: float
    sixth_third_cumulant: float


@dataclass(frozen=True)
class LogRatioCumulants:
    """Cumulants of the log ratios, summed over independent parts.

    Attributes
    ----------
    half_variance : float
        ``k2 / 2``, nats.
    half_variance_error : float
        Its Monte Carlo standard error.
    sixth_third : float
        ``k3 / 6``, nats.
    """

    half_variance: float
    half_variance_error: float
    sixth_third: float


class _Moments:
    """Sums of powers of the log ratios of every part, about their first chunk's mean."""

    def __init__(self) -> None:
        self.pairs = 0
        self.centre: Array = np.zeros(0)
        self.sums: Array = np.zeros((4, 0))

    def add(self, log_ratios: Array) -> None:
        if not self.pairs:
            self.centre = log_ratios.mean(axis=(0, 1))
            self.sums = np.zeros((4, log_ratios.shape[2]))
        self.pairs += log_ratios.shape[1]
        with np.errstate(invalid="ignore"):  # a ratio of 0 has no cumulants: NaN
            from_centre = log_ratios - self.centre
            squares = from_centre**2
            self.sums[0] += from_centre.sum(axis=(0, 1))
            self.sums[1] += squares.sum(axis=(0, 1))
            self.sums[2] += (squares * from_centre).sum(axis=(0, 1))
            self.sums[3] += (squares.mean(axis=0) ** 2).sum(axis=0)

    def cumulants(self) -> LogRatioCumulants:
        S = 2 * self.pairs
        m1, m2, m3 = self.sums[:3] / S
        of_pairs = self.sums[3] / self.pairs - m2**2  # variance of a pair's mean square
        return LogRatioCumulants(
            0.5 * float((m2 - m1**2).sum()),
            0.5 * float(np.sqrt(max(of_pairs.sum(), 0.0) / self.pairs)),
            float((m3 - 3.0 * m1 * m2 + 2.0 * m1**3).sum()) / 6.0,
        )


class _Means:
    """Running means of the ratios of every part, relative to the largest so far."""

    def __init__(self) -> None:
        self.pairs = 0
        self.highest: Array = np.zeros(0)
        self.sums: Array = np.zeros((3, 0))

    def add(self, log_ratios: Array) -> None:
        if not self.pairs:
            self.highest = np.full(log_ratios.shape[2], -np.inf)
            self.sums = np.zeros((3, log_ratios.shape[2]))
        self.pairs += log_ratios.shape[1]
        top = np.maximum(self.highest, log_ratios.max(axis=(0, 1)))
        shrink = np.where(self.highest == top, 1.0, np.exp(self.highest - top))
        self.highest = top
        ratios = np.exp(log_ratios - top)
        of_pairs = ratios.mean(axis=0)
        self.sums[0] = self.sums[0] * shrink + of_pairs.sum(axis=0)
        self.sums[1] = self.sums[1] * shrink**2 + (of_pairs**2).sum(axis=0)
        self.sums[2] = self.sums[2] * shrink**2 + (ratios**2).sum(axis=(0, 1))

    def log_mean(self) -> tuple[float, float]:
        """Sum over parts of the log mean ratio, with its standard error."""
        mean = self.sums[0] / self.pairs
        relative = np.maximum(self.sums[1] / self.pairs / mean**2 - 1.0, 0.0)
        variance = float(relative.sum()) / max(self.pairs - 1, 1)
        value = float((self.highest + np.log(mean)).sum()) + 0.5 * variance
        return value, float(np.sqrt(variance))

    def effective_sizes(self) -> Array:
        return 4.0 * self.sums[0] ** 2 / self.sums[2]


def log_ratio_cumulants(chunks: Iterable[PairedRatios]) -> LogRatioCumulants:
    """Cumulants of the log ratios of a model to its surrogate.

    Parameters
    ----------
    chunks : iterable of PairedRatios

    Returns
    -------
    LogRatioCumulants
        Plain sample moments of the draws.
    """
    moments = _Moments()
    for chunk in chunks:
        moments.add(chunk.log_ratios)
    return moments.cumulants()


def summarize_ratios(chunks: Iterable[PairedRatios]) -> ImportanceSummary:
    """Fold a stream of log ratios into what it says.

    Parameters
    ----------
    chunks : iterable of PairedRatios
        At least one.

    Returns
    -------
    ImportanceSummary
        For a model of one part the tail is Pareto smoothed also in the log likelihood.

    Examples
    --------
    A log-normal ratio has mean ``exp(0.02)``:

    >>> z = np.random.default_rng(1).standard_normal((500, 1))
    >>> summary = summarize_ratios([PairedRatios(np.stack([0.2 * z, -0.2 * z]), 0.0)])
    >>> round(summary.log_likelihood, 2), round(summary.half_variance, 2), summary.draws
    (0.02, 0.02, 1000)
    """
    moments, means, joint, parts, constant = _Moments(), _Means(), [], 1, 0.0
    for chunk in chunks:
        moments.add(chunk.log_ratios)
        means.add(chunk.log_ratios)
        joint.append(chunk.joint)
        parts, constant = chunk.log_ratios.shape[2], chunk.constant
    every = np.concatenate(joint, axis=1)
    smoothed = smooth(every.reshape(-1))
    whole = _Means()
    whole.add(smoothed.log_ratios.reshape(2, -1, 1))
    value, error = whole.log_mean()
    if parts > 1:
        value, error = means.log_mean()
        value += constant
    cumulants = moments.cumulants()
    size = float(whole.effective_sizes()[0])
    return ImportanceSummary(
        draws=every.size,
        parts=parts,
        log_likelihood=value,
        log_likelihood_error=error,
        pareto_k=smoothed.pareto_k,
        effective_sample_size=size,
        smallest_effective_sample_size=float(means.effective_sizes().min()) if parts > 1 else size,
        half_variance=cumulants.half_variance,
        sixth_third_cumulant=cumulants.sixth_third,
    )
