"""Confidence intervals of a fit: R's ``confint`` and ``profile``."""

from glmmvi.results.intervals.confint import confint
from glmmvi.results.intervals.profile import profile

__all__ = ["confint", "profile"]
