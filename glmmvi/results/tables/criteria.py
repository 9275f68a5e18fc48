"""The criterion under a printout's formula: one number, or the row AIC BIC logLik ..."""

from __future__ import annotations

from dataclasses import dataclass
from math import log


@dataclass(frozen=True)
class RemlCriterion:
    """The REML criterion at convergence (-2 times the restricted log likelihood).

    Examples
    --------
    >>> RemlCriterion(1743.628).value
    1743.628
    """

    value: float

    @property
    def headline(self) -> str:
        """What stands before the number."""
        return "REML criterion at convergence"


@dataclass(frozen=True)
class EvidenceLowerBound:
    """The ELBO of a fit with priors: below the log evidence, in nats.

    Attributes
    ----------
    value : float
    error : float or None
        Standard error of a Monte Carlo estimate.

    Examples
    --------
    >>> EvidenceLowerBound(-1091.2, 0.05).headline
    'Evidence lower bound (Monte Carlo error 0.05)'
    """

    value: float
    error: float | None = None

    @property
    def headline(self) -> str:
        """What stands before the number."""
        if self.error is None:
            return "Evidence lower bound"
        return f"Evidence lower bound (Monte Carlo error {self.error:.2g})"


@dataclass(frozen=True)
class InformationCriteria:
    """What lme4 prints of a fit by maximum likelihood.

    Attributes
    ----------
    aic, bic, log_lik, deviance : float
        ``deviance`` is -2 log likelihood.
    df_resid : int
        Observations minus parameters.

    Examples
    --------
    >>> InformationCriteria.from_log_lik(-100.0, n_parameters=3, n_observations=50).aic
    206.0
    """

    aic: float
    bic: float
    log_lik: float
    deviance: float
    df_resid: int

    @classmethod
    def from_log_lik(
        cls, log_lik: float, *, n_parameters: int, n_observations: int
    ) -> InformationCriteria:
        """Derive the five numbers from the log likelihood, in nats."""
        return cls(
            aic=-2.0 * log_lik + 2.0 * n_parameters,
            bic=-2.0 * log_lik + log(n_observations) * n_parameters,
            log_lik=log_lik,
            deviance=-2.0 * log_lik,
            df_resid=n_observations - n_parameters,
        )

    @property
    def headline(self) -> None:
        """Nothing: a row of numbers has names of its own."""
        return None

    @property
    def named_values(self) -> dict[str, float]:
        """The numbers under R's names, in R's order."""
        return {
            "AIC": float(self.aic),
            "BIC": float(self.bic),
            "logLik": float(self.log_lik),
            "deviance": float(self.deviance),
            "df.resid": float(self.df_resid),
        }
