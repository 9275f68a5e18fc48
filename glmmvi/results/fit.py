"""A fitted linear mixed model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from glmmvi.errors import ArgumentError
from glmmvi.results.advi import AdviResult
from glmmvi.results.mixed_fit import MixedModelFit
from glmmvi.results.prediction import linear_predictor, predict_new
from glmmvi.results.residuals import residuals, scaled_residuals
from glmmvi.results.rows import by_row
from glmmvi.results.summarize import model_summary, var_corr
from glmmvi.results.tables import (
    EvidenceLowerBound,
    InformationCriteria,
    LogLikelihood,
    ModelSummary,
    RemlCriterion,
    VarCorr,
)

ResidualType = Literal["response", "pearson", "working", "deviance"]


@dataclass(frozen=True, repr=False)
class LinearMixedFit(MixedModelFit):
    """A fitted linear mixed model, with lme4's accessors.

    ``print(fit)`` and ``fit.summary()`` print what lme4 prints. Every accessor is also a
    function under R's name: ``glmmvi.fixef(fit)``.

    Attributes
    ----------
    reml : bool
        Whether the fixed effects were integrated out.

    See Also
    --------
    glmmvi.results.mixed_fit.MixedModelFit : The other attributes, and more accessors.

    Examples
    --------
    >>> import glmmvi as gv
    >>> sleepstudy = gv.load_dataset("sleepstudy")
    >>> fit = gv.lmer("Reaction ~ Days + (Days | Subject)", sleepstudy)
    >>> fit.fixef().round(3)
    (Intercept)    251.405
    Days            10.467
    dtype: float64
    >>> round(fit.REMLcrit(), 3)
    1743.628
    """

    reml: bool

    @property
    def n_dispersion(self) -> int:
        """The residual variance, unless it was kept fixed."""
        return 1

    def VarCorr(self) -> VarCorr:
        """Standard deviations and correlations of the random effects, and the residual's."""
        return var_corr(self.design.terms, self.estimates, residual_sd=self.sigma())

    def sigma(self) -> float:
        """Residual standard deviation, in the response's units."""
        return self.estimates.sigma

    # -- how well it fits -----------------------------------------------------------------

    @property
    def advi(self) -> AdviResult | None:
        """The stochastic engine's answer (losses, posterior sds, ...), if it made the fit."""
        return self.posterior if isinstance(self.posterior, AdviResult) else None

    @property
    def elbo(self) -> float:
        """Evidence lower bound, nats.

        Of a structured fit it is the (restricted) log likelihood itself; of a stochastic one
        a Monte Carlo estimate of a lower bound of the log evidence, priors included.
        """
        return self.posterior.elbo

    def _log_likelihood(self, name: str) -> float:
        if self.advi is not None:
            raise ArgumentError(
                f"{name} needs a likelihood; a fit by method='advi' has a lower bound of the "
                "log evidence, priors included: fit.elbo"
            )
        return self.elbo

    def logLik(self) -> LogLikelihood:
        """(Restricted) log likelihood, in nats, with its number of parameters.

        Raises
        ------
        ArgumentError
            For a stochastic fit, as `AIC`, `BIC`, `REMLcrit` and `deviance`: it has an ELBO.
        """
        return LogLikelihood(
            self._log_likelihood("logLik"), df=self.n_parameters, n_obs=self.nobs(), reml=self.reml
        )

    def REMLcrit(self) -> float:
        """-2 times the restricted log likelihood (or the log likelihood, of an ML fit)."""
        return -2.0 * self._log_likelihood("REMLcrit")

    def deviance(self) -> float:
        """-2 times the log likelihood.

        Raises
        ------
        ArgumentError
            For a REML fit, as lme4 deprecates it: use `REMLcrit`.
        """
        if self.reml:
            raise ArgumentError(
                "deviance() is not defined for a REML fit; use REMLcrit() for the REML "
                "criterion, or fit with REML=False"
            )
        return -2.0 * self._log_likelihood("deviance")

    def AIC(self) -> float:
        """Akaike's information criterion, ``-2 logLik + 2 df``."""
        return -2.0 * self._log_likelihood("AIC") + 2.0 * self.n_parameters

    def BIC(self) -> float:
        """Schwarz's information criterion, ``-2 logLik + log(n) df``."""
        log_lik = self._log_likelihood("BIC")
        return -2.0 * log_lik + float(np.log(self.nobs())) * self.n_parameters

    def _criterion(self) -> RemlCriterion | InformationCriteria | EvidenceLowerBound:
        if self.advi is not None:
            return EvidenceLowerBound(self.advi.elbo, self.advi.elbo_error)
        if self.reml:
            return RemlCriterion(-2.0 * self.elbo)
        return InformationCriteria.from_log_lik(
            self.elbo, n_parameters=self.n_parameters, n_observations=self.nobs()
        )

    # -- row by row -----------------------------------------------------------------------

    def fitted(self) -> pd.Series:
        """Fitted values, random effects included, by the data's row labels."""
        return by_row(self.design, linear_predictor(self.design, self.estimates))

    def residuals(self, type: ResidualType = "response", *, scaled: bool = False) -> pd.Series:
        """Residuals, by the data's row labels.

        Parameters
        ----------
        type : {"response", "pearson", "working", "deviance"}
            Response and working residuals are ``y - fitted``; Pearson and deviance residuals
            are multiplied by the square root of the weights.
        scaled : bool
            Whether to divide by `sigma`.
        """
        return by_row(self.design, residuals(self.design, self.estimates, type, scaled=scaled))

    def predict(
        self,
        newdata: Any = None,
        *,
        re_form: Any = None,
        random_only: bool = False,
        allow_new_levels: bool = False,
        offset: Any = None,
    ) -> pd.Series:
        """Predictions, for the data of the fit or for new ones.

        Parameters
        ----------
        newdata : DataFrame, optional
            With the columns that the formula uses (the response is not needed).
        re_form : None, NaN, "~0", or a formula
            Which random effects to include: all (None), none (``float("nan")``, R's ``NA``, or
            ``"~0"``), or the terms of a formula such as ``"~ (1 | Subject)"``.
        random_only : bool
            Whether to leave the fixed effects and the offset out.
        allow_new_levels : bool
            Whether a level that was not seen is allowed; its random effects are 0.
        offset : array, shape (n_new,), optional
            Needed when the fit was given an offset as an array.

        Returns
        -------
        Series of float64
            By the row labels of the data; NaN where a value is missing.

        Raises
        ------
        DataError
            For new levels (lme4's ``new levels detected in newdata``), a missing column, ...
        """
        values, index = predict_new(
            self.design,
            self.estimates,
            newdata,
            re_form=re_form,
            random_only=random_only,
            allow_new_levels=allow_new_levels,
            offset=offset,
        )
        return pd.Series(values, index=index)

    def _make_summary(self) -> ModelSummary:
        return model_summary(
            design=self.design,
            estimates=self.estimates,
            call=self.call,
            title=self.title,
            class_name="lmerMod",
            family=None,
            varcorr=self.VarCorr(),
            criterion=self._criterion(),
            n_obs=self.nobs(),
            scaled=scaled_residuals(self.design, self.estimates),
            optimization=self.optimization,
            singular=self.show_singular and self.isSingular(),
            notes=self.notes,
        )
