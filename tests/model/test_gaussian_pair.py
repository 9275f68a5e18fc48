"""The TFP pair of a structured fit: log p(y, u, beta) - log q(u, beta) is the log likelihood."""

from __future__ import annotations

import numpy as np
import pytest
from dense_gaussian_reference import (
    dense_log_likelihood,
    dense_surrogate,
    make_design,
    make_term,
)

from glmmvi.errors import ArgumentError
from glmmvi.model.gaussian_surrogate import DenseBlock, GaussianSurrogate

RNG = np.random.default_rng(20240607)
N = 60


def _codes(n_levels: int) -> np.ndarray:
    return np.concatenate([np.arange(n_levels), RNG.integers(n_levels, size=N - n_levels)])


def _problem(kind: str, *, weights: bool = False):
    x = RNG.normal(size=N)
    X = np.column_stack([np.ones(N), x])
    slopes = make_term("Subject", _codes(7), X)
    crossed = make_term("item", _codes(5), np.ones((N, 1)))
    batch_of_cask = np.array([0, 0, 0, 1, 1, 2, 2, 2, 2])
    cask_codes = _codes(9)
    cask = make_term("cask:batch", cask_codes, np.ones((N, 1)))
    batch = make_term("batch", batch_of_cask[cask_codes], X)
    again = make_term("Subject.1", slopes.codes, x[:, None] ** 2)
    terms = {
        "one": [slopes],
        "crossed": [slopes, crossed],
        "nested": [cask, batch],
        "nested and crossed": [cask, batch, crossed],
        "same factor twice": [slopes, again],
    }[kind]
    factors = []
    for term in terms:
        factor = np.tril(RNG.normal(size=(term.d, term.d)))
        factor[np.diag_indices(term.d)] = np.abs(np.diag(factor)) + 0.3
        factors.append(factor)
    w = RNG.uniform(0.5, 3.0, size=N) if weights else None
    if w is not None:
        w[3] = 0.0
    design = make_design(
        RNG.normal(size=N) + x, X, terms, offset=RNG.normal(size=N) * 0.1, weights=w
    )
    return design, factors


CASES = [
    ("one", ()),
    ("one", (0,)),
    ("crossed", ()),
    ("crossed", (0,)),
    ("crossed", (1,)),
    ("nested", (0,)),
    ("nested", (0, 1)),
    ("nested and crossed", (0, 1)),
    ("same factor twice", (0,)),
]


@pytest.mark.parametrize("weights", [False, True], ids=["unweighted", "weighted"])
@pytest.mark.parametrize("reml", [True, False], ids=["REML", "ML"])
@pytest.mark.parametrize(("kind", "eliminate"), CASES)
def test_log_ratio_is_the_log_likelihood(kind, eliminate, reml, weights):
    from glmmvi.model.joint_distribution import build_joint_distribution
    from glmmvi.model.surrogate import build_surrogate_posterior

    design, factors = _problem(kind, weights=weights)
    sigma = 0.7
    beta = None if reml else np.array([0.3, 0.8])
    joint = build_joint_distribution(design, factors, sigma, beta=beta)
    surrogate = build_surrogate_posterior(
        dense_surrogate(design, factors, sigma, beta=beta, eliminate=eliminate)
    )
    pinned = joint.experimental_pin(y=design.y)
    expected = dense_log_likelihood(design, factors, sigma, beta)

    draws = surrogate.sample(4, seed=(1, 2))
    ratio = (pinned.log_prob(draws) - surrogate.log_prob(draws)).numpy()
    assert ratio.shape == (4,)
    np.testing.assert_allclose(ratio, expected, rtol=0, atol=1e-8)
    one = surrogate.sample(seed=(3, 4))
    assert set(one._fields) == set(pinned.event_shape._fields)
    single = pinned.log_prob(**one._asdict()) - surrogate.log_prob(one)
    np.testing.assert_allclose(single, expected, rtol=0, atol=1e-8)


def test_singular_factor_is_an_ordinary_model():
    from glmmvi.model.joint_distribution import build_joint_distribution
    from glmmvi.model.surrogate import build_surrogate_posterior

    design, _ = _problem("crossed")
    factors = [np.array([[0.5, 0.0], [0.2, 0.0]]), np.zeros((1, 1))]
    joint = build_joint_distribution(design, factors, 1.3)
    surrogate = build_surrogate_posterior(dense_surrogate(design, factors, 1.3, eliminate=(0,)))
    draws = surrogate.sample(3, seed=(5, 6))
    ratio = joint.experimental_pin(y=design.y).log_prob(draws) - surrogate.log_prob(draws)
    expected = dense_log_likelihood(design, factors, 1.3, None)
    np.testing.assert_allclose(ratio, expected, atol=1e-8)


def test_surrogate_draws_have_the_posterior_moments():
    from glmmvi.model.surrogate import build_surrogate_posterior

    design, factors = _problem("crossed")
    chained = dense_surrogate(design, factors, 0.7, eliminate=(0,))
    flat = dense_surrogate(design, factors, 0.7)
    n_draws = 40_000
    draws = build_surrogate_posterior(chained).sample(n_draws, seed=(7, 8))._asdict()
    vector = np.concatenate(
        [np.reshape(draws[k], (n_draws, -1)) for k in ("beta", "u_Subject", "u_item")], axis=1
    )
    covariance = flat.dense.scale_tril @ flat.dense.scale_tril.T
    sd = np.sqrt(np.diag(covariance))
    error = (vector.mean(0) - flat.dense.mean) / (sd / np.sqrt(n_draws))
    assert np.abs(error).max() < 4.5
    correlation = np.corrcoef(vector.T)
    np.testing.assert_allclose(correlation, covariance / np.outer(sd, sd), atol=0.03)
    np.testing.assert_allclose(vector.std(0) / sd, 1.0, atol=0.02)


def test_means_do_not_depend_on_what_was_eliminated():
    design, factors = _problem("nested and crossed")
    flat = dense_surrogate(design, factors, 1.0)
    chained = dense_surrogate(design, factors, 1.0, eliminate=(0, 1))
    np.testing.assert_allclose(flat.beta_mean, chained.beta_mean)
    for a, b in zip(flat.u_means, chained.u_means, strict=True):
        np.testing.assert_allclose(a, b)


def test_flat_beta_cannot_be_sampled():
    from glmmvi.model.joint_distribution import build_joint_distribution

    design, factors = _problem("one")
    joint = build_joint_distribution(design, factors, 1.0)
    with pytest.raises(ArgumentError, match=r"sample\(beta=\.\.\.\)"):
        joint.sample(seed=(1, 1))
    draw = joint.sample(beta=np.array([1.0, 2.0]), seed=(1, 1))
    assert draw.y.shape == (design.n,)
    assert draw.u_Subject.shape == (7, 2)
    assert joint.event_shape.y == (design.n,)
    with pytest.raises(ArgumentError, match="flat prior"):
        joint.sample(seed=(1, 1))


def test_prior_predictive_moments_of_a_maximum_likelihood_model():
    from glmmvi.model.joint_distribution import build_joint_distribution

    design, factors = _problem("crossed")
    beta = np.array([1.0, -2.0])
    joint = build_joint_distribution(design, factors, 0.5, beta=beta)
    y = joint.sample(20_000, seed=(1, 1)).y.numpy()
    np.testing.assert_allclose(y.mean(0), design.X @ beta + design.offset, atol=0.1)
    variance = 0.25 * np.ones(design.n)
    for term, factor in zip(design.terms, factors, strict=True):
        variance += 0.25 * ((term.Z @ factor) ** 2).sum(1)
    np.testing.assert_allclose(y.var(0) / variance, 1.0, atol=0.06)


def test_blocks_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="3 variables"):
        DenseBlock(1, (0,), ((2, 1),), np.zeros(2), np.eye(2))
    empty = DenseBlock(0, (), (), np.zeros(0), np.zeros((0, 0)))
    with pytest.raises(ValueError, match="covers"):
        GaussianSurrogate(("g",), (), empty)
