"""The formula layer: R's formula language, from text to terms and back to text."""

from glmmvi.formula.deparse import deparse
from glmmvi.formula.deparse_lines import deparse_lines
from glmmvi.formula.expression import (
    Argument,
    Call,
    Constant,
    Expression,
    Number,
    Symbol,
    Text,
)
from glmmvi.formula.grammar import parse_expression
from glmmvi.formula.model_formula import ModelFormula, RandomFormula
from glmmvi.formula.parse import parse_formula
from glmmvi.formula.terms import Terms, expand_terms, term_label
from glmmvi.formula.update import update_formula
from glmmvi.formula.variables import variables_of

__all__ = [
    "Argument",
    "Call",
    "Constant",
    "Expression",
    "ModelFormula",
    "Number",
    "RandomFormula",
    "Symbol",
    "Terms",
    "Text",
    "deparse",
    "deparse_lines",
    "expand_terms",
    "parse_expression",
    "parse_formula",
    "term_label",
    "update_formula",
    "variables_of",
]
