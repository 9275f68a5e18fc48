"""Small batched matrices against NumPy's own."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from glmmvi.inference.block_matrices import congruence, inverse_and_log_det, multiply


def blocks(d, L=7, seed=0):
    root = np.random.default_rng(seed).normal(size=(d, d, L))
    return np.einsum("abl,cbl->acl", root, root) + 0.5 * np.eye(d)[:, :, None]


@pytest.mark.parametrize("d", [1, 2, 3, 6, 7, 9])
def test_inverse_and_log_det(d):
    A = blocks(d)
    inverse, log_det = inverse_and_log_det(A)
    batched = A.transpose(2, 0, 1)
    assert_allclose(inverse.transpose(2, 0, 1), np.linalg.inv(batched), rtol=1e-9, atol=1e-11)
    assert_allclose(log_det, np.linalg.slogdet(batched)[1].sum(), rtol=1e-12)


@pytest.mark.parametrize("d", [1, 2, 4])
def test_products(d):
    A, B = blocks(d, seed=1), blocks(d, seed=2)
    M = np.random.default_rng(3).normal(size=(d, d))
    product = np.stack([A[..., i] @ B[..., i] for i in range(A.shape[2])], axis=2)
    assert_allclose(multiply(A, B), product)
    moved = np.stack([M @ A[..., i] @ M.T for i in range(A.shape[2])], axis=2)
    assert_allclose(congruence(M, A), moved)
