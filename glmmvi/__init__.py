"""Mixed models by variational inference, with lme4's formulas and printouts.

>>> import glmmvi as gv
>>> fit = gv.lmer("Reaction ~ Days + (Days | Subject)", gv.load_dataset("sleepstudy"))
>>> fit.fixef().round(2).to_dict()
{'(Intercept)': 251.41, 'Days': 10.47}
"""

from glmmvi.api import glmer, glmer_nb, lmer
from glmmvi.data import load_dataset
from glmmvi.design import LinearFormula, lFormula, mixed_formula, model_matrix
from glmmvi.errors import (
    ArgumentError,
    ConvergenceWarning,
    DataError,
    FitError,
    FormulaError,
    FormulaMessage,
    FormulaSyntaxError,
    GlmmviError,
    GlmmviMessage,
    GlmmviWarning,
    RankDeficientMessage,
    SingularFitMessage,
)
from glmmvi.formula import ModelFormula, parse_formula, update_formula
from glmmvi.model.families import (
    Family,
    Gamma,
    beta,
    betabinomial,
    binomial,
    gaussian,
    inverse_gaussian,
    nbinom2,
    negative_binomial,
    poisson,
    student_t,
    tweedie,
    zero_inflated,
)
from glmmvi.model.priors import (
    LKJ,
    Exponential,
    Flat,
    HalfCauchy,
    HalfNormal,
    Normal,
    StudentT,
)
from glmmvi.results.control import GlmerControl, LmerControl, glmerControl, lmerControl
from glmmvi.results.fit import LinearMixedFit
from glmmvi.results.generalized_fit import GeneralizedMixedFit
from glmmvi.results.generics import (
    AIC,
    BIC,
    REMLcrit,
    VarCorr,
    coef,
    deviance,
    fitted,
    fixef,
    isSingular,
    logLik,
    ngrps,
    nobs,
    predict,
    ranef,
    residuals,
    sigma,
    summary,
    vcov,
)
from glmmvi.results.intervals import confint, profile

__version__ = "0.1.0"

__all__ = [
    "AIC",
    "BIC",
    "LKJ",
    "ArgumentError",
    "ConvergenceWarning",
    "DataError",
    "Exponential",
    "Family",
    "FitError",
    "Flat",
    "FormulaError",
    "FormulaMessage",
    "FormulaSyntaxError",
    "Gamma",
    "GeneralizedMixedFit",
    "GlmerControl",
    "GlmmviError",
    "GlmmviMessage",
    "GlmmviWarning",
    "HalfCauchy",
    "HalfNormal",
    "LinearFormula",
    "LinearMixedFit",
    "LmerControl",
    "ModelFormula",
    "Normal",
    "REMLcrit",
    "RankDeficientMessage",
    "SingularFitMessage",
    "StudentT",
    "VarCorr",
    "beta",
    "betabinomial",
    "binomial",
    "coef",
    "confint",
    "deviance",
    "fitted",
    "fixef",
    "gaussian",
    "glmer",
    "glmerControl",
    "glmer_nb",
    "inverse_gaussian",
    "isSingular",
    "lFormula",
    "lmer",
    "lmerControl",
    "load_dataset",
    "logLik",
    "mixed_formula",
    "model_matrix",
    "nbinom2",
    "negative_binomial",
    "ngrps",
    "nobs",
    "parse_formula",
    "poisson",
    "predict",
    "profile",
    "ranef",
    "residuals",
    "sigma",
    "student_t",
    "summary",
    "tweedie",
    "update_formula",
    "vcov",
    "zero_inflated",
]
