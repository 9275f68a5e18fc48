"""Links, variances, deviance residuals and log densities against R; see families.R."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

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

REFERENCE = json.loads(
    (Path(__file__).parents[2] / "reference" / "families" / "families.json").read_text()
)


def family_of(name: str, link: str) -> Family:
    if name.startswith("Negative Binomial"):
        family = negative_binomial(2.5, link)
    else:
        makers: dict[str, Any] = {
            "binomial": binomial,
            "poisson": poisson,
            "Gamma": Gamma,
            "inverse.gaussian": inverse_gaussian,
            "gaussian": gaussian,
        }
        family = makers[name](link)
    return family


@pytest.mark.parametrize(
    "row", REFERENCE["families"], ids=lambda row: f"{row['family']}-{row['link']}"
)
def test_family_of_r(row: dict[str, Any]) -> None:
    family = family_of(row["family"], row["link"])
    assert (family.name, family.link_name) == (row["family"], row["link"])
    eta, y, weights, mu = (np.array(row[k], dtype=float) for k in ("eta", "y", "weights", "mu"))
    np.testing.assert_allclose(family.inverse_link(eta), mu, rtol=1e-12)
    np.testing.assert_allclose(family.mu_eta(eta), row["mu_eta"], rtol=1e-11)
    np.testing.assert_allclose(family.link(mu), row["eta_of_mu"], rtol=1e-11)
    np.testing.assert_allclose(family.variance(mu), row["variance"], rtol=1e-12)
    got = family.dev_resids(y, mu, weights)
    np.testing.assert_allclose(got, row["dev_resids"], rtol=1e-10, atol=1e-13)
    dispersion = np.log([REFERENCE["sigma"]] if family.uses_scale else [])
    log_density = family.bind(y, weights).pointwise(eta, dispersion)[0]
    np.testing.assert_allclose(log_density, row["log_density"], rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize(
    "row", REFERENCE["tweedie"], ids=lambda row: f"p={row['power']}-phi={row['phi']}"
)
def test_tweedie_of_mgcv(row: dict[str, Any]) -> None:
    y, mu = np.array(row["y"], dtype=float), np.array(row["mu"], dtype=float)
    for power in (None, row["power"]):
        family = tweedie(power)
        natural = [row["phi"]] if power else [row["phi"], row["power"]]
        density = family.bind(y)
        dispersion = family.to_unconstrained(natural)
        got = density.pointwise(np.log(mu), dispersion)[0]
        np.testing.assert_allclose(got, row["log_density"], rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize("name", sorted(REFERENCE["glmmTMB_fits"]))
def test_log_likelihood_of_glmmtmb(name: str) -> None:
    """At glmmTMB's estimates, so that the names of its parameters are checked too."""
    row = REFERENCE["glmmTMB_fits"][name]
    families: dict[str, Family] = {
        "nbinom2": nbinom2(),
        "Gamma": Gamma("log"),
        "beta": beta(),
        "betabinomial": betabinomial(),
        "t": student_t(),
        "tweedie": tweedie(),
        "zero_inflated_poisson": zero_inflated(),
        "zero_inflated_nbinom2": zero_inflated(nbinom2()),
    }
    family = families[name]
    weights, totals = row["weights"] or None, row["totals"] or None
    density = family.bind(row["y"], weights, totals)
    dispersion = family.to_unconstrained(np.atleast_1d(row["natural"]))
    got = density.pointwise(np.array(row["eta"]), dispersion)[0].sum()
    np.testing.assert_allclose(got, row["log_likelihood"], rtol=1e-8)
    eta = np.array(row["eta"])
    step = 1e-5
    for direction in np.eye(len(dispersion)) * step:
        sides = [density.pointwise(eta, dispersion + sign * direction)[0].sum() for sign in (1, -1)]
        assert abs(sides[0] - sides[1]) / (2 * step) < 1e-2  # glmmTMB stands at its maximum
