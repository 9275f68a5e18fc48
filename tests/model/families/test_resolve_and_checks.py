"""What stands for a family, and what responses are refused or warned about."""

from __future__ import annotations

import subprocess
import sys
import warnings
from typing import Any

import numpy as np
import pytest

from glmmvi.errors import ArgumentError, DataError, GlmmviWarning
from glmmvi.model.families import (
    FAMILIES,
    Gamma,
    beta,
    binomial,
    gaussian,
    inverse_gaussian,
    nbinom2,
    negative_binomial,
    poisson,
    resolve_family,
    student_t,
    tweedie,
    zero_inflated,
)


@pytest.mark.parametrize(
    ("given", "name", "link"),
    [
        ("binomial", "binomial", "logit"),
        (binomial, "binomial", "logit"),
        (binomial("probit"), "binomial", "probit"),
        ("poisson", "poisson", "log"),
        ("Gamma", "Gamma", "inverse"),
        ("inverse.gaussian", "inverse.gaussian", "1/mu^2"),
        ("gaussian", "gaussian", "identity"),
        ("nbinom2", "nbinom2", "log"),
        (negative_binomial(2.0123456), "Negative Binomial(2.0123)", "log"),
        ("beta", "beta", "logit"),
        ("zero_inflated_nbinom2", "zero-inflated nbinom2", "log"),
        (student_t, "t", "identity"),
        ("tweedie", "tweedie", "log"),
    ],
)
def test_resolves(given: Any, name: str, link: str) -> None:
    family = resolve_family(given)
    assert (family.name, family.link_name) == (name, link)


def test_every_name_resolves_to_an_equal_family() -> None:
    for name in FAMILIES:
        assert resolve_family(name) == resolve_family(name)


def test_prints_as_r() -> None:
    assert str(binomial()) == "\nFamily: binomial \nLink function: logit \n"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("binomal", 'unknown family "binomal" (did you mean "binomial"?)'),
        ("quasipoisson", '"quasi" families cannot be used in glmer'),
        ("quasi", '"quasi" families cannot be used in glmer'),
        ("negative.binomial", "'theta' must be specified"),
        (negative_binomial, "family negative_binomial cannot be called without arguments"),
        (3, "'family' is 3, which is no family"),
        (np.mean, "family mean cannot be called without arguments"),
    ],
)
def test_refuses(given: Any, message: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        resolve_family(given)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: binomial("identity"), 'link "identity" not available for binomial family'),
        (lambda: poisson("logit"), "available links are ‘log’, ‘sqrt’, ‘identity’"),
        (lambda: negative_binomial("log"), "'theta' must be specified"),
        (lambda: negative_binomial(-1), "a positive number, not -1"),
        (lambda: tweedie(2.0), "strictly between 1 and 2"),
        (lambda: student_t(0), "df must be a positive number"),
        (lambda: tweedie("log"), "strictly between 1 and 2, not 'log'"),
        (lambda: student_t("log"), "df must be a positive number, not 'log'"),
        (lambda: zero_inflated(binomial()), "zero_inflated() takes poisson()"),
        (lambda: nbinom2().dev_resids([1.0], [1.0], [1.0]), "need its theta"),
        (lambda: beta().dev_resids([0.5], [0.5], [1.0]), "are not defined for the beta family"),
    ],
)
def test_arguments(make: Any, message: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        make()
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("family", "y", "message"),
    [
        (binomial(), [0.0, 1.2], "y values must be 0 <= y <= 1"),
        (poisson(), [0.0, -1.0], "negative values not allowed for the 'Poisson' family"),
        (Gamma(), [0.0, 1.0], "non-positive values not allowed for the 'Gamma' family"),
        (
            inverse_gaussian(),
            [0.0, 1.0],
            "positive values only are allowed for the 'inverse.gaussian' family",
        ),
        (
            negative_binomial(1.0),
            [-1.0],
            "negative values not allowed for the negative binomial family",
        ),
        (beta(), [0.0, 0.5], "y values must be 0 < y < 1"),
        (tweedie(), [-1.0], "negative values not allowed for the 'tweedie' family"),
        (zero_inflated(), [-1.0], "negative values not allowed"),
    ],
)
def test_responses_refused(family: Any, y: list[float], message: str) -> None:
    with pytest.raises(DataError) as caught:
        family.bind(y)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("link", ["log", "inverse"])
def test_gaussian_responses_without_a_link_have_a_start(link: str) -> None:
    """R stops: cannot find valid starting values: please specify some."""
    density = gaussian(link).bind([-1.0, 0.0, 0.5, 2.0])
    assert np.isfinite(density.start()[0]).all()


def test_warnings_of_r() -> None:
    with pytest.warns(GlmmviWarning, match="^non-integer #successes in a binomial glm!$"):
        binomial().bind([0.3, 1.0])
    with pytest.warns(GlmmviWarning, match="^non-integer #successes in a binomial glm!$"):
        binomial().bind([0.3, 1.0], [7.0, 7.0])
    with pytest.warns(GlmmviWarning, match="^non-integer counts in a binomial glm!$"):
        binomial().bind([0.5, 1.0], None, [3.0, 2.0])
    with pytest.warns(GlmmviWarning, match="^non-integer x = 0.760313$"):
        poisson().bind([0.760313, 1.0])
    with pytest.warns(GlmmviWarning, match=r"^non-integer x = 0.760313 \(and 1 more rows\)$"):
        nbinom2().bind([0.760313, 1.0, 2.5])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        binomial().bind([0.25, 0.0], [4.0, 0.0])
        poisson().bind([0.0, 1e9])


def test_weights() -> None:
    with pytest.raises(DataError, match="negative weights not allowed"):
        poisson().bind([1.0, 2.0], [1.0, -1.0])
    with pytest.raises(DataError, match="give one weight a row"):
        poisson().bind([1.0, 2.0], [1.0])
    none = np.empty(0)
    rows = binomial().bind([0.25], [8.0], None), binomial().bind([0.25], [2.0], [4.0])
    value = [density.pointwise(np.zeros(1), none)[0][0] for density in rows]
    assert value[0] == pytest.approx(np.log(28 / 256))  # 2 of 8
    assert value[1] == pytest.approx(2 * np.log(4 / 16))  # 1 of 4, counted twice
    for family in (gaussian(), Gamma("log"), poisson(), student_t(), tweedie()):
        density = family.bind([1.0, 2.0], [1.0, 0.0])
        dispersion = density.starting_dispersion
        value, first, second = density.pointwise(np.zeros(2), dispersion)
        assert value[1] == first[1] == second[1] == 0.0
        alone = family.bind([1.0]).pointwise(np.zeros(1), dispersion)
        assert value[0] == pytest.approx(alone[0][0])


def test_extreme_responses_have_finite_starts() -> None:
    for family in (poisson(), nbinom2(), zero_inflated(), zero_inflated(nbinom2())):
        for y in (np.zeros(5), np.full(5, 1e9), np.arange(5.0)):
            density = family.bind(y)
            eta, dispersion = density.start()
            assert np.isfinite(density.pointwise(eta, dispersion)[0]).all()
    for family in (gaussian(), student_t(), Gamma("log"), tweedie()):
        density = family.bind(np.ones(4))
        eta, dispersion = density.start()
        assert np.isfinite(density.pointwise(eta, dispersion)[0]).all()


def test_aggregation_keeps_the_kernel() -> None:
    """Identical Bernoulli rows and their binomial differ by the constant only."""
    none = np.empty(0)
    rows = binomial("cloglog").bind([1.0, 0.0, 1.0, 0.0, 0.0])
    together = binomial("cloglog").bind([0.4], [5.0])
    eta = np.array([-0.3])
    single, grouped = rows.pointwise(np.repeat(eta, 5), none), together.pointwise(eta, none)
    assert grouped[0][0] == pytest.approx(single[0].sum() + np.log(10.0))
    assert grouped[1][0] == pytest.approx(single[1].sum())
    assert grouped[2][0] == pytest.approx(single[2].sum())


def test_tensorflow_is_not_loaded() -> None:
    code = (
        "import sys, numpy as np\n"
        "from glmmvi.model.families import *\n"
        "from glmmvi.inference.likelihood import make_likelihood\n"
        "for name in FAMILIES:\n"
        "    family = resolve_family(name)\n"
        "    density = family.bind([0.5, 0.25] if 'b' in name else [1.0, 2.0], [2.0, 4.0])\n"
        "    make_likelihood(density).expect(np.ones(2), np.ones(2), density.start()[1])\n"
        "assert 'tensorflow' not in sys.modules\n"
    )
    command = [sys.executable, "-W", "ignore", "-c", code]
    subprocess.run(command, check=True, timeout=60)
