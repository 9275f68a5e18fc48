"""How a summary is laid out when it is printed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from glmmvi.errors import ArgumentError, nearest_hint


@dataclass(frozen=True)
class SummaryLayout:
    """The arguments of R's ``print(summary(fit), ...)``.

    Attributes
    ----------
    digits : int
        Significant digits of residuals, random effects and fixed effects.
    correlation : bool or None
        Whether the correlations of the fixed effects are shown; None, up to 12 coefficients.
    symbolic_cor : bool
        Whether symbols stand for them.
    signif_stars : bool
        Whether p-values get stars.
    ranef_comp : str or sequence of str
        ``"Variance"``, ``"Std.Dev."`` or both.
    show_resids : bool
        Whether the quantiles of the scaled residuals are shown.
    width : int
        Columns of the page.

    Examples
    --------
    >>> SummaryLayout.from_arguments("summary", {"digits": 3}).digits
    3
    """

    digits: int = 4
    correlation: bool | None = None
    symbolic_cor: bool = False
    signif_stars: bool = True
    ranef_comp: str | Sequence[str] = ("Variance", "Std.Dev.")
    show_resids: bool = True
    width: int = 80

    @classmethod
    def from_arguments(cls, function: str, arguments: Mapping[str, Any]) -> SummaryLayout:
        """A layout from what a user passed to `function`.

        Raises
        ------
        ArgumentError
            For an argument that there is not, with the nearest that there is.
        """
        known = [field.name for field in fields(cls)]
        for name, value in arguments.items():
            if name not in known:
                raise ArgumentError(
                    f"{function}: unused argument ({name} = {value!r}){nearest_hint(name, known)}; "
                    f"the arguments are {', '.join(known)}"
                )
        return cls(**arguments)

    def arguments(self) -> dict[str, Any]:
        """By name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}
