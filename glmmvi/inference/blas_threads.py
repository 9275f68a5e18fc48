"""BLAS threads where matrices are large, and none where they are small.

A BLAS that has threads wakes them for matrices of a few dozen rows. There they gain nothing, and
on a machine whose cores are busy a small fit waits for them: it takes several times as long.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache, wraps
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

P = ParamSpec("P")
R = TypeVar("R")
M = TypeVar("M", bound="Problem")

LARGE = 500  # rows of a dense matrix from which on threads pay


def blas_threads(size: int) -> AbstractContextManager[Any]:
    """Context in which BLAS has one thread, unless matrices have many rows.

    Parameters
    ----------
    size : int
        Rows of the largest matrix that is factored.

    Examples
    --------
    >>> with blas_threads(18):
    ...     product = 6 * 7
    """
    if size >= LARGE:
        return nullcontext()
    return _controller().limit(limits=1, user_api="blas")


class Problem(Protocol):
    """A model that knows how large its matrices are."""

    @property
    def dense_rows(self) -> int:
        """Rows of the largest matrix that is factored."""
        ...


def with_blas_threads(
    function: Callable[Concatenate[M, P], R],
) -> Callable[Concatenate[M, P], R]:
    """Decorate a function of a model: it runs within the model's `blas_threads`."""

    @wraps(function)
    def within(problem: M, *args: P.args, **kwargs: P.kwargs) -> R:
        with blas_threads(problem.dense_rows):
            return function(problem, *args, **kwargs)

    return within


def with_one_blas_thread(function: Callable[P, R]) -> Callable[P, R]:
    """Decorate a function: BLAS has one thread while it runs."""

    @wraps(function)
    def within(*args: P.args, **kwargs: P.kwargs) -> R:
        with blas_threads(0):
            return function(*args, **kwargs)

    return within


@lru_cache(maxsize=1)
def _controller() -> Any:
    """The BLAS libraries that NumPy and SciPy brought: both are loaded by now."""
    from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]  # when used

    return ThreadpoolController()
