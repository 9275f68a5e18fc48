"""From what a user passes as ``family=`` to a `Family`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from glmmvi.errors import ArgumentError, nearest_hint
from glmmvi.model.families.beta_binomial_family import betabinomial
from glmmvi.model.families.beta_family import beta
from glmmvi.model.families.binomial_family import binomial
from glmmvi.model.families.family import Family
from glmmvi.model.families.gamma_family import Gamma
from glmmvi.model.families.gaussian_family import gaussian
from glmmvi.model.families.inverse_gaussian_family import inverse_gaussian
from glmmvi.model.families.negative_binomial_family import nbinom2
from glmmvi.model.families.poisson_family import poisson
from glmmvi.model.families.student_t_family import student_t
from glmmvi.model.families.tfp_glm_family import TfpGlmFamily, tfp_glm_link
from glmmvi.model.families.tweedie_family import tweedie
from glmmvi.model.families.zero_inflated_family import zero_inflated

FAMILIES: dict[str, Callable[..., Family]] = {
    "binomial": binomial,
    "poisson": poisson,
    "Gamma": Gamma,
    "inverse.gaussian": inverse_gaussian,
    "gaussian": gaussian,
    "nbinom2": nbinom2,
    "beta": beta,
    "betabinomial": betabinomial,
    "student_t": student_t,
    "tweedie": tweedie,
    "zero_inflated_poisson": lambda link="log": zero_inflated(poisson(link)),
    "zero_inflated_nbinom2": lambda link="log": zero_inflated(nbinom2(link)),
}
"""Families that a string can name."""

_ALIASES = {
    "inverse_gaussian": "inverse.gaussian",
    "beta_family": "beta",
    "t": "student_t",
    "t_family": "student_t",
    "zero_inflated": "zero_inflated_poisson",
    "gamma": "Gamma",
    "normal": "gaussian",
    "bernoulli": "binomial",
}


def resolve_family(family: Any, link: str | None = None) -> Family:
    """Return the family that a string, function or object stands for.

    Parameters
    ----------
    family : str, callable, Family or tfp.glm.ExponentialFamily
        ``"binomial"`` or one of R's other names; a constructor (``gv.binomial``); a family
        (``gv.binomial("probit")``); a member of ``tfp.glm`` (``tfp.glm.Poisson()``).
    link : str, optional
        The link of a family that is given by its name.

    Returns
    -------
    Family

    Raises
    ------
    ArgumentError
        If it stands for none, with the nearest name; lme4's sentence for ``quasi`` families.

    Examples
    --------
    >>> resolve_family("inverse.gaussian").link_name
    '1/mu^2'
    >>> resolve_family(binomial).name
    'binomial'
    """
    if isinstance(family, str):
        return _by_name(family, link)
    if link is not None:
        raise ArgumentError(f"link={link!r} goes with the name of a family, not with {family!r}")
    if isinstance(family, Family):
        return family
    member = _tfp_glm_member(family)
    if member is not None:
        return TfpGlmFamily(tfp_glm_link(member), member)
    name = getattr(family, "__name__", type(family).__name__)
    if callable(family):
        if name.lower().startswith("quasi"):
            raise _quasi()
        try:
            made = family()
        except TypeError as error:
            raise ArgumentError(
                f"family {name} cannot be called without arguments ({error}): pass "
                f"{name}(...) itself"
            ) from error
        if isinstance(made, Family):
            return made
    raise ArgumentError(
        f"'family' is {family!r}, which is no family: pass a name such as \"binomial\", a function "
        'such as gv.poisson, a family such as gv.Gamma("log"), a member of tfp.glm, or '
        "gv.Family.from_tfp(...)"
    )


def _by_name(name: str, link: str | None) -> Family:
    if name.lower().startswith("quasi"):
        raise _quasi()
    chosen = _ALIASES.get(name, name)
    if chosen in FAMILIES:
        return FAMILIES[chosen]() if link is None else FAMILIES[chosen](link)
    if name in ("negative.binomial", "negative_binomial"):
        raise ArgumentError(
            "'theta' must be specified: use negative_binomial(theta), or \"nbinom2\" to estimate it"
        )
    raise ArgumentError(
        f'unknown family "{name}"{nearest_hint(name, [*FAMILIES, *_ALIASES])}; there are '
        f"{', '.join(FAMILIES)}"
    )


def _quasi() -> ArgumentError:
    return ArgumentError('"quasi" families cannot be used in glmer')


def _tfp_glm_member(candidate: Any) -> Any:
    """Return a member of ``tfp.glm`` (made, where its class was passed), else None."""
    kind = candidate if isinstance(candidate, type) else type(candidate)
    if not any(
        base.__name__ == "ExponentialFamily"
        and base.__module__.startswith("tensorflow_probability")
        for base in kind.__mro__
    ):
        return None
    if not isinstance(candidate, type):
        return candidate
    try:
        return candidate()
    except TypeError as error:
        raise ArgumentError(
            f"tfp.glm.{kind.__name__} needs arguments ({error}): pass an object, not the class"
        ) from error
