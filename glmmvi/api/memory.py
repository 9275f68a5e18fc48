"""Models that would not fit into memory are refused before anything is allocated."""

from __future__ import annotations

from glmmvi.design import DesignMatrices, RandomTerm
from glmmvi.errors import FitError
from glmmvi.inference.memory_need import available_bytes, dense_block
from glmmvi.results.engine_arrays import generalized_arrays

_SMALL = 1000  # random effects beside the largest term's, up to which nothing is looked at


def check_memory(design: DesignMatrices, matrices: int) -> None:
    """Refuse a model whose dense block needs more memory than there is.

    Parameters
    ----------
    design : DesignMatrices
    matrices : int
        How many matrices of the dense block's size the engine has at its peak.

    Raises
    ------
    FitError
        With the size, the terms that make it, and what to do.
    """
    sizes = [term.L * term.d for term in design.terms]
    if sum(sizes) - max(sizes) <= _SMALL:
        return
    arrays = generalized_arrays(design)
    block = dense_block(arrays.terms, arrays.p)
    need, available = block.bytes_at_peak(matrices), available_bytes()
    if available is None or need <= available:
        return
    stay = [design.terms[r] for r in block.terms]
    gone = [design.terms[r] for r in block.eliminated]
    raise FitError(
        f"the model would not fit in memory: the levels of {_listed(stay)} are crossed with those "
        f"of {_listed(gone)} and need a dense matrix of {block.size:,} x {block.size:,} numbers, "
        f"{_gigabytes(need)} at the peak of the fit, and {_gigabytes(available)} are free. Leave "
        f"out {'this term' if len(stay) == 1 else 'one of these terms'}, put rare levels "
        "together, take a sample of the levels, or use a machine with more memory"
    )


def _listed(terms: list[RandomTerm]) -> str:
    return " and ".join(f"{term.group} ({term.L:,} levels)" for term in terms)


def _gigabytes(size: float) -> str:
    return f"{size / 1e9:,.1f} GB"
