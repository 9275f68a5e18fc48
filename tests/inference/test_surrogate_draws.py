"""Draws of the surrogate: their covariance, exactly, as a linear map of standard normals."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from glmmvi.inference import linear_mixed
from glmmvi.inference.block_factorization import factorize
from glmmvi.inference.cross_products import block_structure, cross_products
from glmmvi.inference.importance_ratios import paired_normals
from glmmvi.inference.independent_parts import independent_parts
from glmmvi.inference.orthogonal_basis import in_basis, orthogonal_basis
from glmmvi.inference.surrogate_draws import StandardNormals, deviations, surrogate_roots
from tests.inference.dense_reference import indicator
from tests.inference.designs import STRUCTURES, design, factors


def unit_normals(structure, p):
    """As many draws as there are normals, each with a single one."""
    sizes = [p, *(d * L for d, L in zip(structure.d, structure.n_levels, strict=True))]
    every = np.split(np.eye(sum(sizes)), np.cumsum(sizes)[:-1], axis=1)
    shapes = zip(structure.n_levels, structure.d, strict=True)
    u = tuple(z.reshape(-1, L, d) for z, (L, d) in zip(every[1:], shapes, strict=True))
    return StandardNormals(u, every[0])


@pytest.mark.parametrize("name", STRUCTURES)
@pytest.mark.parametrize("dense_rows", [10**6, 0], ids=["dense rows", "sparse rows"])
@pytest.mark.parametrize("with_beta", [False, True], ids=["point", "with beta"])
def test_the_covariance_of_draws(name, dense_rows, with_beta):
    arrays = design(name)
    arrays = in_basis(arrays, orthogonal_basis(arrays))
    structure = block_structure(arrays.terms, arrays.p, dense_rows=dense_rows)
    Lambda = factors(arrays)
    f = factorize(cross_products(arrays, structure), structure, Lambda)
    p = arrays.p if with_beta else 0
    normals = unit_normals(structure, p)
    beta = None
    if with_beta:
        beta = normals.beta @ np.linalg.cholesky(np.linalg.inv(f.fixed[:p, :p])).T
    drawn = deviations(surrogate_roots(f), normals, beta)
    images = [] if beta is None else [beta]
    map_of_normals = np.hstack([*images, *(u.reshape(len(u), -1) for u in drawn)])

    blocks = zip(arrays.terms, Lambda, strict=True)
    A = [indicator(term) @ np.kron(np.eye(term.n_levels), factor) for term, factor in blocks]
    columns = np.hstack(([arrays.X] if with_beta else []) + A)
    prior = np.r_[np.zeros(p), np.ones(columns.shape[1] - p)]
    precision = columns.T @ columns + np.diag(prior)
    assert_allclose(map_of_normals.T @ map_of_normals, np.linalg.inv(precision), atol=1e-10)


def test_normals_do_not_depend_on_the_chunk():
    arrays = design("nested and crossed")
    problem = linear_mixed.build_problem(arrays, reml=True)
    f = linear_mixed.solution_at(problem, factors(arrays)).factorization
    one, *none = list(paired_normals(f, 7, 7, 3, p=2))
    many = list(paired_normals(f, 7, 3, 3, p=2))
    assert none == []
    assert [chunk.count for chunk in many] == [3, 3, 1]
    assert_allclose(np.concatenate([chunk.beta for chunk in many]), one.beta, rtol=0)
    for r, z in enumerate(one.u):
        assert_allclose(np.concatenate([chunk.u[r] for chunk in many]), z, rtol=0)


def test_parts_of_a_design():
    """By brute force: two rows are in one part if a chain of shared levels joins them."""
    for name in STRUCTURES:
        terms = design(name).terms
        n = len(terms[0].codes)
        same = np.any([term.codes[:, None] == term.codes for term in terms], axis=0)
        reach = np.linalg.matrix_power(same.astype(float), 16) > 0
        parts = independent_parts(terms)
        label = parts.rows.toarray().argmax(axis=0)
        assert_allclose(label[:, None] == label, reach)
        assert parts.count == len(np.unique(reach, axis=0))
        sums = parts.sums(np.ones((2, n)), [np.zeros((2, term.n_levels)) for term in terms])
        assert_allclose(sums, np.broadcast_to(np.bincount(label), (2, parts.count)))


def test_a_level_without_rows_is_a_part_of_its_own():
    [term] = design("slope").terms
    spare = type(term)(term.Z, term.codes, term.n_levels + 2)
    assert independent_parts([spare]).count == independent_parts([term]).count + 2
