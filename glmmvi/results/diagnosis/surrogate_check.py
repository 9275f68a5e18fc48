"""The diagnosis of a fit's Gaussian surrogate: numbers, and a verdict in one sentence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from glmmvi.inference.importance_sampling import ImportanceSummary
from glmmvi.inference.pareto_smoothing import reliable_shape

_WITHIN = (0.01, 0.05, 0.1, 0.5)  # nats that a verdict speaks of; above the last one it is low
_ERROR = 0.1  # nats: Monte Carlo error that is small whatever the gap
_RELATIVE_ERROR = 0.2  # of a gap, that still tells its size


@dataclass(frozen=True, repr=False)
class SurrogateCheck:
    """How far a fit's Gaussian surrogate is from the posterior; ``print`` it.

    Made by :meth:`glmmvi.results.mixed_fit.MixedModelFit.check`.

    Attributes
    ----------
    importance : ImportanceSummary
        What the importance ratios ``p(y, u) / q(u)`` say.
    elbo : float
        Of the surrogate, nats.
    fit_log_likelihood : float
        What the fit calls its log likelihood, nats: the ELBO, or a better value.
    quadrature : float, or None
        Log likelihood at the same parameters by quadrature level by level, nats, where there is
        one grouping factor with up to three columns.
    remedy : str
        What to do where the surrogate is not good enough.
    exact : bool
        Whether the surrogate is the posterior: all ratios are equal.
    seed : int
        Of the draws.

    Examples
    --------
    >>> import glmmvi as gv
    >>> cbpp = gv.load_dataset("cbpp")
    >>> formula = "cbind(incidence, size - incidence) ~ period + (1 | herd)"
    >>> check = gv.glmer(formula, cbpp, family="binomial").check()
    >>> check.verdict
    'the Gaussian surrogate is within 0.05 nats of the log likelihood'
    >>> check.pareto_k < 0.5, round(check.gap, 2), check.draws
    (True, 0.03, 2000)
    """

    importance: ImportanceSummary
    elbo: float
    fit_log_likelihood: float
    quadrature: float | None
    remedy: str
    exact: bool
    seed: int

    @property
    def draws(self) -> int:
        """Number of draws, in antithetic pairs."""
        return self.importance.draws

    @property
    def pareto_k(self) -> float:
        """Pareto k-hat of the joint importance ratios; ``-inf`` if they are all equal.

        Above `reliable_k` the posterior cannot be had from the surrogate by reweighting all
        random effects at once. It grows with their number, however good the surrogate is.
        """
        return self.importance.pareto_k

    @property
    def reliable_k(self) -> float:
        """Largest k-hat to be trusted with so many draws (Vehtari et al. 2024)."""
        return reliable_shape(self.draws)

    @property
    def effective_sample_size(self) -> float:
        """Of the joint importance ratios, their tail smoothed."""
        return self.importance.effective_sample_size

    @property
    def importance_log_likelihood(self) -> float:
        """Importance-weighted log likelihood, nats."""
        return self.importance.log_likelihood

    @property
    def importance_error(self) -> float:
        """Monte Carlo standard error of `importance_log_likelihood`, nats."""
        return self.importance.log_likelihood_error

    @property
    def log_likelihood(self) -> float:
        """The best value of the log likelihood: by quadrature, else importance-weighted."""
        return self.importance_log_likelihood if self.quadrature is None else self.quadrature

    @property
    def log_likelihood_error(self) -> float:
        """Monte Carlo standard error of `log_likelihood`; 0 by quadrature."""
        return self.importance_error if self.quadrature is None else 0.0

    @property
    def gap(self) -> float:
        """Log likelihood minus ELBO, nats: the divergence of the surrogate from the posterior."""
        return self.log_likelihood - self.elbo

    @property
    def reliable(self) -> bool:
        """Whether the draws tell how large the gap is."""
        if self.exact or self.quadrature is not None:
            return True
        if self.importance.parts == 1 and not self.pareto_k <= self.reliable_k:
            return False
        return self.importance_error <= max(_ERROR, _RELATIVE_ERROR * abs(self.gap))

    @property
    def verdict(self) -> str:
        """What to make of it, in one sentence."""
        if self.exact:
            return "exact: the Gaussian surrogate is the posterior, its ELBO the log likelihood"
        how = self._how_far(self.gap)
        if self.fit_log_likelihood == self.elbo:
            if self._is_low or not self.reliable:
                return f"{how}: {self.remedy}"
            return how
        apart = abs(self.fit_log_likelihood - self.log_likelihood)
        return f"{how}; the fit's own log likelihood is {apart:.2g} nats from " + (
            "the importance-weighted one" if self.quadrature is None else "quadrature"
        )

    @property
    def _is_low(self) -> bool:
        return self.gap + 2.0 * self.log_likelihood_error > _WITHIN[-1]

    def _how_far(self, gap: float) -> str:
        amount = f"{gap:.0f}" if gap >= 9.95 else f"{gap:.1f}"
        if not self.reliable:
            return (
                f"the Gaussian surrogate is {amount} nats low or more (importance sampling "
                "cannot tell)"
            )
        if self._is_low:
            return f"the Gaussian surrogate is {amount} nats low"
        largest = gap + 2.0 * self.log_likelihood_error
        within = next(step for step in _WITHIN if largest <= step)
        return f"the Gaussian surrogate is within {within:g} nats of the log likelihood"

    def __str__(self) -> str:
        of = self.importance
        tail = "all ratios are equal"
        if np.isfinite(self.pareto_k):
            word = "good" if self.pareto_k <= self.reliable_k else "too heavy a tail"
            tail = f"{self.pareto_k:.2f} ({word}; limit {self.reliable_k:.2f})"
        elif self.pareto_k > 0.0:
            tail = "inf (no tail can be fitted)"
        size = f"{self.effective_sample_size:.0f} of {of.draws}"
        if of.parts > 1:
            size += (
                f"; worst of {of.parts} independent parts {of.smallest_effective_sample_size:.0f}"
            )
        lines = [
            (
                "Log likelihood, importance-weighted",
                f"{self.importance_log_likelihood:.4f} (Monte Carlo error "
                f"{self.importance_error:.2g})",
            ),
            ("ELBO", f"{self.elbo:.4f}"),
            ("Gap", f"{self.gap:.4f} nats"),
            ("Pareto k-hat", tail),
            ("Effective sample size", size),
            ("Verdict", self.verdict),
        ]
        if self.quadrature is not None:
            lines.insert(1, ("Log likelihood, by quadrature", f"{self.quadrature:.4f}"))
        width = max(len(label) for label, _ in lines)
        title = f"Check of the Gaussian surrogate: {of.draws} draws, seed {self.seed}\n"
        return title + "\n".join(f"  {label:<{width}} : {text}" for label, text in lines)

    def __repr__(self) -> str:
        return str(self)
