"""A fitted linear mixed model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from glmmvi.caller import act
from glmmvi.results.advi import AdviResult
from glmmvi.results.mixed_fit import MixedModelFit
from glmmvi.results.posterior_moments import FullPosterior, refuse_log_likelihood
from glmmvi.results.predict_fit import predict_fit
from glmmvi.results.prediction import linear_predictor
from glmmvi.results.prediction_intervals import Interval
from glmmvi.results.residuals import residuals, scaled_residuals
from glmmvi.results.rows import by_row
from glmmvi.results.structured_posterior import StructuredPosterior
from glmmvi.results.summarize import model_summary, var_corr
from glmmvi.results.tables import (
    EvidenceLowerBound,
    InformationCriteria,
    LogLikelihood,
    ModelSummary,
    RemlCriterion,
    VarCorr,
)
from glmmvi.unknown_arguments import methods_name_arguments

ResidualType = Literal["response", "pearson", "working", "deviance"]


@methods_name_arguments
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

    def VarCorr(self, sigma: float | None = None) -> VarCorr:
        """Standard deviations and correlations of the random effects, and the residual's.

        Parameters
        ----------
        sigma : float, optional
            In place of the fit's: the relative covariance factors are multiplied by it.

        Examples
        --------
        >>> import glmmvi as gv
        >>> fit = gv.lmer("Reaction ~ Days + (Days | Subject)", gv.load_dataset("sleepstudy"))
        >>> fit.VarCorr(sigma=1).terms[0].sd.round(4).tolist()
        [0.9667, 0.2314]
        """
        terms, estimates = self.design.terms, self.estimates
        return var_corr(terms, estimates, residual_sd=self.sigma(), sigma=sigma)

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

        Of a structured fit it is the (restricted) log likelihood itself; of one with a
        posterior of every parameter a lower bound of the log evidence, priors included.
        """
        return self.posterior.elbo

    def _minus_two_log_lik(self, name: str, reml: bool) -> float:
        refuse_log_likelihood(self.posterior, name)
        if reml != self.reml and isinstance(self.posterior, StructuredPosterior):
            return self.posterior.criterion(self.design, reml=reml)
        return -2.0 * self.elbo

    def logLik(self, REML: bool | None = None) -> LogLikelihood:
        """(Restricted) log likelihood, in nats, with its number of parameters.

        Parameters
        ----------
        REML : bool, optional
            Whether the fixed effects are integrated out: by default, as in the fit. Otherwise
            the other likelihood at the estimated covariance factors, as in lme4.

        Raises
        ------
        ArgumentError
            For a fit with a posterior of every parameter (``method="advi"``, ...), as `AIC`,
            `BIC`, `REMLcrit` and `deviance`: it has an ELBO.
        """
        reml = self.reml if REML is None else bool(REML)
        value = -0.5 * self._minus_two_log_lik("logLik", reml)
        return LogLikelihood(value, df=self.n_parameters, n_obs=self.nobs(), reml=reml)

    def REMLcrit(self) -> float:
        """-2 times the restricted log likelihood, of an ML fit too (at its estimates)."""
        return self._minus_two_log_lik("REMLcrit", True)

    def deviance(self, REML: bool | None = None) -> float:
        """-2 times the log likelihood.

        Parameters
        ----------
        REML : bool, optional
            False for the log likelihood at the estimates of a REML fit; True for `REMLcrit`.

        Warns
        -----
        GlmmviWarning
            For a REML fit without `REML`: the REML criterion is given, as in lme4 (1.1-31), which
            deprecates that.
        """
        if REML is None and self.reml:
            act(
                "warning",
                "deviance() is deprecated for REML fits; use REMLcrit for the REML criterion or "
                "deviance(.,REML=FALSE) for deviance calculated at the REML fit",
            )
            return self.REMLcrit()
        return self._minus_two_log_lik("deviance", bool(REML))

    def AIC(self) -> float:
        """Akaike's information criterion, ``-2 logLik + 2 df``."""
        return self._minus_two_log_lik("AIC", self.reml) + 2.0 * self.n_parameters

    def BIC(self) -> float:
        """Schwarz's information criterion, ``-2 logLik + log(n) df``."""
        deviance = self._minus_two_log_lik("BIC", self.reml)
        return deviance + float(np.log(self.nobs())) * self.n_parameters

    def _criterion(self) -> RemlCriterion | InformationCriteria | EvidenceLowerBound:
        if isinstance(self.posterior, FullPosterior):
            return self.posterior.evidence
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
        se_fit: bool = False,
        interval: Interval | None = None,
        level: float = 0.95,
        covariance_uncertainty: bool = False,
        weights: Any = None,
    ) -> pd.Series | pd.DataFrame:
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
        se_fit : bool
            Whether to give standard errors: of fixed and random effects jointly.
        interval : {"confidence", "prediction"}, optional
            Of the mean given the random effects that take part, or of a new response. A level
            that was not seen is drawn from its group's distribution; for a prediction so are
            the terms that `re_form` leaves out.
        level : float
            Of the interval.
        covariance_uncertainty : bool
            Whether the covariance parameters count as uncertain, too.
        weights : array or str, optional
            For a prediction interval: precision weights of the new rows, 1 by default.

        Returns
        -------
        Series of float64
            By the row labels of the data; NaN where a value is missing.
        DataFrame
            With `se_fit` or `interval`: ``fit``, ``se.fit``, ``lwr``, ``upr`` (R's names).

        Raises
        ------
        DataError
            For new levels (lme4's ``new levels detected in newdata``), a missing column, ...

        Examples
        --------
        >>> import glmmvi as gv
        >>> fit = gv.lmer("Reaction ~ Days + (Days | Subject)", gv.load_dataset("sleepstudy"))
        >>> new = {"Days": [10.0, 10.0], "Subject": ["308", "a new one"]}
        >>> fit.predict(new, allow_new_levels=True, interval="prediction", level=0.9).round(1)
             fit    lwr    upr
        0  450.3  400.8  499.8
        1  356.1  237.2  474.9
        """
        return predict_fit(
            self,
            newdata,
            family=None,
            dispersion=np.empty(0),
            type="response",
            re_form=re_form,
            random_only=random_only,
            allow_new_levels=allow_new_levels,
            offset=offset,
            se_fit=se_fit,
            interval=interval,
            level=level,
            covariance_uncertainty=covariance_uncertainty,
            weights=weights,
            seed=None,
        )

    def summary(
        self,
        *,
        ddf: Literal["lme4", "Satterthwaite", "Kenward-Roger"] = "lme4",
        **layout: Any,
    ) -> ModelSummary:
        """lme4's summary, or lmerTest's: its numbers, and its text when printed.

        Parameters
        ----------
        ddf : {"lme4", "Satterthwaite", "Kenward-Roger"}
            The last two add lmerTest's degrees of freedom and p values; Kenward and Roger's have
            standard errors of their own, for which prior weights count (pbkrtest, 0.5.2,
            ignores them).
        **layout
            See :meth:`glmmvi.results.mixed_fit.MixedModelFit.summary`.
        """
        if ddf == "lme4":
            return super().summary(**layout)
        from glmmvi.results.testing import lmertest_summary

        return lmertest_summary(self, ddf, layout)

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
