"""Generalized problems of every structure, in the engine's basis, and their surrogates."""

from __future__ import annotations

import zlib
from dataclasses import replace
from functools import cache

import numpy as np

from glmmvi.inference.generalized_mixed import build_problem
from glmmvi.inference.likelihood import make_likelihood
from glmmvi.inference.orthogonal_basis import engine_factor
from glmmvi.inference.profiled_deviance import pack, unpack
from glmmvi.inference.regression_arrays import TermArrays
from glmmvi.inference.surrogate_start import first_state
from glmmvi.inference.variational_pirls import solve
from glmmvi.model.families import Gamma, binomial, nbinom2, poisson
from tests.inference.designs import STRUCTURES, design, factors

NAMES = (*STRUCTURES, "observation level")
OF_STRUCTURE = (poisson(), binomial(), nbinom2(), Gamma("log"))  # in turn


@cache
def structured(name):
    """A problem of a structure: arrays, density, engine's problem, covariance factors."""
    arrays = design("intercept" if name == "observation level" else name)
    if name == "observation level":
        rows = TermArrays(np.ones((arrays.n, 1)), np.arange(arrays.n), arrays.n)
        arrays = replace(arrays, terms=(*arrays.terms, rows))
    family = OF_STRUCTURE[NAMES.index(name) % len(OF_STRUCTURE)]
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    eta = arrays.offset + 0.4 * arrays.X @ np.array([1.0, 0.5, -0.5])
    for term in arrays.terms:
        b = 0.3 * rng.normal(size=(term.n_levels, term.d))
        eta = eta + np.einsum("nd,nd->n", term.Z, b[term.codes])
    dispersion = np.zeros(len(family.dispersion_names))
    totals = rng.integers(1, 5, arrays.n).astype(float) if family.name == "binomial" else None
    weights = None if family.name == "binomial" else arrays.weights
    y = family.simulate(eta, dispersion, rng, totals=totals)
    density = family.bind(y, weights, totals=totals)
    problem = build_problem(arrays, make_likelihood(density))
    return arrays, density, problem, factors(arrays), dispersion


def engine_theta(problem, Lambda):
    pairs = zip(Lambda, problem.basis.Z_factors, strict=True)
    return pack([engine_factor(factor, Z_factor) for factor, Z_factor in pairs])


def solved(problem, theta, dispersion, start=None, beta=None):
    """The best surrogate at given parameters, solved tightly."""
    system = problem.system
    state, info = solve(
        system,
        unpack(theta, system.structure.d),
        dispersion,
        first_state(system, dispersion) if start is None else start,
        fixed_beta=beta,
        tolerance=1e-14,
        max_evaluations=1000,
    )
    assert info.converged
    return state
