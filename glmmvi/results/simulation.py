"""``simulate``: new responses from a fitted model, in NumPy."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from glmmvi.design.design_matrices import DesignMatrices
from glmmvi.errors import ArgumentError
from glmmvi.inference.effects_posterior import sum_of_terms
from glmmvi.model.prior_weights import prior_weights
from glmmvi.results.any_fit import AnyFit
from glmmvi.results.generalized_fit import GeneralizedMixedFit
from glmmvi.results.new_response import response_columns, shown_columns
from glmmvi.results.prediction import chosen_columns, predicted, prediction_rows
from glmmvi.results.rows import with_omitted_rows
from glmmvi.unknown_arguments import names_arguments

Matrix = NDArray[np.float64]
NOTHING = "~0"


@names_arguments
def simulate(
    fit: AnyFit,
    nsim: int = 1,
    *,
    seed: int | None = None,
    use_u: bool = False,
    re_form: Any = NOTHING,
    newdata: Any = None,
    allow_new_levels: bool = False,
    offset: Any = None,
    weights: Any = None,
) -> pd.DataFrame:
    """Simulate responses at the estimates, as lme4's ``simulate``.

    Parameters
    ----------
    fit : LinearMixedFit or GeneralizedMixedFit
    nsim : int
        Number of responses.
    seed : int, optional
        Same seed, same numbers.
    use_u : bool
        Whether the random effects stay as they are estimated (``re_form=None``).
    re_form : None, NaN, "~0", or a formula
        Random effects to keep: all (None), none (NaN or ``"~0"``, the default), or those that
        a formula names. The others are drawn from their group's distribution.
    newdata, allow_new_levels, offset
        As in ``predict``; the effects of new levels are drawn.
    weights : array, optional
        With `newdata`: prior weights, or numbers of trials of a binomial response.

    Returns
    -------
    DataFrame, n rows (under ``na.exclude`` those left out, too, as missing)
        Columns ``sim_1``, ``sim_2``, ... For ``cbind(s, f)`` two columns each, of successes
        and failures, under R's two-level names; for a factor response factors; with `newdata`
        proportions and 0/1.

    Raises
    ------
    ArgumentError, DataError

    Examples
    --------
    >>> import glmmvi as gv
    >>> fit = gv.lmer("Yield ~ 1 + (1 | Batch)", gv.load_dataset("Dyestuff"))
    >>> simulate(fit, 2, seed=1).shape
    (30, 2)
    """
    if not isinstance(nsim, (int, np.integer)) or nsim < 1:
        raise ArgumentError(f"simulate: nsim={nsim!r} is no positive number of simulations")
    if use_u:
        if not (isinstance(re_form, str) and re_form == NOTHING):
            raise ArgumentError("simulate: should specify only one of 'use_u' and 're_form'")
        re_form = None
    y, index = simulated(
        fit,
        int(nsim),
        np.random.default_rng(seed),
        re_form=re_form,
        newdata=newdata,
        allow_new_levels=allow_new_levels,
        offset=offset,
        weights=weights,
    )
    made = as_frame(fit.design, y, index, plain=newdata is not None)
    return made if newdata is not None else with_omitted_rows(fit.design, made)


def simulated(
    fit: AnyFit,
    nsim: int,
    rng: np.random.Generator,
    *,
    re_form: Any,
    newdata: Any = None,
    allow_new_levels: bool = False,
    offset: Any = None,
    weights: Any = None,
) -> tuple[Matrix, pd.Index]:
    """Responses as the engine has them (proportions for ``cbind``), shape (nsim, n)."""
    design, estimates = fit.design, fit.estimates
    if newdata is not None and allow_new_levels:
        design = with_new_levels(design, newdata, offset)
    everything = prediction_rows(
        design,
        newdata,
        re_form=None,
        random_only=False,
        allow_new_levels=allow_new_levels,
        offset=offset,
    )
    kept = chosen_columns(design, re_form)
    n = len(everything.index)
    eta = np.broadcast_to(everything.offset + everything.X @ estimates.beta, (nsim, n)).copy()
    for r, term in everything.parts.items():
        keep = kept.get(r, np.zeros(term.d, dtype=bool))
        factor = estimates.sigma * estimates.Lambda[r]
        effects = rng.standard_normal((nsim, term.L, term.d)) @ factor.T
        known = len(estimates.b_mean[r])
        effects[:, :known] = np.where(keep, estimates.b_mean[r], effects[:, :known])
        eta += sum_of_terms([term.Z], [term.codes], [effects])
    return responses(fit, eta, rng, newdata, weights), everything.index


def with_new_levels(design: DesignMatrices, newdata: Any, offset: Any) -> DesignMatrices:
    """The design whose recipe knows the levels of new data: they come after its own."""
    recipe = design.recipe
    unseen = recipe.rebuild(newdata, offset=offset).new_levels
    random = tuple(
        replace(term, levels=term.levels + tuple(x for x in unseen.get(term.name, ()) if x != "NA"))
        for term in recipe.random
    )
    return replace(design, recipe=replace(recipe, random=random))


def responses(
    fit: AnyFit, eta: Matrix, rng: np.random.Generator, newdata: Any, weights: Any
) -> Matrix:
    """Draw a response for every linear predictor, shape (nsim, n)."""
    design = fit.design
    if newdata is None:
        if weights is not None:
            raise ArgumentError("simulate: weights= is for new data; give newdata= too")
        prior, totals = prior_weights(design), design.totals
    else:
        given = None if weights is None else np.asarray(weights, dtype=np.float64)
        prior, totals = given, None
    if isinstance(fit, GeneralizedMixedFit):
        family = fit.family.for_response(design.y) if newdata is None else fit.family
        return family.simulate(eta, fit.dispersion, rng, weights=prior, totals=totals)
    noise = rng.standard_normal(eta.shape)
    w = np.ones(eta.shape[1]) if prior is None else np.broadcast_to(prior, eta.shape[1:])
    sd = np.divide(fit.estimates.sigma, np.sqrt(w), out=np.zeros_like(w), where=w > 0.0)
    return eta + sd * noise


def as_frame(design: DesignMatrices, y: Matrix, index: pd.Index, *, plain: bool) -> pd.DataFrame:
    """Responses, shape (nsim, n), in the form of the model's own."""
    names = [f"sim_{i}" for i in range(1, len(y) + 1)]
    if not plain and design.response_kind == "cbind" and design.totals is not None:
        shown = shown_columns(design)
        first, second = (
            shown.get(name, name).rpartition(").")[2] for name in response_columns(design)
        )
        columns = {}
        for name, row in zip(names, y, strict=True):
            successes = np.round(row * design.totals)
            columns[name, first] = successes
            columns[name, second] = design.totals - successes
        return pd.DataFrame(columns, index=index)
    if not plain and design.response_kind == "factor":
        levels = pd.Index(design.response_levels)
        return pd.DataFrame(
            {
                name: pd.Categorical.from_codes((row > 0.5).astype(int), categories=levels)
                for name, row in zip(names, y, strict=True)
            },
            index=index,
        )
    return pd.DataFrame(y.T, columns=names, index=index)


def fitted_response(fit: AnyFit) -> NDArray[np.float64]:
    """Fitted values of the response, random effects included, shape (n,)."""
    rows = prediction_rows(
        fit.design, None, re_form=None, random_only=False, allow_new_levels=False, offset=None
    )
    eta = predicted(rows, fit.estimates)
    if isinstance(fit, GeneralizedMixedFit):
        return fit.family.response_mean(fit.family.inverse_link(eta), fit.dispersion)
    return eta
