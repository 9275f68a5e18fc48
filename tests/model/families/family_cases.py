"""One response for every family and link: data that the contract tests share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from glmmvi.model.families import (
    Family,
    Gamma,
    beta,
    betabinomial,
    binomial,
    gaussian,
    inverse_gaussian,
    nbinom2,
    negative_binomial,
    poisson,
    student_t,
    tweedie,
    zero_inflated,
)

N = 12


@dataclass(frozen=True, eq=False)
class Case:
    """A family with a response, weights and a Gaussian linear predictor to look at it.

    ``smooth`` says that the log density is analytic where the Gaussian has its mass; where a
    link was continued, quadrature meets a kink and converges slowly.
    """

    family: Family
    y: np.ndarray
    weights: np.ndarray
    mean: np.ndarray
    sd: np.ndarray
    smooth: bool = True

    @property
    def name(self) -> str:
        """For test ids."""
        fixed = getattr(self.family, "df", None) or getattr(self.family, "power", None)
        binary = self.family.name == "binomial" and (self.weights == 1.0).all()
        extra = f"-{fixed:g}" if fixed else "-binary" if binary else ""
        return f"{self.family.name}-{self.family.link_name}{extra}"


def _cases() -> list[Case]:
    rng = np.random.default_rng(20240229)
    counts = rng.poisson(3.0, N).astype(float)
    zeros = counts * (rng.random(N) < 0.6)
    positive = rng.gamma(2.0, 1.0, N)
    totals = rng.integers(1, 9, N).astype(float)
    shares = rng.binomial(totals.astype(int), 0.4) / totals
    unit = rng.beta(2.0, 3.0, N)
    mixed = np.where(rng.random(N) < 0.3, 0.0, positive)
    weights = rng.uniform(0.5, 2.0, N)
    low = rng.normal(-1.2, 0.3, N)
    up = rng.normal(1.5, 0.3, N)
    wide, narrow = rng.uniform(0.05, 0.9, N), rng.uniform(0.01, 0.3, N)
    cases = []
    for link in ("logit", "probit", "cauchit", "cloglog", "log"):
        smooth = link != "log"
        cases.append(Case(binomial(link), shares, totals, low, wide if smooth else narrow, smooth))
        if smooth:
            cases.append(Case(beta(link), unit, weights, low, narrow))
            cases.append(Case(betabinomial(link), shares, totals, low, wide))
    for link in ("logit", "probit", "cauchit", "cloglog"):
        cases.append(Case(binomial(link), (shares > 0.5).astype(float), np.ones(N), low, wide))
    for link in ("log", "sqrt", "identity"):
        smooth = link == "log"
        for family in (poisson(link), negative_binomial(2.0, link), nbinom2(link)):
            cases.append(Case(family, counts, weights, up, wide if smooth else narrow, smooth))
            inflated = zero_inflated(family)
            cases.append(Case(inflated, zeros, weights, up, narrow, smooth))
    for family in (*map(Gamma, ("log", "inverse", "identity")),):
        cases.append(Case(family, positive, weights, up, narrow, family.link_name == "log"))
    for family in (*map(inverse_gaussian, ("log", "1/mu^2", "inverse", "identity")),):
        cases.append(Case(family, positive, weights, up, narrow, family.link_name == "log"))
    for family in (*map(gaussian, ("identity", "log", "inverse")),):
        smooth = family.link_name != "inverse"
        cases.append(Case(family, positive, weights, up, narrow, smooth))
    for df in (None, 4.0):
        cases.append(Case(student_t(df), positive, weights, up, narrow))
        cases.append(Case(student_t(df, "log"), positive, weights, up - 1.0, narrow))
    for power in (None, 1.3, 1.7):
        cases.append(Case(tweedie(power), mixed, weights, up, wide))
    return cases


CASES = _cases()
IDS = [case.name for case in CASES]
