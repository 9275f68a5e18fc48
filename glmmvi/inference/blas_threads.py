"""BLAS threads where matrices are large, and none where they are small.

A BLAS that has threads wakes them for matrices of a few dozen rows. There they gain nothing, and
on a machine whose cores are busy a small fit waits for them: it takes several times as long.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from threading import Lock
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

P = ParamSpec("P")
R = TypeVar("R")
M = TypeVar("M", bound="Problem")

LARGE = 500  # rows of a dense matrix from which on threads pay


@contextmanager
def blas_threads(size: int) -> Iterator[None]:
    """Context in which BLAS has one thread, unless matrices have many rows.

    Threads of Python that fit at the same time share it: BLAS has its threads again when the
    last of them leaves.

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
        yield
        return
    _ONE_THREAD.enter()
    try:
        yield
    finally:
        _ONE_THREAD.leave()


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


class _OneThread:
    """BLAS limited to one thread while anybody wants it."""

    def __init__(self) -> None:
        self._lock, self._inside = Lock(), 0
        self._controller: Any = None
        self._limit: Any = None

    def enter(self) -> None:
        with self._lock:
            if self._inside == 0:
                if self._controller is None:  # NumPy and SciPy have loaded their BLAS by now
                    from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

                    self._controller = ThreadpoolController()
                self._limit = self._controller.limit(limits=1, user_api="blas")
            self._inside += 1

    def leave(self) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                self._limit.restore_original_limits()


_ONE_THREAD = _OneThread()
