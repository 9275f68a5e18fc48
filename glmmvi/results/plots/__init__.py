"""Pictures of a fit. Matplotlib (the extra ``plot``) is imported when one is drawn."""

from glmmvi.results.plots.caterpillar import dotplot
from glmmvi.results.plots.group_intervals import plot_group_intervals
from glmmvi.results.plots.observed_groups import plot_groups
from glmmvi.results.plots.plot import plot
from glmmvi.results.plots.prediction_plot import plot_predictions
from glmmvi.results.plots.profile_plot import plot_profile
from glmmvi.results.plots.quantiles import qqmath
from glmmvi.results.plots.residual_plots import plot_residuals, plot_scale_location
from glmmvi.results.plots.sd_posterior import plot_sds
from glmmvi.results.plots.trace import plot_trace

__all__ = [
    "dotplot",
    "plot",
    "plot_group_intervals",
    "plot_groups",
    "plot_predictions",
    "plot_profile",
    "plot_residuals",
    "plot_scale_location",
    "plot_sds",
    "plot_trace",
    "qqmath",
]
