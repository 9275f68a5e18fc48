"""Quadrature and closed forms of expected log likelihoods, on densities made here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import integrate, special, stats

from glmmvi.inference.expectations import Likelihood, QuadratureLikelihood
from glmmvi.inference.likelihood import make_likelihood
from glmmvi.inference.quadrature import gauss_hermite, nodes_for
from glmmvi.model.families import binomial, gaussian, poisson

Array = NDArray[np.float64]
NONE = np.empty(0)


class Values(NamedTuple):
    value: Array
    first: Array
    second: Array | None
    dispersion: tuple[Array, ...] = ()


@dataclass(frozen=True, eq=False)
class Logistic:
    """``scale * -log(1 + exp(eta)) + linear * eta + 1``, written down here once more."""

    n: int
    scale: Array | None = None
    linear: Array | None = None
    n_dispersion: int = 0
    seen: list[tuple[int, ...]] = field(default_factory=list)

    def kernel(self, eta: Array, dispersion: Array, rows: slice, second: bool) -> Values:
        self.seen.append(eta.shape)
        mean = special.expit(eta)
        return Values(-np.logaddexp(0, eta), -mean, -mean * (1 - mean) if second else None)

    def constant(self, dispersion: Array) -> tuple[Array, Array]:
        return np.ones(self.n), np.zeros(0)

    def smoothness(self, dispersion: Array) -> float:
        return float(np.pi)

    def start(self) -> tuple[Array, Array]:
        return np.zeros(self.n), NONE

    def pointwise(self, eta: Array, dispersion: Array) -> tuple[Array, Array, Array]:
        return eta, eta, eta


@pytest.mark.parametrize("count", [1, 9, 15, 31, 61, 101])
def test_rule_is_exact_for_polynomials(count: int) -> None:
    rule = gauss_hermite(count)
    x = rule.nodes[:, 0]
    assert rule.weights.sum() == pytest.approx(1.0, abs=1e-14)
    np.testing.assert_array_equal(x, -x[::-1])
    for degree in range(0, min(2 * count - 1, 12), 2):
        moment = float(special.factorial2(degree - 1)) if degree else 1.0
        assert rule.weights @ x**degree == pytest.approx(moment, rel=1e-10)
    np.testing.assert_array_equal(rule.moments[1], rule.weights * x)


def test_number_of_nodes_rises_with_the_sd() -> None:
    counts = [nodes_for(sd, np.pi) for sd in (0.0, 1e-9, 0.5, 0.7, 1.0, 1.3, 1.8, 2.2, 9.0)]
    assert counts == sorted(counts)
    assert counts[0] == 1
    assert counts[-1] == 61
    assert nodes_for(0.4, 1.0) >= nodes_for(0.4, np.pi)


@pytest.mark.parametrize(("mean", "sd"), [(0.0, 0.3), (-2.0, 1.0), (3.0, 1.7), (0.5, 2.3)])
def test_against_adaptive_integration(mean: float, sd: float) -> None:
    def integral(function: Callable[[float], float]) -> float:
        def integrand(eta: float) -> float:
            return function(eta) * float(stats.norm.pdf(eta, mean, sd))

        return float(
            integrate.quad(integrand, mean - 12 * sd, mean + 12 * sd, epsabs=1e-12, limit=200)[0]
        )

    likelihood = QuadratureLikelihood(Logistic(1, np.array([3.0]), np.array([2.0])))
    got = likelihood.expect(np.array([mean]), np.array([sd**2]), NONE)
    value = 1.0 + 2.0 * mean - 3.0 * integral(lambda eta: float(np.logaddexp(0, eta)))
    score = 2.0 - 3.0 * integral(lambda eta: float(special.expit(eta)))
    curvature = 3.0 * integral(lambda eta: float(special.expit(eta) * special.expit(-eta)))
    assert got.value[0] == pytest.approx(value, abs=1e-6)
    assert got.score[0] == pytest.approx(score, abs=1e-6)
    assert got.curvature[0] == pytest.approx(curvature, abs=2e-6)
    assert got.dispersion_score.shape == (0,)


def test_only_what_is_needed_is_evaluated() -> None:
    density = Logistic(5000)
    sd = np.full(5000, 0.1)
    QuadratureLikelihood(density).expect(np.zeros(5000), sd**2, NONE)
    assert {shape[0] for shape in density.seen} == {9}
    assert sum(shape[1] for shape in density.seen) == 5000
    assert max(shape[0] * shape[1] for shape in density.seen) <= 32_768
    density.seen.clear()
    QuadratureLikelihood(density).expect(np.zeros(5000), np.zeros(5000), NONE)
    assert {shape[0] for shape in density.seen} == {1}


def test_mixed_small_and_large_variances() -> None:
    variance = np.array([0.0, 1e-14, 1e-7, 1e-6, 1.1e-6, 0.5])
    mean = np.linspace(-1.0, 1.0, 6)
    together = QuadratureLikelihood(Logistic(6)).expect(mean, variance, NONE)
    for i in range(6):
        alone = QuadratureLikelihood(Logistic(1)).expect(mean[i : i + 1], variance[i : i + 1], NONE)
        assert together.value[i] == pytest.approx(alone.value[0], abs=1e-9)
        assert together.curvature[i] == pytest.approx(alone.curvature[0], abs=1e-8)


def test_closed_forms_equal_quadrature() -> None:
    y = np.array([0.0, 3.0, 7.0])
    mean, variance = np.array([0.3, 1.0, 2.0]), np.array([0.0, 0.2, 0.8])
    for family, response, dispersion in (
        (poisson(), y, NONE),
        (gaussian(), y, np.array([0.4])),
        (gaussian("log"), y + 1.0, np.array([0.4])),
    ):
        density = family.bind(response, [1.0, 0.5, 2.0])
        closed = make_likelihood(density)
        quadrature = make_likelihood(density, nodes=61)
        assert type(closed) is not type(quadrature)
        a, b = (
            likelihood.expect(mean, variance, dispersion) for likelihood in (closed, quadrature)
        )
        for name in ("value", "score", "curvature", "dispersion_score"):
            np.testing.assert_allclose(getattr(a, name), getattr(b, name), rtol=1e-9, atol=1e-12)


def test_gaussian_survives_a_response_far_from_zero() -> None:
    y = 1e8 + np.array([0.0, 1.0])
    got = make_likelihood(gaussian().bind(y)).expect(y, np.array([0.0, 1.0]), np.zeros(1))
    np.testing.assert_allclose(got.value, -0.5 * np.log(2 * np.pi) - [0.0, 0.5], rtol=1e-14)


def test_inputs_are_left_alone() -> None:
    likelihood: Likelihood = make_likelihood(binomial().bind([1.0, 0.0], [3.0, 2.0]))
    mean, variance = np.array([0.1, 0.2]), np.array([0.3, 0.4])
    mean.flags.writeable = variance.flags.writeable = False
    first = likelihood.expect(mean, variance, NONE)
    second = likelihood.expect(mean, variance, NONE)
    np.testing.assert_array_equal(first.value, second.value)
    eta, _ = likelihood.start()
    eta[:] = 9.0
    assert (likelihood.start()[0] != 9.0).all()
