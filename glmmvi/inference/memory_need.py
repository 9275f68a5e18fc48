"""How much memory the dense block of a model's system will take, before any is taken."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from glmmvi.inference.elimination_order import elimination_order
from glmmvi.inference.regression_arrays import TermArrays

# Matrices of the dense block's size at a fit's peak: its cross-products, their Schur complement,
# inverse and adjoints, and the sparse products that they are made of. Measured with crossed
# factors of 3,000 and 1,500 to 2,500 levels: 12.3 (gaussian), 23.6 (Poisson, two systems).
LINEAR_MATRICES = 12
GENERALIZED_MATRICES = 24


@dataclass(frozen=True)
class DenseBlock:
    """The part of a model's system that stays dense.

    Attributes
    ----------
    eliminated, terms : tuple of int
        The terms that are eliminated level by level, and those that stay.
    size : int
        Rows of the dense matrix: random effects of the terms that stay, fixed effects, response.
    """

    eliminated: tuple[int, ...]
    terms: tuple[int, ...]
    size: int

    def bytes_at_peak(self, matrices: int) -> int:
        """Memory of so many matrices of this size.

        Examples
        --------
        >>> DenseBlock((0,), (1,), 10_000).bytes_at_peak(12) / 1e9
        9.6
        """
        return 8 * matrices * self.size**2


def dense_block(terms: Sequence[TermArrays], p: int) -> DenseBlock:
    """Size of the dense block of a model.

    Parameters
    ----------
    terms : sequence of TermArrays
    p : int
        Fixed-effects columns.

    Returns
    -------
    DenseBlock

    Examples
    --------
    >>> import numpy as np
    >>> f, h = np.array([0, 1, 2, 3, 0]), np.array([0, 0, 1, 1, 1])
    >>> ones = np.ones((5, 1))
    >>> dense_block([TermArrays(ones, f, 4), TermArrays(ones, h, 2)], 1)
    DenseBlock(eliminated=(0,), terms=(1,), size=4)
    """
    order = elimination_order(terms)
    return DenseBlock(order.eliminated, order.dense, sum(terms[r].q for r in order.dense) + p + 1)


def available_bytes(root: Path = Path("/")) -> int | None:
    """Memory that a process can still take, swap space left aside; None where nobody says.

    Parameters
    ----------
    root : Path
        Where the kernel's files are.

    Returns
    -------
    int or None
        The least of what the system and the control group (a container's limit) have left.
    """
    found = [
        value
        for value in (
            _meminfo(root / "proc/meminfo"),
            _left_of_limit(root / "sys/fs/cgroup", "memory.max", "memory.current"),
            _left_of_limit(
                root / "sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes"
            ),
        )
        if value is not None
    ]
    return min(found) if found else _physical()


def _meminfo(path: Path) -> int | None:
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return None
    kilobytes = [line.split()[1] for line in lines if line.startswith("MemAvailable:")]
    return 1024 * int(kilobytes[0]) if kilobytes else None


def _left_of_limit(folder: Path, limit: str, used: str) -> int | None:
    """What a control group has left; its cache can be given back, and counts as left."""
    try:
        ceiling = (folder / limit).read_text().strip()
        taken = int((folder / used).read_text())
        lines = (folder / "memory.stat").read_text().splitlines()
    except (OSError, ValueError):
        return None
    if not ceiling.isdigit():
        return None  # "max"
    names = ("total_inactive_file", "inactive_file")  # the older version's, the newer's
    cache = max((int(line.split()[1]) for line in lines if line.split()[0] in names), default=0)
    return max(0, int(ceiling) - taken + cache)


def _physical() -> int | None:
    """All of the machine's memory, where the system tells no more."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return None
