"""What is said of a fit whose fixed effects have no maximum of the likelihood."""

from __future__ import annotations

import textwrap
import warnings
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from glmmvi.caller import stack_level
from glmmvi.design import DesignMatrices
from glmmvi.errors import SeparationWarning
from glmmvi.inference.separation import looks_separated, separating_direction
from glmmvi.model.families import Family
from glmmvi.model.families.beta_binomial_family import BetaBinomialFamily
from glmmvi.model.families.binomial_family import BinomialFamily
from glmmvi.model.families.negative_binomial_family import NegativeBinomialFamily
from glmmvi.model.families.poisson_family import PoissonFamily
from glmmvi.model.families.tweedie_family import TweedieFamily
from glmmvi.model.families.zero_inflated_family import ZeroInflatedFamily
from glmmvi.results.generalized_answer import GeneralizedAnswer

Rows = NDArray[np.bool_]

_SHARES = (BinomialFamily, BetaBinomialFamily)
_COUNTS = (PoissonFamily, NegativeBinomialFamily, ZeroInflatedFamily, TweedieFamily)


def noted_separation(
    answer: GeneralizedAnswer, design: DesignMatrices, family: Family
) -> GeneralizedAnswer:
    """Warn of separation, naming the coefficients, and put it under the printout too.

    Looked for only where fixed effects are very large or very uncertain.
    """
    estimates = answer.estimates
    if not looks_separated(design.X, estimates.beta, estimates.beta_cov):
        return answer
    seen = design.weights > 0.0
    up, down = unbounded_rows(family, design.y)
    direction = separating_direction(design.X[seen], up[seen], down[seen])
    if direction is None:
        return answer
    sentence = separation_sentence(design.column_names, direction)
    warnings.warn(sentence, SeparationWarning, stacklevel=stack_level())
    return replace(answer, notes=(*answer.notes, sentence))


def unbounded_rows(family: Family, y: NDArray[np.float64]) -> tuple[Rows, Rows]:
    """Rows whose log density rises towards plus, and minus, infinity of the linear predictor."""
    nowhere = np.zeros(len(y), dtype=bool)
    if isinstance(family, _SHARES):
        return (nowhere if family.link_name == "log" else y == 1.0), y == 0.0
    if isinstance(family, _COUNTS) and family.link_name == "log":
        return nowhere, y == 0.0
    return nowhere, nowhere


def separation_sentence(names: tuple[str, ...], direction: NDArray[np.float64]) -> str:
    """The warning: which coefficients are infinite, and what to do.

    Examples
    --------
    >>> print(separation_sentence(("(Intercept)", "x"), np.array([-2.5, 1.0])))
    Separation: the likelihood rises for ever as the coefficient of 'x' goes to infinity, so
    that the numbers printed for it mean nothing. Give it a prior, for example
    priors={'x': glmmvi.Normal(0, 2.5)}, or leave it out.
    """
    signs = {name: end for name, end in zip(names, direction, strict=True) if end != 0.0}
    culprits = [name for name in signs if name != "(Intercept)"] or list(signs)
    ends = [
        f"of {name!r} goes to {'minus ' if signs[name] < 0 else ''}infinity" for name in culprits
    ]
    advice = ", ".join(f"{name!r}: glmmvi.Normal(0, 2.5)" for name in culprits)
    it = "it" if len(culprits) == 1 else "them"
    return textwrap.fill(
        f"Separation: the likelihood rises for ever as the coefficient {' and that '.join(ends)}, "
        f"so that the numbers printed for {it} mean nothing. Give {it} a prior, for example "
        f"priors={{{advice}}}, or leave {it} out.",
        88,
        break_long_words=False,
    )
