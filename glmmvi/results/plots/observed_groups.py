"""Observed means of the groups against those that the fit predicts."""

from __future__ import annotations

from typing import Any

import numpy as np

from glmmvi.errors import ArgumentError, nearest_hint
from glmmvi.results.any_fit import AnyFit
from glmmvi.results.model_parts import model_terms
from glmmvi.results.plots.axes import POINT, REFERENCE, one_axes, wrapped
from glmmvi.unknown_arguments import names_arguments


@names_arguments
def plot_groups(fit: AnyFit, *, group: str | None = None, ax: Any = None) -> Any:
    """Draw the observed mean of every level of a grouping factor against the predicted one.

    Parameters
    ----------
    fit : LinearMixedFit or GeneralizedMixedFit
    group : str, optional
        Grouping factor; the first of the fit by default.
    ax : matplotlib Axes, optional
        A new figure by default.

    Returns
    -------
    matplotlib Axes
        Filled points are the means of ``fitted(fit)``; open ones are those without random
        effects. Shrinkage is the distance of the filled ones from the diagonal. Rows count by
        their weights.

    Raises
    ------
    ArgumentError
        If there is no such factor.
    """
    design = fit.design
    terms = {term.group: term for term in reversed(design.terms)}
    name = design.terms[0].group if group is None else group
    if name not in terms:
        raise ArgumentError(
            f"group={name!r} is no grouping factor{nearest_hint(name, terms)}; there are "
            f"{', '.join(terms)}"
        )
    term, weights = terms[name], design.weights

    def mean(values: Any) -> Any:
        total = np.bincount(term.codes, weights=weights * values, minlength=term.L)
        return total / np.bincount(term.codes, weights=weights, minlength=term.L)

    scale: dict[str, Any] = {"type": "response"} if fit.isGLMM() else {}
    observed = mean(design.y)
    without = mean(fit.predict(re_form=float("nan"), **scale).to_numpy())
    fitted = mean(fit.predict(**scale).to_numpy())
    ax = one_axes(ax)
    low, high = min(observed.min(), fitted.min()), max(observed.max(), fitted.max())
    ax.plot([low, high], [low, high], **REFERENCE)
    ax.plot(
        without,
        observed,
        **{**POINT, "markerfacecolor": "none", "color": "0.5"},
        label="fixed effects only",
    )
    ax.plot(fitted, observed, **POINT, label="with random effects")
    ax.set_xlabel(f"predicted mean by {name}")
    ax.set_ylabel(wrapped(f"observed mean of {model_terms(fit).response}"))
    ax.legend(frameon=False, fontsize=8)
    return ax
