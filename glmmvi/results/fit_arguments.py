"""What a fit was asked for, so that it can be asked again with changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from glmmvi.errors import ArgumentError
from glmmvi.formula import ModelFormula, update_formula


@dataclass(frozen=True, eq=False)
class FitArguments:
    """A fitting function with its arguments. It refers to the user's data and does not copy them.

    Attributes
    ----------
    function : callable
        Such as :func:`glmmvi.lmer`.
    arguments : mapping
        By name; ``data`` among them.
    """

    function: Callable[..., Any]
    arguments: Mapping[str, Any]

    def changed(self, formula: ModelFormula, new: str | ModelFormula | None, **changes: Any) -> Any:
        """Fit again with changes: R's ``update``.

        Parameters
        ----------
        formula : ModelFormula
            Of the fit.
        new : str or ModelFormula, optional
            In which ``.`` stands for what the fit has on that side; a ModelFormula as it is.
        **changes
            Arguments of the fitting function.
        """
        if "formula" in changes:
            raise ArgumentError("update: give the new formula as the first argument")
        arguments = {**self.arguments, "formula": formula, **changes}
        if isinstance(new, ModelFormula):
            arguments["formula"] = new
        elif new is not None:
            arguments["formula"] = update_formula(formula, new)
        return self.function(**arguments)
