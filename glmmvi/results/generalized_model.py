"""A generalized model as its engines and its TFP model start from it."""

from __future__ import annotations

from dataclasses import dataclass

from glmmvi.design.design_matrices import DesignMatrices
from glmmvi.inference.generalized_mixed import GeneralizedMixedProblem
from glmmvi.model.families import Family


@dataclass(frozen=True)
class GeneralizedModel:
    """A design with a family, and the same as arrays.

    Attributes
    ----------
    design : DesignMatrices
    family : Family
    problem : GeneralizedMixedProblem
    """

    design: DesignMatrices
    family: Family
    problem: GeneralizedMixedProblem
