"""Tables: numbers and names of a fit, without any text."""

from glmmvi.results.tables.anova_table import AnovaTable
from glmmvi.results.tables.coefficient_table import CoefficientTable
from glmmvi.results.tables.confidence_intervals import ConfidenceIntervals
from glmmvi.results.tables.criteria import (
    EvidenceLowerBound,
    InformationCriteria,
    RemlCriterion,
)
from glmmvi.results.tables.group_coefficients import GroupCoefficients
from glmmvi.results.tables.group_table import GroupTable
from glmmvi.results.tables.log_likelihood import LogLikelihood
from glmmvi.results.tables.model_summary import ModelCall, ModelSummary
from glmmvi.results.tables.optimizer_report import OptimizerReport
from glmmvi.results.tables.random_effects import RandomEffects
from glmmvi.results.tables.renderable import Renderable
from glmmvi.results.tables.var_corr import VarCorr, VarCorrTerm

__all__ = [
    "AnovaTable",
    "CoefficientTable",
    "ConfidenceIntervals",
    "EvidenceLowerBound",
    "GroupCoefficients",
    "GroupTable",
    "InformationCriteria",
    "LogLikelihood",
    "ModelCall",
    "ModelSummary",
    "OptimizerReport",
    "RandomEffects",
    "RemlCriterion",
    "Renderable",
    "VarCorr",
    "VarCorrTerm",
]
