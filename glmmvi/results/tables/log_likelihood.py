"""A log likelihood with its degrees of freedom: what ``logLik(fit)`` returns."""

from __future__ import annotations

from dataclasses import dataclass

from glmmvi.results.rendering.scalars import render_log_lik


@dataclass(frozen=True)
class LogLikelihood:
    """A log likelihood, in nats.

    Attributes
    ----------
    value : float
        The (restricted) log likelihood, or the bound of it.
    df : int
        Number of parameters.
    n_obs : int
        Number of observations.
    reml : bool
        Whether it is the restricted one.

    Examples
    --------
    >>> print(LogLikelihood(-871.8141, df=6, n_obs=180, reml=True))
    'log Lik.' -871.8141 (df=6)
    >>> float(LogLikelihood(-1.5, df=1, n_obs=2))
    -1.5
    """

    value: float
    df: int
    n_obs: int
    reml: bool = False

    def __float__(self) -> float:
        return float(self.value)

    def __str__(self) -> str:
        return render_log_lik(self).rstrip("\n")
