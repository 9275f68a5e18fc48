"""lmerTest's ``drop1``: F tests of the terms that no other term contains."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from glmmvi.design.design_matrices import DesignMatrices
from glmmvi.design.fixed_terms import FixedTerm, fixed_terms, without_term
from glmmvi.errors import ArgumentError
from glmmvi.results.mixed_fit import MixedModelFit
from glmmvi.results.tables import AnovaTable
from glmmvi.results.testing.lmertest_tables import f_table, linear_fit
from glmmvi.results.testing.scope import chosen_terms
from glmmvi.results.testing.small_sample import Ddf, small_sample


def marginal_tests(
    fit: MixedModelFit, scope: str | Sequence[str] | None, ddf: Ddf, what: str = "drop1"
) -> AnovaTable:
    """F tests of single term deletions, as lmerTest's ``drop1``.

    Parameters
    ----------
    fit : LinearMixedFit
    scope : str or sequence of str, optional
        Labels of terms that no other term contains; by default all of them.
    ddf : {"Satterthwaite", "Kenward-Roger"}
    what : str
        The caller, for messages.

    Returns
    -------
    AnovaTable

    Raises
    ------
    ArgumentError
        For generalized fits, and terms that others contain.
    """
    linear = linear_fit(fit, what)
    terms = fixed_terms(linear.design)
    marginal = chosen_terms(terms, None)
    chosen = chosen_terms(terms, scope)
    for term in chosen:
        if term not in marginal:
            raise ArgumentError(
                f"{what}: {term.label!r} is in an interaction; only marginal terms can be dropped "
                f"from the model: {', '.join(other.label for other in marginal)}"
            )
    heading = (
        f"Single term deletions using {ddf}'s method:",
        "\nModel:",
        str(linear.formula),
    )
    contrasts = [_contrasts(linear.design, term) for term in chosen]
    labels = tuple(term.label for term in chosen)
    return f_table(heading, labels, linear, small_sample(linear, ddf), contrasts, None)


def _contrasts(design: DesignMatrices, term: FixedTerm) -> NDArray[np.float64]:
    """The term's coefficients; of a rank-deficient design, what a model without it lacks."""
    if not design.dropped_columns:
        own = [k for k, number in enumerate(design.assign) if number == term.number]
        return np.eye(design.p)[own]
    smaller = without_term(design, term).X
    left = design.X - smaller @ np.linalg.lstsq(smaller, design.X, rcond=None)[0]
    vectors, values, _ = np.linalg.svd(design.X.T @ left)
    return np.asarray(vectors[:, values > 1e-8 * max(values[0], 1.0)].T)
