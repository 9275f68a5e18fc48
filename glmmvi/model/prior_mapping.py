"""From the priors that a user names to one prior for each parameter of a model."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glmmvi.design.design_matrices import DesignMatrices
from glmmvi.errors import ArgumentError
from glmmvi.model.families.family import Dispersion, Family
from glmmvi.model.prior_weights import prior_weights
from glmmvi.model.priors import (
    COEFFICIENT_PRIORS,
    LKJ,
    SCALE_PRIORS,
    CoefficientPrior,
    DispersionPrior,
    Flat,
    HalfCauchy,
    Normal,
    OnLogScale,
    Prior,
    ScalePrior,
    StudentT,
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
        Of the residual sd; ``None`` where it is fixed, or the model has a family.
    dispersion : tuple
        Of each unconstrained dispersion parameter of a family.
    """

    beta: tuple[CoefficientPrior, ...]
    sds: tuple[tuple[ScalePrior, ...], ...]
    correlations: tuple[LKJ | None, ...]
    sigma: ScalePrior | None
    dispersion: tuple[DispersionPrior, ...] = ()

    @property
    def flat(self) -> bool:
        """Whether nothing but flat priors is there (LKJ(1) is flat over correlations)."""
        every = [*self.beta, *(prior for sds in self.sds for prior in sds), *self.dispersion]
        own = [p.prior if isinstance(p, OnLogScale) else p for p in every]
        own += [] if self.sigma is None else [self.sigma]
        unequal = [c for c in self.correlations if c is not None and c.concentration != 1.0]
        return not unequal and all(isinstance(prior, Flat) for prior in own)


def resolve_priors(
    design: DesignMatrices,
    priors: Mapping[Any, Prior] | None = None,
    *,
    sigma: float | None = None,
    family: Family | None = None,
    flat: bool = False,
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
    ``"theta"``, ``("dispersion", "theta")``  a dispersion parameter of the family, by its name
    ==============================  =====================================================

    What is not named has a default that says little: coefficients `Flat`; sds
    ``HalfCauchy(2.5 * u / s)`` with ``s`` the root mean square of the term's column and ``u``
    the unit of the linear predictor (``sd(y)``; 1 for log and the links of probabilities;
    ``sd(y)`` times the slope of the link at ``mean(y)`` for others); correlations ``LKJ(1)``;
    `sigma` ``HalfCauchy(2.5 * sd(y))``; dispersion parameters of a family
    ``StudentT(3, start, 2.5)`` on the unconstrained (log or logit) scale, ``start`` where the
    engine starts from. With ``flat=True`` everything that is not named is flat.

    A positive dispersion parameter takes a prior of a standard deviation, for its own value,
    or `Normal` or `StudentT` for its logarithm; others (a zero inflation, Tweedie's power) take
    `Normal` or `StudentT` for their unconstrained value (the logit).

    Parameters
    ----------
    design : DesignMatrices
    priors : mapping, optional
    sigma : float, optional
        Fixed residual sd; it then takes no prior.
    family : Family, optional
        Of a generalized model; ``None`` for a linear one, which has `sigma`.
    flat : bool
        Whether what is not named is flat.

    Returns
    -------
    Priors

    Raises
    ------
    ArgumentError
        For a key that names no parameter (the nearest one is suggested), a key that names two,
        or a prior of the wrong kind.
    """
    if priors is not None and not isinstance(priors, Mapping):
        raise ArgumentError(
            f"priors must be a mapping of parameters to priors, such as {{'b': Normal(0, 2.5)}}, "
            f"not {priors!r}"
        )
    parameters = () if family is None else family._dispersions
    known = _known_keys(design, linear=family is None, parameters=parameters)
    found: dict[tuple[str, ...], Prior] = {}
    for key, prior in (priors or {}).items():
        target = _target(key, known)
        if sigma is not None and target == ("sigma",):
            raise ArgumentError(
                "'sigma' has a prior and a fixed value: give only one of priors['sigma'], sigma="
            )
        _check_kind(key, target, prior, parameters)
        found[target] = prior

    def look_up(default: Prior, *targets: tuple[str, ...]) -> Any:
        return next((found[target] for target in targets if target in found), default)

    unit = _unit(design, family)
    beta = tuple(look_up(Flat(), ("b", column), ("b",)) for column in design.column_names)
    sds = tuple(
        tuple(
            look_up(
                Flat() if flat else HalfCauchy(2.5 * unit / _root_mean_square(z)),
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
    residual = None
    if family is None and sigma is None:
        residual = look_up(Flat() if flat else HalfCauchy(2.5 * unit), ("sigma",))
    dispersion: tuple[DispersionPrior, ...] = ()
    if family is not None and parameters:
        start = np.zeros(len(parameters)) if flat else _dispersion_start(design, family)
        dispersion = tuple(
            _unconstrained(
                look_up(
                    Flat() if flat else StudentT(3.0, float(value), 2.5),
                    ("dispersion", parameter.name),
                ),
                parameter,
            )
            for parameter, value in zip(parameters, start, strict=True)
        )
    return Priors(beta, sds, correlations, residual, dispersion)


def _root_mean_square(z: NDArray[np.float64]) -> float:
    return float(np.sqrt(np.mean(z**2))) or 1.0


def _unit(design: DesignMatrices, family: Family | None) -> float:
    """A typical size of the linear predictor's differences."""
    y_sd = float(np.std(design.y)) or 1.0
    if family is None or family.link_name == "identity":
        return y_sd
    if family.link_name in ("log", "logit", "probit", "cauchit", "cloglog"):
        return 1.0
    slope = family.mu_eta(family.link(np.array([np.mean(design.y)])))[0]
    unit = y_sd / abs(float(slope)) if slope else 1.0
    return unit if np.isfinite(unit) and unit > 0.0 else 1.0


def _dispersion_start(design: DesignMatrices, family: Family) -> NDArray[np.float64]:
    density = family.bind(design.y, prior_weights(design), totals=design.totals)
    return density.start()[1]


def log_rate(parameter: Dispersion) -> float | None:
    """``c`` where the natural parameter is ``exp(c x)``; ``None`` where it is something else.

    Examples
    --------
    >>> log_rate(Dispersion("sigma"))
    1.0
    """
    values = [float(parameter.to_natural(x)) for x in (0.0, 1.0, -2.0)]
    if abs(values[0] - 1.0) > 1e-12 or not values[1] > 1.0:
        return None
    rate = float(np.log(values[1]))
    return rate if abs(values[2] / np.exp(-2.0 * rate) - 1.0) < 1e-9 else None


def _unconstrained(prior: Any, parameter: Dispersion) -> DispersionPrior:
    """A prior of a natural value as one of the unconstrained value."""
    rate = log_rate(parameter)
    if isinstance(prior, SCALE_PRIORS) and rate is not None:
        return OnLogScale(prior, rate)
    return prior


def _known_keys(
    design: DesignMatrices, *, linear: bool, parameters: Sequence[Dispersion]
) -> dict[PriorKey, list[tuple[str, ...]]]:
    """Every key that is understood, with the parameters it may mean."""
    targets: list[tuple[PriorKey, tuple[str, ...]]] = [("b", ("b",)), ("sd", ("sd",))]
    targets += [("sigma", ("sigma",))] if linear else []
    targets += [(parameter.name, ("dispersion", parameter.name)) for parameter in parameters]
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


def _check_kind(
    key: Any, target: tuple[str, ...], prior: Any, parameters: Sequence[Dispersion]
) -> None:
    kinds: tuple[type, ...]
    if target[0] == "dispersion":
        parameter = next(p for p in parameters if p.name == target[1])
        positive = log_rate(parameter) is not None
        kinds = (*SCALE_PRIORS, Normal, StudentT) if positive else COEFFICIENT_PRIORS
        what = "a positive dispersion parameter" if positive else "a dispersion parameter"
    else:
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
