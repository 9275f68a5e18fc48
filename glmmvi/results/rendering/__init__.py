"""Renderers: tables of numbers into lme4's text."""

from glmmvi.results.rendering.group_tables import render_coef, render_ranef
from glmmvi.results.rendering.model_print import render_print
from glmmvi.results.rendering.model_summary import render_summary
from glmmvi.results.rendering.scalars import render_log_lik
from glmmvi.results.rendering.var_corr import render_var_corr

__all__ = [
    "render_coef",
    "render_log_lik",
    "render_print",
    "render_ranef",
    "render_summary",
    "render_var_corr",
]
