"""From the priors of a model to the log densities that an engine adds to its ELBO."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from glmmvi.errors import ArgumentError
from glmmvi.inference.penalty import CoefficientPrior, Penalty, ScalarLogDensity, TermPrior
from glmmvi.model.prior_mapping import Priors
from glmmvi.model.priors import CoefficientPrior as CoefficientPriorKind
from glmmvi.model.priors import DispersionPrior, Normal, OnLogScale, StudentT


def penalty_of(priors: Priors, labels: Sequence[str] = (), *, point: bool = True) -> Penalty:
    """The log prior of a model.

    Parameters
    ----------
    priors : Priors
    labels : sequence of str
        Of the terms, for messages.
    point : bool
        Whether a maximum is looked for: the density of a positive dispersion parameter is then
        that of the parameter itself, else that of its logarithm.

    Returns
    -------
    Penalty

    Raises
    ------
    ArgumentError
        If a maximum is looked for and a prior has none: LKJ with a concentration below 1.
    """
    terms = []
    for r, (sds, lkj) in enumerate(zip(priors.sds, priors.correlations, strict=True)):
        densities = tuple(prior.log_density for prior in sds)
        if lkj is None:
            terms.append(TermPrior(densities))
            continue
        if point and lkj.concentration < 1.0:
            where = f" of {labels[r]}" if labels else ""
            raise ArgumentError(
                f"{lkj!r} as the prior of the correlations{where} has its maximum at -1 and 1, "
                "where no estimate makes sense: use a concentration of at least 1, or "
                "theta_posterior=True"
            )
        terms.append(TermPrior(densities, lkj.concentration, lkj.log_normalizer(len(sds))))
    return Penalty(
        beta=coefficient_prior(priors.beta),
        terms=tuple(terms),
        sigma=None if priors.sigma is None else priors.sigma.log_density,
        dispersion=tuple(_dispersion(prior, point=point) for prior in priors.dispersion),
    )


def coefficient_prior(priors: Sequence[CoefficientPriorKind]) -> CoefficientPrior:
    """Priors of the fixed effects as arrays, over the user's coefficients."""
    p = len(priors)
    loc, scale, df = np.zeros(p), np.full(p, np.inf), np.full(p, np.inf)
    for j, prior in enumerate(priors):
        if isinstance(prior, Normal | StudentT):
            loc[j], scale[j] = prior.loc, prior.scale
        if isinstance(prior, StudentT):
            df[j] = prior.df
    return CoefficientPrior(loc, scale, df, np.eye(p), np.zeros(p))


def _dispersion(prior: DispersionPrior, *, point: bool) -> ScalarLogDensity:
    return prior.of_natural if point and isinstance(prior, OnLogScale) else prior.log_density
