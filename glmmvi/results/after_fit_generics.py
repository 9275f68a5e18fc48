"""R's names for what comes after a fit, beside :mod:`glmmvi.results.generics`."""

from __future__ import annotations

from typing import Any, Literal

import pandas as pd
from numpy.typing import NDArray

from glmmvi.design import model_matrix as formula_matrix
from glmmvi.errors import ArgumentError
from glmmvi.model.families import Family, gaussian
from glmmvi.results.any_fit import AnyFit
from glmmvi.results.fit import LinearMixedFit
from glmmvi.results.generalized_fit import GeneralizedMixedFit
from glmmvi.results.get_me import getME
from glmmvi.results.mixed_fit import MixedModelFit
from glmmvi.results.model_parts import FixedTerms, formula_text
from glmmvi.unknown_arguments import names_arguments

__all__ = [
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
]


def model_matrix(object: Any, data: Any = None, **arguments: Any) -> Any:
    """R's ``model.matrix``: of a formula and data, or of a fit.

    Parameters
    ----------
    object : str, ModelFormula, formulaic.Formula, or a fit
    data : data frame
        For a formula.
    **arguments
        Of :func:`glmmvi.design.model_matrix`, or ``type=`` of
        :func:`glmmvi.results.model_parts.fit_matrix`.

    Examples
    --------
    >>> model_matrix("~ x", {"x": [2.0, 3.0]})
       (Intercept)    x
    0          1.0  2.0
    1          1.0  3.0
    """
    if isinstance(object, MixedModelFit):
        if data is not None:
            raise ArgumentError("model_matrix: a fit has its data; data= goes with a formula")
        return object.model_matrix(**arguments)
    return formula_matrix(object, data, **arguments)


@names_arguments
def model_frame(fit: AnyFit, *, fixed_only: bool = False) -> pd.DataFrame:
    """R's ``model.frame``: see :func:`glmmvi.results.model_parts.fit_frame`."""
    return fit.model_frame(fixed_only=fixed_only)


@names_arguments
def terms(fit: AnyFit) -> FixedTerms:
    """R's ``terms``: see :func:`glmmvi.results.model_parts.model_terms`."""
    return fit.terms()


@names_arguments
def weights(fit: AnyFit, type: Literal["prior", "working"] = "prior") -> NDArray[Any]:
    """R's ``weights``: see :func:`glmmvi.results.model_parts.fit_weights`."""
    made: NDArray[Any] = fit.weights(type)
    return made


@names_arguments
def family(fit: AnyFit) -> Family:
    """The distribution of the response and the link; gaussian of a linear mixed model."""
    return fit.family if isinstance(fit, GeneralizedMixedFit) else gaussian()


@names_arguments
def refitML(fit: AnyFit) -> LinearMixedFit:
    """The same model by maximum likelihood: :func:`glmmvi.results.refit.refit_ml`."""
    made: LinearMixedFit = fit.refitML()
    return made


@names_arguments
def getData(fit: AnyFit) -> Any:
    """The data of the call as they are now, else the model frame."""
    return fit.getData()


@names_arguments
def df_residual(fit: AnyFit) -> int:
    """Observations minus parameters."""
    return fit.df_residual()


@names_arguments
def extractAIC(fit: AnyFit, k: float = 2.0) -> tuple[int, float]:
    """Number of parameters and the criterion, by maximum likelihood."""
    return fit.extractAIC(k)


@names_arguments
def isREML(fit: AnyFit) -> bool:
    """Whether the fixed effects were integrated out."""
    return fit.isREML()


@names_arguments
def isLMM(fit: AnyFit) -> bool:
    """Whether it is a linear mixed model."""
    return fit.isLMM()


@names_arguments
def isGLMM(fit: AnyFit) -> bool:
    """Whether it is a generalized linear mixed model."""
    return fit.isGLMM()
