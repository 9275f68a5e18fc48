"""What every family must do: derivatives, expectations, tails, moments of what it simulates."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from family_cases import CASES, IDS, Case, N

from glmmvi.inference.expectations import Density, Likelihood
from glmmvi.inference.likelihood import make_likelihood
from glmmvi.inference.quadrature import gauss_hermite
from glmmvi.model.families import Family, resolve_family

each_case = pytest.mark.parametrize("case", CASES, ids=IDS)
each_smooth_case = pytest.mark.parametrize(
    "case", [c for c in CASES if c.smooth], ids=[c.name for c in CASES if c.smooth]
)
SCALED = [c for c in CASES if c.family.uses_scale]
TOTALS = ("binomial", "betabinomial")
COUNTED = [c for c in CASES if c not in SCALED and c.family.name not in TOTALS]


def bound(case: Case, nodes: int | None = None) -> tuple[Likelihood, np.ndarray]:
    likelihood = make_likelihood(case.family.bind(case.y, case.weights), nodes=nodes)
    return likelihood, likelihood.start()[1]


def close(actual: np.ndarray, expected: np.ndarray, tolerance: float) -> None:
    scale = max(1.0, float(np.abs(expected).max()))
    np.testing.assert_allclose(actual, expected, rtol=0.0, atol=tolerance * scale)


@each_case
def test_protocols(case: Case) -> None:
    assert isinstance(case.family, Family)
    assert resolve_family(case.family) is case.family
    density = case.family.bind(case.y, case.weights)
    likelihood: Likelihood = make_likelihood(density)
    as_density: Density = density
    assert isinstance(likelihood, Likelihood)
    eta, dispersion = likelihood.start()
    assert eta.shape == (N,)
    assert dispersion.shape == (likelihood.n_dispersion,) == (as_density.n_dispersion,)
    assert np.isfinite(eta).all()
    assert np.isfinite(dispersion).all()
    assert len(case.family.dispersion_names) == likelihood.n_dispersion
    assert case.family.has_dispersion == (likelihood.n_dispersion > 0)
    natural = case.family.to_natural(dispersion)
    np.testing.assert_allclose(case.family.to_unconstrained(natural), dispersion, atol=1e-12)
    named = dict(zip(case.family.dispersion_names, natural, strict=True))
    np.testing.assert_allclose(case.family.to_unconstrained(named), dispersion, atol=1e-12)


@each_case
def test_pointwise_derivatives_are_those_of_the_log_density(case: Case) -> None:
    likelihood, dispersion = bound(case)
    step = 1e-5
    eta = case.mean + case.sd * np.linspace(-2.0, 2.0, 7)[:, None]
    _, first, second = likelihood.pointwise(eta, dispersion)
    right, left = (
        likelihood.pointwise(eta + step, dispersion),
        likelihood.pointwise(eta - step, dispersion),
    )
    close(first, (right[0] - left[0]) / (2 * step), 1e-6 if case.smooth else 1e-4)
    close(second, (right[1] - left[1]) / (2 * step), 1e-6 if case.smooth else 1e-3)


@each_case
def test_expectation_against_a_fine_grid(case: Case) -> None:
    """Trapezoid on 8,001 points, which no kink disturbs."""
    likelihood, dispersion = bound(case, None if case.smooth else 61)
    z = np.linspace(-9.0, 9.0, 8_001)[:, None]
    weights = np.exp(-0.5 * z[:, 0] ** 2)
    weights /= weights.sum()
    got = likelihood.expect(case.mean, case.sd**2, dispersion)
    value, first, second = likelihood.pointwise(case.mean + case.sd * z, dispersion)
    tolerance = 1e-6 if case.smooth else 2e-2
    close(got.value, weights @ value, tolerance)
    close(got.score, weights @ first, 10 * tolerance)
    if case.smooth:
        close(got.curvature, -(weights @ second), 100 * tolerance)


@each_case
def test_derivatives_are_those_of_the_expectation_itself(case: Case) -> None:
    likelihood, dispersion = bound(case, 31)
    variance, step = case.sd**2, 1e-5
    got = likelihood.expect(case.mean, variance, dispersion)

    def value(mean: float = 0.0, relative: float = 0.0, shift: float | np.ndarray = 0.0):
        return likelihood.expect(
            case.mean + mean, variance * (1 + relative), dispersion + shift
        ).value

    close(got.score, (value(mean=step) - value(mean=-step)) / (2 * step), 1e-5)
    by_variance = (value(relative=step) - value(relative=-step)) / (2 * step)
    close(got.curvature * variance, -2.0 * by_variance, 1e-5)
    for j, direction in enumerate(np.eye(len(dispersion)) * step):
        slope = (value(shift=direction).sum() - value(shift=-direction).sum()) / (2 * step)
        np.testing.assert_allclose(got.dispersion_score[j], slope, rtol=1e-6, atol=1e-6)


@each_case
def test_small_variance_is_the_log_density(case: Case) -> None:
    likelihood, dispersion = bound(case)
    value, first, second = likelihood.pointwise(case.mean, dispersion)
    for variance in (0.0, 1e-16):
        got = likelihood.expect(case.mean, np.full(N, variance), dispersion)
        close(got.value, value, 1e-12)
        close(got.score, first, 1e-12)
        close(got.curvature, -second, 1e-11)
    just_above = likelihood.expect(case.mean, np.full(N, 1.0001e-6), dispersion)
    just_below = likelihood.expect(case.mean, np.full(N, 0.9999e-6), dispersion)
    close(just_above.curvature, just_below.curvature, 1e-7)


@each_case
def test_tails_neither_overflow_nor_turn_into_nan(case: Case) -> None:
    likelihood, dispersion = bound(case)
    with warnings.catch_warnings(), np.errstate(over="raise", invalid="raise", divide="raise"):
        warnings.simplefilter("error")
        for eta in (-1000.0, -60.0, 60.0, 1000.0):
            mean = np.full(N, eta)
            for part in likelihood.pointwise(mean, dispersion):
                assert np.isfinite(part).all(), eta
            got = likelihood.expect(mean, np.full(N, 9.0), dispersion)
            assert np.isfinite(got.value).all()
            assert np.isfinite(got.score).all()
            assert np.isfinite(got.curvature).all()


@each_case
def test_simulated_moments(case: Case) -> None:
    family = case.family.for_response(case.y)
    _, dispersion = bound(case)
    if "df" in family.dispersion_names:
        dispersion = family.to_unconstrained([1.0, 7.0])
    rng = np.random.default_rng(1)
    draws = 200_000
    eta = case.mean[:3]
    sample = family.simulate(np.broadcast_to(eta, (draws, 3)), dispersion, rng)
    assert sample.shape == (draws, 3)
    mu = family.inverse_link(eta)
    mean = family.response_mean(mu, dispersion)
    variance = family.response_variance(mu, dispersion)
    error = np.sqrt(variance / draws)
    assert (np.abs(sample.mean(axis=0) - mean) < 5 * error).all()
    np.testing.assert_allclose(sample.var(axis=0), variance, rtol=0.1)


@each_case
def test_link_and_its_derivative(case: Case) -> None:
    family = case.family.for_response(case.y)
    eta, step = case.mean, 1e-6
    np.testing.assert_allclose(family.link(family.inverse_link(eta)), eta, atol=1e-9)
    slope = (family.inverse_link(eta + step) - family.inverse_link(eta - step)) / (2 * step)
    np.testing.assert_allclose(family.mu_eta(eta), slope, rtol=1e-6)


@pytest.mark.parametrize("case", COUNTED, ids=[c.name for c in COUNTED])
def test_weights_count_rows(case: Case) -> None:
    """Weight 2 is the row twice; with a scale half the dispersion, for binomial totals."""
    once = case.family.bind(case.y)
    twice = case.family.bind(case.y, np.full(N, 2.0))
    dispersion = once.starting_dispersion
    for a, b in zip(
        once.pointwise(case.mean, dispersion), twice.pointwise(case.mean, dispersion), strict=True
    ):
        close(b, 2.0 * a, 1e-12)
    variance = case.sd**2
    single = make_likelihood(once).expect(case.mean, variance, dispersion)
    double = make_likelihood(twice).expect(case.mean, variance, dispersion)
    close(double.value, 2.0 * single.value, 1e-12)
    close(double.curvature, 2.0 * single.curvature, 1e-12)
    np.testing.assert_allclose(double.dispersion_score, 2.0 * single.dispersion_score, rtol=1e-9)


@pytest.mark.parametrize("case", SCALED, ids=[c.name for c in SCALED])
def test_weights_divide_the_dispersion(case: Case) -> None:
    """``sigma^2 / w``, as R's glm; a row of weight 0 says nothing."""
    weights = case.weights.copy()
    weights[::5] = 0.0
    dispersion = case.family.bind(case.y).starting_dispersion
    got = make_likelihood(case.family.bind(case.y, weights)).expect(
        case.mean, case.sd**2, dispersion
    )
    for i, weight in enumerate(weights):
        if weight == 0.0:
            expected, curvature = 0.0, 0.0
        else:
            row = make_likelihood(case.family.bind(case.y)).expect(
                case.mean, case.sd**2, dispersion - 0.5 * np.log(weight)
            )
            expected, curvature = row.value[i], row.curvature[i]
        np.testing.assert_allclose(got.value[i], expected, rtol=1e-11)
        np.testing.assert_allclose(got.curvature[i], curvature, rtol=1e-11)

    def total(shift: float) -> float:
        likelihood = make_likelihood(case.family.bind(case.y, weights))
        return float(likelihood.expect(case.mean, case.sd**2, dispersion + shift).value.sum())

    score = (total(1e-5) - total(-1e-5)) / 2e-5
    np.testing.assert_allclose(got.dispersion_score[0], score, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("case", SCALED, ids=[c.name for c in SCALED])
def test_draws_have_a_dispersion_divided_by_the_weights(case: Case) -> None:
    weights = np.tile([0.0, 0.5, 2.0, 8.0], 3)
    family, dispersion = case.family.for_response(case.y), np.log([0.3])
    eta = np.broadcast_to(case.mean, (40_000, N))
    draws = family.simulate(eta, dispersion, np.random.default_rng(1), weights)
    mean = family.inverse_link(case.mean)
    seen = weights > 0.0
    variance = 0.09 * family.variance(mean)[seen] / weights[seen]
    np.testing.assert_allclose(draws.var(axis=0)[seen], variance, rtol=0.1)
    np.testing.assert_allclose(draws[:, ~seen], np.broadcast_to(mean, eta.shape)[:, ~seen])


@pytest.mark.parametrize("name", ["binomial", "nbinom2"])
def test_chunks_do_not_show(name: str) -> None:
    rng = np.random.default_rng(5)
    n = 7001
    y = rng.integers(0, 2, n).astype(float)
    mean, variance = rng.normal(size=n), rng.uniform(0.0, 0.5, n)
    density = resolve_family(name).bind(y)
    dispersion = density.starting_dispersion
    whole = make_likelihood(density, nodes=31).expect(mean, variance, dispersion)
    parts = [
        make_likelihood(resolve_family(name).bind(y[rows]), nodes=31).expect(
            mean[rows], variance[rows], dispersion
        )
        for rows in np.array_split(np.arange(n), 9)
    ]
    np.testing.assert_allclose(whole.value, np.concatenate([p.value for p in parts]), rtol=1e-12)
    total = sum(p.dispersion_score for p in parts)
    np.testing.assert_allclose(whole.dispersion_score, total, rtol=1e-10)


@each_smooth_case
def test_thirty_one_nodes_are_enough(case: Case) -> None:
    some, dispersion = bound(case, 31)
    many, _ = bound(case, 101)
    variance = np.minimum(case.sd, 0.6) ** 2
    a = some.expect(case.mean, variance, dispersion)
    b = many.expect(case.mean, variance, dispersion)
    close(a.value, b.value, 1e-8)
    close(a.curvature, b.curvature, 1e-6)
    rule = gauss_hermite(31)
    assert abs(rule.weights.sum() - 1.0) < 1e-14
