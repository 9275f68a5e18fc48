"""Families and links: distributions of the response given a scalar linear predictor."""

from glmmvi.model.families.beta_binomial_family import betabinomial
from glmmvi.model.families.beta_family import beta
from glmmvi.model.families.binomial_family import binomial
from glmmvi.model.families.density import Density, Kernel
from glmmvi.model.families.family import Dispersion, Family
from glmmvi.model.families.gamma_family import Gamma
from glmmvi.model.families.gaussian_family import gaussian
from glmmvi.model.families.inverse_gaussian_family import inverse_gaussian
from glmmvi.model.families.link import Link
from glmmvi.model.families.negative_binomial_family import nbinom2, negative_binomial
from glmmvi.model.families.poisson_family import poisson
from glmmvi.model.families.resolve import FAMILIES, resolve_family
from glmmvi.model.families.student_t_family import student_t
from glmmvi.model.families.tweedie_family import tweedie
from glmmvi.model.families.zero_inflated_family import zero_inflated

__all__ = [
    "FAMILIES",
    "Density",
    "Dispersion",
    "Family",
    "Gamma",
    "Kernel",
    "Link",
    "beta",
    "betabinomial",
    "binomial",
    "gaussian",
    "inverse_gaussian",
    "nbinom2",
    "negative_binomial",
    "poisson",
    "resolve_family",
    "student_t",
    "tweedie",
    "zero_inflated",
]
