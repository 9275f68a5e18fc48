"""How far one library's estimates are from another's."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Agreement:
    """Largest differences between two sets of estimates.

    Attributes
    ----------
    beta : float
        Largest difference of a fixed effect, in standard errors of the reference.
    se, sd : float
        Largest relative differences of standard errors and of random-effects sds.
    compared : int
        Numbers that both have.
    missing : int
        Numbers of the reference that the other does not have.
    """

    beta: float
    se: float
    sd: float
    compared: int
    missing: int

    @property
    def acceptable(self) -> bool:
        """Whether this is the same answer, allowing for another approximation.

        Half a standard error, 10 % of a standard error's size, and 5 % of an sd: Laplace, the
        variational bound and exact quadrature differ by less on the models of the table.
        """
        return self.beta <= 0.5 and self.se <= 0.10 and self.sd <= 0.05 and self.compared > 0


def agreement(estimates: dict, reference: dict) -> Agreement:
    """Compare estimates (``beta``, ``se``, ``sds``: numbers by name) with the reference's."""
    beta = se = sd = 0.0
    compared = missing = 0
    for name, value in reference["beta"].items():
        if name not in estimates["beta"]:
            missing += 1
            continue
        compared += 1
        scale = max(abs(reference["se"][name]), 1e-12)
        beta = max(beta, abs(estimates["beta"][name] - value) / scale)
        se = max(se, abs(estimates["se"].get(name, float("inf")) - reference["se"][name]) / scale)
    largest = max((abs(value) for value in reference["sds"].values()), default=1.0)
    for name, value in reference["sds"].items():
        if name not in estimates["sds"]:
            missing += 1
            continue
        compared += 1
        sd = max(sd, abs(estimates["sds"][name] - value) / max(abs(value), 1e-3 * largest))
    return Agreement(beta, se, sd, compared, missing)
