"""``fit.plot(kind=...)``: the pictures of a fit by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from glmmvi.errors import ArgumentError, nearest_hint
from glmmvi.results.any_fit import AnyFit
from glmmvi.results.intervals.profile import Profile
from glmmvi.results.lm_list import GroupIntervals, LmList
from glmmvi.results.mixed_fit import MixedModelFit
from glmmvi.results.plots.caterpillar import dotplot
from glmmvi.results.plots.group_intervals import plot_group_intervals
from glmmvi.results.plots.observed_groups import plot_groups
from glmmvi.results.plots.prediction_plot import plot_predictions
from glmmvi.results.plots.profile_plot import plot_profile
from glmmvi.results.plots.quantiles import qqmath
from glmmvi.results.plots.residual_plots import plot_residuals, plot_scale_location
from glmmvi.results.plots.sd_posterior import plot_sds
from glmmvi.results.plots.trace import plot_trace


def _qq_random(fit: AnyFit, **arguments: Any) -> Any:
    return qqmath(fit.ranef(), **arguments)


KINDS: dict[str, Callable[..., Any]] = {
    "residuals": plot_residuals,
    "scale-location": plot_scale_location,
    "qq": qqmath,
    "ranef": dotplot,
    "ranef-qq": _qq_random,
    "groups": plot_groups,
    "trace": plot_trace,
    "profile": plot_profile,
    "predictions": plot_predictions,
    "sds": plot_sds,
}


def plot(
    fit: AnyFit | Profile | LmList | GroupIntervals, kind: str = "residuals", **arguments: Any
) -> Any:
    """Draw one of the pictures of a fit (needs matplotlib: ``pip install 'glmmvi[plot]'``).

    Parameters
    ----------
    fit : LinearMixedFit or GeneralizedMixedFit
        Or a profile, for its zeta plots; or ``confint`` of an ``lmList``, for the intervals of
        its groups.
    kind : str
        ``"residuals"`` (against fitted, lme4's default), ``"scale-location"``, ``"qq"`` (of
        residuals), ``"ranef"`` (caterpillar), ``"ranef-qq"``, ``"groups"`` (observed against
        predicted means), ``"trace"`` (ELBO), ``"profile"`` (zeta), ``"predictions"`` (with
        bands), ``"sds"`` (posterior densities).
    **arguments
        Of the function that draws it, in :mod:`glmmvi.results.plots`; all take ``ax=``.

    Returns
    -------
    matplotlib Axes
    array of matplotlib Axes, shape (k,)
        Of a picture with panels: ``"qq"``, ``"ranef"``, ``"ranef-qq"``, ``"profile"``,
        ``"sds"``.

    Raises
    ------
    ArgumentError
        If there is no such picture, or matplotlib is not installed.

    Examples
    --------
    >>> import glmmvi as gv
    >>> fit = gv.lmer("Reaction ~ Days + (Days | Subject)", gv.load_dataset("sleepstudy"))
    >>> ax = fit.plot()
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('fitted(.)', 'resid(., type = "pearson")')
    """
    if isinstance(fit, Profile):
        return plot_profile(fit, **arguments)
    if isinstance(fit, LmList):
        return fit.plot(**arguments)
    if isinstance(fit, GroupIntervals):
        return plot_group_intervals(fit, **arguments)
    if not isinstance(fit, MixedModelFit):
        raise ArgumentError(
            f"plot takes a fit, profile(fit) or confint(lmList(...)), not a {type(fit).__name__}; "
            "random effects are drawn by dotplot(ranef(fit)) and qqmath(ranef(fit))"
        )
    if kind not in KINDS:
        raise ArgumentError(
            f"plot: there is no kind={kind!r}{nearest_hint(str(kind), KINDS)}; there are "
            f"{', '.join(map(repr, KINDS))}"
        )
    return KINDS[kind](fit, **arguments)
