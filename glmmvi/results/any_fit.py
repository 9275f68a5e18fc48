"""A fit of either kind, as functions that take both name it."""

from __future__ import annotations

from typing import TypeAlias

from glmmvi.results.fit import LinearMixedFit
from glmmvi.results.generalized_fit import GeneralizedMixedFit

AnyFit: TypeAlias = LinearMixedFit | GeneralizedMixedFit
