"""What a fit asks of the engine that made it."""

from __future__ import annotations

from typing import Any, Protocol

from glmmvi.design.design_matrices import DesignMatrices


class Posterior(Protocol):
    """An engine's answer, from which the TFP pair is built."""

    @property
    def origin(self) -> str:
        """What kind of fit has it, for messages: ``"a fit by method='advi'"``."""
        ...

    @property
    def elbo(self) -> float:
        """Evidence lower bound, nats."""
        ...

    def joint_distribution(self, design: DesignMatrices) -> Any:
        """Build the TFP joint distribution that defines the model."""
        ...

    def surrogate_posterior(self, design: DesignMatrices) -> Any:
        """Build the TFP joint distribution that is the surrogate."""
        ...


class Optimization(Protocol):
    """An optimiser's record with its verdict; ``str`` prints it."""

    @property
    def optimizer(self) -> str:
        """Name of the method."""
        ...

    @property
    def converged(self) -> bool:
        """The verdict."""
        ...

    @property
    def reason(self) -> str:
        """Why it stopped, in one sentence."""
        ...
