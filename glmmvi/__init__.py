"""Mixed models by variational inference, with lme4's formulas and printouts.

>>> import glmmvi as gv
>>> fit = gv.lmer("Reaction ~ Days + (Days | Subject)", gv.load_dataset("sleepstudy"))
>>> fit.fixef().round(2).to_dict()
{'(Intercept)': 251.41, 'Days': 10.47}

Names are imported when first used (PEP 562), so that ``import glmmvi`` costs next to nothing;
``__init__.pyi`` says what they are.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_PACKAGES = (
    "api",
    "data",
    "design",
    "errors",
    "examples",
    "formula",
    "inference",
    "model",
    "results",
)
_NAMES_OF_MODULES = {
    "glmmvi.api": (
        "glmer",
        "glmer_nb",
        "lmList",
        "lmer",
    ),
    "glmmvi.data": ("load_dataset",),
    "glmmvi.design": (
        "LinearFormula",
        "lFormula",
        "mixed_formula",
    ),
    "glmmvi.errors": (
        "ArgumentError",
        "ConvergenceWarning",
        "DataError",
        "FitError",
        "FormulaError",
        "FormulaMessage",
        "FormulaSyntaxError",
        "GlmmviError",
        "GlmmviMessage",
        "GlmmviWarning",
        "RankDeficientMessage",
        "SeparationWarning",
        "SingularFitMessage",
    ),
    "glmmvi.formula": (
        "ModelFormula",
        "parse_formula",
        "update_formula",
    ),
    "glmmvi.model.families": (
        "Family",
        "Gamma",
        "beta",
        "betabinomial",
        "binomial",
        "gaussian",
        "inverse_gaussian",
        "nbinom2",
        "negative_binomial",
        "poisson",
        "student_t",
        "tweedie",
        "zero_inflated",
    ),
    "glmmvi.model.priors": (
        "LKJ",
        "Exponential",
        "Flat",
        "HalfCauchy",
        "HalfNormal",
        "Normal",
        "StudentT",
    ),
    "glmmvi.results.after_fit_generics": (
        "df_residual",
        "extractAIC",
        "family",
        "formula_text",
        "getData",
        "getME",
        "isGLMM",
        "isLMM",
        "isREML",
        "model_frame",
        "model_matrix",
        "refitML",
        "terms",
        "weights",
    ),
    "glmmvi.results.arviz_export": ("to_arviz",),
    "glmmvi.results.augment": ("augment",),
    "glmmvi.results.bootstrap": ("bootMer",),
    "glmmvi.results.control": (
        "GlmerControl",
        "LmerControl",
        "glmerControl",
        "lmerControl",
    ),
    "glmmvi.results.fit": ("LinearMixedFit",),
    "glmmvi.results.fortify": ("fortify",),
    "glmmvi.results.generalized_fit": ("GeneralizedMixedFit",),
    "glmmvi.results.generics": (
        "AIC",
        "BIC",
        "REMLcrit",
        "VarCorr",
        "coef",
        "deviance",
        "fitted",
        "fixef",
        "isSingular",
        "logLik",
        "ngrps",
        "nobs",
        "predict",
        "ranef",
        "residuals",
        "sigma",
        "summary",
        "update",
        "vcov",
    ),
    "glmmvi.results.intervals": (
        "confint",
        "profile",
    ),
    "glmmvi.results.plots": (
        "dotplot",
        "plot",
        "qqmath",
    ),
    "glmmvi.results.posterior_samples": (
        "posterior_predictive",
        "posterior_samples",
    ),
    "glmmvi.results.refit": ("refit",),
    "glmmvi.results.saving": (
        "load",
        "save",
    ),
    "glmmvi.results.simulation": ("simulate",),
    "glmmvi.results.standard_deviance": (
        "allFit",
        "devfun2",
    ),
    "glmmvi.results.statistics": (
        "cooks_distance",
        "dfbeta",
        "dfbetas",
        "difflsmeans",
        "emmeans",
        "emtrends",
        "hatvalues",
        "icc",
        "influence",
        "ls_means",
        "lsmeansLT",
        "overdispersion",
        "r2",
        "rePCA",
        "rstandard",
        "rstudent",
    ),
    "glmmvi.results.testing": (
        "Anova",
        "anova",
        "contest",
        "drop1",
        "get_model",
        "linear_hypothesis",
        "ranova",
        "step",
    ),
    "glmmvi.results.tidy": (
        "glance",
        "tidy",
    ),
}
_MODULE_OF = {name: module for module, names in _NAMES_OF_MODULES.items() for name in names}

__all__ = sorted(_MODULE_OF)


def __getattr__(name: str) -> Any:
    """Import a name on its first use."""
    if name in _PACKAGES:
        return import_module(f"{__name__}.{name}")
    module = _MODULE_OF.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(module), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*(name for name in globals() if name.startswith("__")), *__all__, *_PACKAGES})
