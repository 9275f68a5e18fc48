"""Design layer: a formula met by data, and met again by new data."""

from glmmvi.design.build import build_design
from glmmvi.design.design_matrices import DesignMatrices
from glmmvi.design.lformula import LinearFormula, lFormula
from glmmvi.design.mixed_formula import mixed_formula
from glmmvi.design.model_matrix import model_matrix
from glmmvi.design.random_term import RandomTerm
from glmmvi.design.re_term import ReTerm
from glmmvi.design.recipe import DesignRecipe, NewDesign
from glmmvi.design.sparse_columns import sparse_columns
from glmmvi.design.term_checks import TermActions, check_random_terms

__all__ = [
    "DesignMatrices",
    "DesignRecipe",
    "LinearFormula",
    "NewDesign",
    "RandomTerm",
    "ReTerm",
    "TermActions",
    "build_design",
    "check_random_terms",
    "lFormula",
    "mixed_formula",
    "model_matrix",
    "sparse_columns",
]
