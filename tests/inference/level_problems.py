"""Small models of one grouping factor, and their log likelihood by a dense grid."""

from __future__ import annotations

import numpy as np
from scipy.special import logsumexp

from glmmvi.inference.generalized_mixed import GeneralizedMixedProblem, build_problem
from glmmvi.inference.likelihood import make_likelihood
from glmmvi.inference.regression_arrays import RegressionArrays, TermArrays
from glmmvi.model import families

FAMILIES = {
    "binomial": (families.binomial(), 0),
    "probit": (families.binomial("probit"), 0),
    "poisson": (families.poisson(), 0),
    "Gamma": (families.Gamma("log"), 1),
    "nbinom2": (families.nbinom2(), 1),
}


def level_arrays(columns: tuple[int, ...], n_levels: int = 6, rows: int = 4, seed: int = 3):
    """Terms of the given numbers of columns over one factor, in shuffled rows."""
    rng = np.random.default_rng(seed)
    n = n_levels * rows
    codes = rng.permutation(np.repeat(np.arange(n_levels), rows)).astype(np.intp)
    terms = []
    for d in columns:
        Z = np.column_stack([np.ones(n), rng.normal(size=(n, d - 1))])
        terms.append(TermArrays(Z if not terms else Z + rng.normal(size=(n, d)), codes, n_levels))
    X = np.column_stack([np.ones(n), rng.normal(size=n)])
    return RegressionArrays(np.zeros(n), X, tuple(terms), np.ones(n), 0.2 * rng.normal(size=n))


def response(arrays: RegressionArrays, family: str, seed: int = 5) -> np.ndarray:
    """A response that varies between the levels."""
    rng = np.random.default_rng(seed)
    eta = arrays.offset + 0.4 * arrays.X.sum(axis=1)
    for term in arrays.terms:
        b = 0.8 * rng.normal(size=(term.n_levels, term.d))
        eta = eta + (term.Z * b[term.codes]).sum(axis=1)
    if family in ("binomial", "probit"):
        return (rng.uniform(size=arrays.n) < 1.0 / (1.0 + np.exp(-eta))).astype(float)
    if family == "Gamma":
        return rng.gamma(2.0, np.exp(eta) / 2.0)
    return rng.poisson(np.exp(eta)).astype(float)


def level_problem(
    columns: tuple[int, ...], family: str, weights: np.ndarray | None = None, **shape: int
) -> GeneralizedMixedProblem:
    """A model ready for the engines."""
    arrays = level_arrays(columns, **shape)
    weights = np.ones(arrays.n) if weights is None else weights
    density = FAMILIES[family][0].bind(response(arrays, family), weights)
    return build_problem(arrays, make_likelihood(density))


def dense_log_likelihood(problem, factors, beta, dispersion, points: int) -> np.ndarray:
    """Log likelihood of every level: the trapezoidal rule over [-7, 7]^d."""
    system = problem.system
    arrays, codes = system.arrays, system.arrays.terms[0].codes
    Z = np.hstack([term.Z for term in arrays.terms])
    d = Z.shape[1]
    axis = np.linspace(-7.0, 7.0, points)
    u = np.stack(np.meshgrid(*[axis] * d, indexing="ij"), axis=-1).reshape(-1, d)
    log_prior = -0.5 * (u**2).sum(axis=1) - 0.5 * d * np.log(2.0 * np.pi)
    start, A = 0, np.empty_like(Z)
    for factor in factors:
        block = slice(start, start + len(factor))
        A[:, block] = Z[:, block] @ factor
        start += len(factor)
    values = []
    for level in range(arrays.terms[0].n_levels):
        joint = log_prior.copy()
        for i in np.flatnonzero(codes == level):
            eta = system.offset[i] + arrays.X[i] @ beta + u @ A[i]
            joint += pointwise_of_row(system.likelihood.density, eta, dispersion, i)
        values.append(logsumexp(joint) + d * np.log(axis[1] - axis[0]))
    return np.array(values)


def pointwise_of_row(density, eta, dispersion, i) -> np.ndarray:
    """Log density of one observation at many linear predictors."""
    rows = slice(i, i + 1)
    value = density.kernel(eta[:, None], dispersion, rows, False).value[:, 0]
    if density.scale is not None:
        value = value * density.scale[i]
    if density.linear is not None:
        value = value + density.linear[i] * eta
    constant = np.broadcast_to(density.constant(dispersion)[0], (density.n,))
    return value + constant[i]
