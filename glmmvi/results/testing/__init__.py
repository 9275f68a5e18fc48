"""Tests of a fit: R's ``anova`` and ``drop1``, lmerTest's and car's tables."""

from glmmvi.results.testing.anova import anova
from glmmvi.results.testing.backward_elimination import StepResult, get_model, step
from glmmvi.results.testing.drop_terms import drop1
from glmmvi.results.testing.linear_hypothesis import linear_hypothesis
from glmmvi.results.testing.lmertest_tables import contest, lmertest_summary
from glmmvi.results.testing.random_terms import ranova
from glmmvi.results.testing.wald_table import Anova

__all__ = [
    "Anova",
    "StepResult",
    "anova",
    "contest",
    "drop1",
    "get_model",
    "linear_hypothesis",
    "lmertest_summary",
    "ranova",
    "step",
]
