"""What the optimiser said, as far as lme4's printouts repeat it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class OptimizerReport:
    """Convergence code and warnings; printed only when there is something to say.

    Attributes
    ----------
    optimizer : str
        Its name.
    code : int
        0 for success.
    message : str
        The optimiser's own words; shown in brackets when `code` is not 0.
    model_messages : tuple of str
        lme4's own checks: ``"boundary (singular) fit: see help('isSingular')"`` and the like.
    warnings : tuple of str
        Warnings of the optimiser.

    Examples
    --------
    >>> OptimizerReport("trust-region").is_silent
    True
    """

    optimizer: str
    code: int = 0
    message: str = ""
    model_messages: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def is_silent(self) -> bool:
        """Whether there is nothing to print."""
        return self.code <= 0 and not self.model_messages and not self.warnings
