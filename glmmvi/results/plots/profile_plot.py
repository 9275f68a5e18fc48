"""Profile zeta plots: R's ``xyplot(profile(fit))``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from glmmvi.errors import ArgumentError
from glmmvi.results.intervals.profile import ParameterProfile, Profile
from glmmvi.results.intervals.profile import profile as profile_of
from glmmvi.results.mixed_fit import MixedModelFit
from glmmvi.results.plots.axes import LINE, REFERENCE, many_axes
from glmmvi.results.prediction_intervals import check_level
from glmmvi.unknown_arguments import names_arguments


@names_arguments
def plot_profile(
    profile: Any,
    *,
    conf: Sequence[float] = (0.5, 0.8, 0.9, 0.95, 0.99),
    abs_val: bool = False,
    ax: Any = None,
    **arguments: Any,
) -> NDArray[Any]:
    """Draw zeta against every parameter, with intervals: R's ``xyplot(profile(fit))``.

    Parameters
    ----------
    profile : Profile, or a fitted model
        A fit is profiled first: slow for many parameters.
    conf : sequence of float
        Levels of the intervals that are drawn, as vertical lines from 0 to the curve.
    abs_val : bool
        Whether ``|zeta|`` is drawn (R's ``absVal``).
    ax : matplotlib Axes, or array of them, optional
        One a parameter; a new figure by default.
    **arguments
        Of :func:`glmmvi.profile`, with a fit: ``which=``, ``oldNames=``.

    Returns
    -------
    array of matplotlib Axes, shape (k,)
        A straight line is a parameter whose likelihood is that of a normal; its title is its
        name.

    Raises
    ------
    ArgumentError
        For a level that is no probability, or an `ax` of another size.
    """
    if isinstance(profile, MixedModelFit):
        profile = profile_of(profile, **arguments)
    elif arguments:
        raise ArgumentError(f"{', '.join(arguments)}: go with a fit; this one is profiled already")
    if not isinstance(profile, Profile):
        raise ArgumentError(f"plot_profile takes profile(fit), not a {type(profile).__name__}")
    for level in conf:
        check_level(level)
    axes = many_axes(len(profile.parameters), ax, height=2.6)
    for panel, parameter in zip(axes, profile.parameters, strict=True):
        _panel(panel, parameter, conf, abs_val)
    return axes


def _panel(panel: Any, parameter: ParameterProfile, conf: Sequence[float], abs_val: bool) -> None:
    from scipy.interpolate import PchipInterpolator

    def shown(zeta: Any) -> Any:
        return np.abs(zeta) if abs_val else zeta

    value, zeta = parameter.value, parameter.zeta
    fine = np.linspace(value[0], value[-1], 200)
    panel.axhline(0.0, **REFERENCE)
    panel.plot(fine, shown(PchipInterpolator(value, zeta)(fine)), **LINE)
    for level in conf:
        for tail in (0.5 - 0.5 * level, 0.5 + 0.5 * level):
            cut = float(ndtri(tail))
            if zeta[0] <= cut <= zeta[-1]:
                panel.vlines(parameter.at(cut), 0.0, shown(cut), color="0.5", linewidth=0.8)
    panel.set_title(parameter.name)
    panel.set_ylabel(r"$|\zeta|$" if abs_val else r"$\zeta$")
