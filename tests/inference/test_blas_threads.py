"""How many BLAS threads a fit has."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass

import pytest
from threadpoolctl import ThreadpoolController

from glmmvi.inference import linear_mixed
from glmmvi.inference.blas_threads import LARGE, blas_threads, with_blas_threads
from tests.inference.designs import design


@dataclass(frozen=True)
class Model:
    dense_rows: int


def counts():
    return {library["num_threads"] for library in ThreadpoolController().info()}


@pytest.fixture
def two_threads():
    controller = ThreadpoolController()
    with controller.limit(limits=2, user_api="blas"):
        yield counts()


@with_blas_threads
def within(model: Model) -> set[int]:
    return counts()


def test_small_models_have_one_thread_and_large_ones_all(two_threads):
    assert within(Model(LARGE - 1)) == {1}
    assert within(Model(LARGE)) == two_threads
    assert counts() == two_threads


def test_threads_come_back_after_an_error(two_threads):
    with pytest.raises(ZeroDivisionError), blas_threads(0):
        1 / 0  # noqa: B018
    assert counts() == two_threads


def test_threads_of_python_share_the_limit(two_threads):
    """The first to come in is the first to go: the limit stays until the last has gone."""
    first, second = blas_threads(0), blas_threads(0)
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert counts() == {1}
    second.__exit__(None, None, None)
    assert counts() == two_threads


def test_a_fit_runs_in_one_thread(two_threads, monkeypatch):
    seen = set()
    evaluate = linear_mixed.profiled_deviance

    def watched(*args, **kwargs):
        seen.update(counts())
        return evaluate(*args, **kwargs)

    monkeypatch.setattr(linear_mixed, "profiled_deviance", watched)
    linear_mixed.optimize(linear_mixed.build_problem(design("slope"), reml=True))
    assert seen == {1}
    assert counts() == two_threads


def test_nothing_is_imported_for_it_before_a_fit():
    code = "import sys, glmmvi; glmmvi.lmer; print('threadpoolctl' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ
    )
    assert done.stdout.strip() == "False"
