"""Families and links: distributions of the response given a scalar linear predictor."""

from glmmvi.model.families.binomial_family import binomial
from glmmvi.model.families.density import Density, Kernel
from glmmvi.model.families.family import Dispersion, Family
from glmmvi.model.families.gamma_family import Gamma
from glmmvi.model.families.gaussian_family import gaussian
from glmmvi.model.families.inverse_gaussian_family import inverse_gaussian
from glmmvi.model.families.link import Link
from glmmvi.model.families.negative_binomial_family import nbinom2, negative_binomial
from glmmvi.model.families.poisson_family import poisson

__all__ = [
    "Density",
    "Dispersion",
    "Family",
    "Gamma",
    "Kernel",
    "Link",
    "binomial",
    "gaussian",
    "inverse_gaussian",
    "nbinom2",
    "negative_binomial",
    "poisson",
]
