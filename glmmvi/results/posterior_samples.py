"""Draws of fixed and random effects, and of new responses, from the surrogate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from glmmvi.errors import ArgumentError
from glmmvi.inference.effects_posterior import EffectsDraws, draw_effects, sum_of_terms
from glmmvi.results.any_fit import AnyFit
from glmmvi.results.effects import effects_of
from glmmvi.results.prediction import prediction_rows
from glmmvi.results.simulation import as_frame, responses, with_new_levels
from glmmvi.unknown_arguments import names_arguments


@dataclass(frozen=True)
class PosteriorSamples:
    """Draws from the surrogate, on the user's scale.

    Attributes
    ----------
    fixed : DataFrame, shape (n, p)
        Fixed effects, one row a draw.
    random : dict of str to float64, shape (n, L, d)
        Random effects, by term.
    levels, columns : dict of str to tuple of str
        Names of the levels and columns, by term.
    """

    fixed: pd.DataFrame
    random: dict[str, NDArray[np.float64]]
    levels: dict[str, tuple[str, ...]]
    columns: dict[str, tuple[str, ...]]

    def __len__(self) -> int:
        return len(self.fixed)

    def as_data_frame(self) -> pd.DataFrame:
        """One column an effect: ``Days``, ``b[Days Subject:308]`` (rstanarm's names)."""
        parts = [self.fixed]
        for label, values in self.random.items():
            names = [
                f"b[{column} {label}:{level}]"
                for level in self.levels[label]
                for column in self.columns[label]
            ]
            parts.append(pd.DataFrame(values.reshape(len(values), -1), columns=names))
        return pd.concat(parts, axis=1)


@names_arguments
def posterior_samples(fit: AnyFit, n: int = 1000, *, seed: int | None = None) -> PosteriorSamples:
    """Draw fixed and random effects jointly from the surrogate, without TensorFlow.

    The covariance parameters are at their estimates. Where the fixed effects are a point in the
    surrogate (maximum likelihood) they are drawn with the covariance matrix ``vcov``, and the
    random effects follow them.

    Parameters
    ----------
    fit : LinearMixedFit or GeneralizedMixedFit
        By the structured engine.
    n : int
        Number of draws.
    seed : int, optional
        Same seed, same numbers.

    Returns
    -------
    PosteriorSamples

    Examples
    --------
    >>> import glmmvi as gv
    >>> fit = gv.lmer("Yield ~ 1 + (1 | Batch)", gv.load_dataset("Dyestuff"))
    >>> draws = posterior_samples(fit, 200, seed=1)
    >>> draws.as_data_frame().shape, draws.random["Batch"].shape
    ((200, 7), (200, 6, 1))
    """
    draws = _draws(fit, n, np.random.default_rng(seed))
    terms = fit.design.terms
    return PosteriorSamples(
        fixed=pd.DataFrame(draws.beta, columns=list(fit.design.column_names)),
        random={term.label: b for term, b in zip(terms, draws.b, strict=True)},
        levels={term.label: term.levels for term in terms},
        columns={term.label: term.column_names for term in terms},
    )


def _draws(fit: AnyFit, n: int, rng: np.random.Generator) -> EffectsDraws:
    if not isinstance(n, (int, np.integer)) or n < 1:
        raise ArgumentError(f"n={n!r} is no positive number of draws")
    return draw_effects(effects_of(fit.posterior), int(n), rng)


@names_arguments
def posterior_predictive(
    fit: AnyFit,
    n: int = 1000,
    *,
    newdata: Any = None,
    seed: int | None = None,
    allow_new_levels: bool = False,
    offset: Any = None,
    weights: Any = None,
) -> pd.DataFrame:
    """Draw new responses: each from its own draw of the effects.

    Unlike :func:`glmmvi.results.simulation.simulate`, whose parameters are the estimates, this
    has the uncertainty of the effects in it.

    Parameters
    ----------
    fit : LinearMixedFit or GeneralizedMixedFit
    n : int
        Number of draws.
    newdata, allow_new_levels, offset, weights
        See `simulate`; the effects of new levels are drawn from their group's distribution.
    seed : int, optional

    Returns
    -------
    DataFrame
        One row a row of the data, columns ``sim_1``, ... as `simulate`.

    Examples
    --------
    >>> import glmmvi as gv
    >>> fit = gv.lmer("Yield ~ 1 + (1 | Batch)", gv.load_dataset("Dyestuff"))
    >>> posterior_predictive(fit, 100, newdata={"Batch": ["A", "B"]}, seed=1).shape
    (2, 100)
    """
    rng = np.random.default_rng(seed)
    draws = _draws(fit, n, rng)
    design = fit.design
    if newdata is not None and allow_new_levels:
        design = with_new_levels(design, newdata, offset)
    rows = prediction_rows(
        design,
        newdata,
        re_form=None,
        random_only=False,
        allow_new_levels=allow_new_levels,
        offset=offset,
    )
    eta = rows.offset + draws.beta @ rows.X.T
    for r, term in rows.parts.items():
        factor = fit.estimates.sigma * fit.estimates.Lambda[r]
        known = draws.b[r].shape[1]
        new = rng.standard_normal((len(draws.beta), term.L - known, term.d)) @ factor.T
        effects = np.concatenate([draws.b[r], new], axis=1)
        eta += sum_of_terms([term.Z], [term.codes], [effects])
    y = responses(fit, eta, rng, newdata, weights)
    return as_frame(fit.design, y, rows.index, plain=newdata is not None)
