"""What an optimiser did and why it stopped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class OptimizationRecord:
    """The record of one optimisation, with its verdict.

    Attributes
    ----------
    optimizer : str
        Name of the method.
    converged : bool
        The verdict.
    reason : str
        Why it stopped, in one sentence.
    start, final : float64, shape (k,)
        Parameters at the start and at the end.
    lower : float64, shape (k,)
        Lower bounds, ``-inf`` where there is none.
    initial_value, value : float
        Objective at the start and at the end (a loss: smaller is better), nats times two for
        a deviance.
    gradient : float64, shape (k,)
        At the end.
    expected_decrease : float
        What one more Newton step was expected to gain, in units of the objective.
    tolerance : float
        The expected decrease at which the optimiser stops.
    iterations, evaluations : int
        Steps taken; evaluations of the objective with its gradient.
    max_evaluations : int
        The limit on them.
    trace : float64, shape (m,)
        Objective at the start and after every step; empty where it was not kept.
    """

    optimizer: str
    converged: bool
    reason: str
    start: NDArray[np.float64]
    final: NDArray[np.float64]
    lower: NDArray[np.float64]
    initial_value: float
    value: float
    gradient: NDArray[np.float64]
    expected_decrease: float
    tolerance: float
    iterations: int
    evaluations: int
    max_evaluations: int
    trace: NDArray[np.float64] = field(default_factory=lambda: np.empty(0), compare=False)

    @property
    def at_bound(self) -> NDArray[np.bool_]:
        """Which parameters ended on their lower bound, shape (k,)."""
        return self.final <= self.lower

    @property
    def gradient_norm(self) -> float:
        """Largest absolute element of the gradient over the parameters that are free."""
        free = self.gradient[~self.at_bound]
        return float(np.abs(free).max()) if free.size else 0.0

    def __str__(self) -> str:
        lines = (
            ("Optimizer", self.optimizer),
            ("Verdict", f"{'converged' if self.converged else 'NOT converged'}: {self.reason}"),
            ("Objective", f"{self.initial_value:.6f} at the start, {self.value:.6f} at the end"),
            ("Evaluations", f"{self.evaluations} with gradient (limit {self.max_evaluations})"),
            ("Iterations", f"{self.iterations}"),
            ("max |gradient|", f"{self.gradient_norm:.3g} over the free parameters"),
            ("Expected gain", f"{self.expected_decrease:.3g} (tolerance {self.tolerance:.3g})"),
            ("On the boundary", f"{int(self.at_bound.sum())} of {self.final.size} parameters"),
        )
        width = max(len(label) for label, _ in lines)
        return "\n".join(f"{label:<{width}} : {text}" for label, text in lines)


def with_first_steps(
    record: OptimizationRecord, start: NDArray[np.float64], elbo: Sequence[float]
) -> OptimizationRecord:
    """The record with the steps that led to its start.

    Parameters
    ----------
    record : OptimizationRecord
        Of ``-2`` times an ELBO.
    start : float64, shape (k,)
        Parameters at the first of them.
    elbo : sequence of float
        The ELBO there and after every step.

    Returns
    -------
    OptimizationRecord
    """
    first = -2.0 * np.asarray(elbo, dtype=np.float64)
    return replace(
        record,
        start=start,
        initial_value=float(first[0]),
        iterations=record.iterations + len(first),
        trace=np.concatenate([first, record.trace]),
    )
