"""From the priors that a user names to one prior for each parameter of a model."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from glmmvi.design.design_matrices import DesignMatrices
from glmmvi.errors import ArgumentError
from glmmvi.model.priors import (
    COEFFICIENT_PRIORS,
    LKJ,
    SCALE_PRIORS,
    CoefficientPrior,
    Flat,
    HalfCauchy,
    Prior,
    ScalePrior,
)

PriorKey = str | tuple[str, ...]


@dataclass(frozen=True)
class Priors:
    """One prior for each parameter of a model.

    Attributes
    ----------
    beta : tuple, length p
        Of each fixed effect.
    sds : tuple of tuple
        For each term, of the sd of each of its columns, link scale.
    correlations : tuple of LKJ or None
        For each term; ``None`` where it has one column.
    sigma : prior or None
        Of the residual sd; ``None`` where it is fixed.
    """

    beta: tuple[CoefficientPrior, ...]
    sds: tuple[tuple[ScalePrior, ...], ...]
    correlations: tuple[LKJ | None, ...]
    sigma: ScalePrior | None


def resolve_priors(
    design: DesignMatrices,
    priors: Mapping[Any, Prior] | None = None,
    *,
    sigma: float | None = None,
) -> Priors:
    """Give each parameter of a model its prior.

    Keys, the more particular one wins:

    ==============================  =====================================================
    ``"b"``                         every coefficient
    ``"floor"``, ``("b", "floor")`` the coefficient of that column (R's name)
    ``"sd"``                        every standard deviation of a term
    ``"county"``, ``("sd", "county")``  those of that term
    ``"county.floor"``, ``("sd", "county", "floor")``  that of one column of the term
    ``"cor"``, ``("cor", "county")``  the correlation matrix of every term, or of that one
    ``"sigma"``                     the residual sd
    ==============================  =====================================================

    What is not named has a default that says little: coefficients `Flat`; sds
    ``HalfCauchy(2.5 * sd(y) / s)`` with ``s`` the root mean square of the term's column;
    correlations ``LKJ(1)``; `sigma` ``HalfCauchy(2.5 * sd(y))``.

    Parameters
    ----------
    design : DesignMatrices
    priors : mapping, optional
    sigma : float, optional
        Fixed residual sd; it then takes no prior.

    Returns
    -------
    Priors

    Raises
    ------
    ArgumentError
        For a key that names no parameter (the nearest one is suggested), a key that names two,
        or a prior of the wrong kind.
    """
    given = dict(priors or {})
    known = _known_keys(design)
    found: dict[tuple[str, ...], Prior] = {}
    for key, prior in given.items():
        target = _target(key, known)
        if sigma is not None and target == ("sigma",):
            raise ArgumentError(
                "'sigma' has a prior and a fixed value: give only one of priors['sigma'], sigma="
            )
        _check_kind(key, target, prior)
        found[target] = prior

    def look_up(default: Prior, *targets: tuple[str, ...]) -> Any:
        return next((found[target] for target in targets if target in found), default)

    y_sd = float(np.std(design.y)) or 1.0
    beta = tuple(look_up(Flat(), ("b", column), ("b",)) for column in design.column_names)
    sds = tuple(
        tuple(
            look_up(
                HalfCauchy(2.5 * y_sd / (float(np.sqrt(np.mean(z**2))) or 1.0)),
                ("sd", term.label, column),
                ("sd", term.label),
                ("sd",),
            )
            for column, z in zip(term.column_names, term.Z.T, strict=True)
        )
        for term in design.terms
    )
    correlations = tuple(
        look_up(LKJ(1.0), ("cor", term.label), ("cor",)) if term.d > 1 else None
        for term in design.terms
    )
    residual = None if sigma is not None else look_up(HalfCauchy(2.5 * y_sd), ("sigma",))
    return Priors(beta=beta, sds=sds, correlations=correlations, sigma=residual)


def _known_keys(design: DesignMatrices) -> dict[PriorKey, list[tuple[str, ...]]]:
    """Every key that is understood, with the parameters it may mean."""
    targets: list[tuple[PriorKey, tuple[str, ...]]] = [("b", ("b",)), ("sd", ("sd",))]
    targets.append(("sigma", ("sigma",)))
    targets += [(column, ("b", column)) for column in design.column_names]
    for term in design.terms:
        targets.append((term.label, ("sd", term.label)))
        targets += [(f"{term.label}.{c}", ("sd", term.label, c)) for c in term.column_names]
    if any(term.d > 1 for term in design.terms):
        targets.append(("cor", ("cor",)))
        targets += [(("cor", t.label), ("cor", t.label)) for t in design.terms if t.d > 1]
    known: dict[PriorKey, list[tuple[str, ...]]] = {}
    for key, target in targets:
        known.setdefault(key, []).append(target)
        if len(target) > 1 and key != target:
            known[target] = [target]
    return known


def _target(key: Any, known: Mapping[PriorKey, list[tuple[str, ...]]]) -> tuple[str, ...]:
    """Resolve one key of the user's."""
    meanings = known.get(key, [])
    if len(meanings) == 1:
        return meanings[0]
    if meanings:
        choices = " or ".join(map(repr, meanings))
        raise ArgumentError(f"priors: {key!r} names two parameters; write {choices}")
    text = key if isinstance(key, str) else ".".join(map(str, key))
    names = [name for name in known if isinstance(name, str)]
    near = difflib.get_close_matches(text, names, n=1, cutoff=0.5)
    lower = [name for name in names if name.lower() == text.lower()]
    hint = f"; did you mean {(lower or near)[0]!r}?" if lower or near else ""
    raise ArgumentError(
        f"priors: {key!r} is not a parameter of this model{hint} "
        f"(parameters: {', '.join(map(repr, names))})"
    )


def _check_kind(key: Any, target: tuple[str, ...], prior: Any) -> None:
    kinds: tuple[type, ...]
    kinds, what = {
        "b": (COEFFICIENT_PRIORS, "a coefficient"),
        "sd": (SCALE_PRIORS, "a standard deviation"),
        "sigma": (SCALE_PRIORS, "a standard deviation"),
        "cor": ((LKJ,), "a correlation matrix"),
    }[target[0]]
    if not isinstance(prior, kinds):
        allowed = ", ".join(kind.__name__ for kind in kinds)
        raise ArgumentError(
            f"priors[{key!r}]: {prior!r} is not a prior for {what}; use one of {allowed}"
        )
