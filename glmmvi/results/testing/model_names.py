"""Names of models in a comparison: those of the caller's variables, as R prints them."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from glmmvi.caller import stack_level, variables
from glmmvi.errors import ArgumentError, GlmmviWarning
from glmmvi.results.fit import LinearMixedFit
from glmmvi.results.generalized_fit import GeneralizedMixedFit

_LONGEST = 200  # characters, as in R


def model_names(fits: Sequence[Any], given: Sequence[str] | None) -> list[str]:
    """Names given, or those of the caller's variables, or the calls of fits that have none.

    Parameters
    ----------
    fits : sequence
        Looked up by identity.
    given : sequence of str, optional

    Returns
    -------
    list of str

    Raises
    ------
    ArgumentError
        If there are more or fewer names than models.

    Warns
    -----
    GlmmviWarning
        lme4's ``failed to find model names, assigning generic names``: if two are the same, or
        one is longer than 200 characters.
    """
    if given is not None:
        names = [given] if isinstance(given, str) else list(given)
        if len(names) != len(fits):
            raise ArgumentError(
                "model names vector and model list have different lengths: "
                f"{len(names)} names, {len(fits)} models"
            )
        return names
    names = [_variable(fit) or call_text(fit) for fit in fits]
    if len(set(names)) < len(fits) or max(map(len, names)) > _LONGEST:
        warnings.warn(
            "failed to find model names, assigning generic names",
            GlmmviWarning,
            stacklevel=stack_level(),
        )
        return [f"MODEL{i}" for i in range(1, len(fits) + 1)]
    return names


def _variable(value: Any) -> str | None:
    return next((name for name, candidate in variables() if candidate is value), None)


def call_text(fit: Any) -> str:
    """The call of a fit that no variable holds, as R would deparse it.

    Examples
    --------
    >>> import glmmvi as gv
    >>> data = gv.load_dataset("sleepstudy")
    >>> call_text(gv.lmer("Reaction ~ 1 + (1 | Subject)", data, REML=False))
    'lmer(Reaction ~ 1 + (1 | Subject), sleepstudy, REML = FALSE)'
    """
    formula = "".join([fit.call.formula[0], *(line[4:] for line in fit.call.formula[1:])])
    parts = [formula, *([fit.call.data] if fit.call.data else [])]
    if isinstance(fit, GeneralizedMixedFit):
        return f"glmer({', '.join([*parts, f'family = {fit.family.name}'])})"
    if isinstance(fit, LinearMixedFit) and not fit.reml:
        parts.append("REML = FALSE")
    return f"lmer({', '.join(parts)})"
