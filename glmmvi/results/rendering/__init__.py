"""Renderers: tables of numbers into lme4's text."""

from glmmvi.results.rendering.anova import render_anova
from glmmvi.results.rendering.coefficient_matrix import print_coefficient_matrix
from glmmvi.results.rendering.confint import render_confint
from glmmvi.results.rendering.data_frame import render_data_frame
from glmmvi.results.rendering.group_tables import render_coef, render_ranef
from glmmvi.results.rendering.html import write_html
from glmmvi.results.rendering.latex import write_latex
from glmmvi.results.rendering.markdown import write_markdown
from glmmvi.results.rendering.model_print import render_print
from glmmvi.results.rendering.model_summary import render_summary
from glmmvi.results.rendering.numbers import format_number, format_numbers
from glmmvi.results.rendering.scalars import (
    render_fixef,
    render_log_lik,
    render_named_numbers,
    render_ngrps,
    render_vcov,
)
from glmmvi.results.rendering.summary_document import summary_document
from glmmvi.results.rendering.var_corr import render_var_corr

__all__ = [
    "format_number",
    "format_numbers",
    "print_coefficient_matrix",
    "render_anova",
    "render_coef",
    "render_confint",
    "render_data_frame",
    "render_fixef",
    "render_log_lik",
    "render_named_numbers",
    "render_ngrps",
    "render_print",
    "render_ranef",
    "render_summary",
    "render_var_corr",
    "render_vcov",
    "summary_document",
    "write_html",
    "write_latex",
    "write_markdown",
]
