"""A fitted generalized linear mixed model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from glmmvi.design.design_matrices import DesignMatrices
from glmmvi.errors import ArgumentError
from glmmvi.inference.orthogonal_basis import engine_factor
from glmmvi.model.families import Family
from glmmvi.results.generalized_answer import GeneralizedAnswer
from glmmvi.results.generalized_residuals import generalized_residuals
from glmmvi.results.mixed_fit import MixedModelFit
from glmmvi.results.posterior_moments import FullPosterior, refuse_log_likelihood
from glmmvi.results.predict_fit import predict_fit
from glmmvi.results.prediction import linear_predictor
from glmmvi.results.prediction_intervals import Interval
from glmmvi.results.rows import by_row
from glmmvi.results.summarize import model_summary, var_corr
from glmmvi.results.surrogate_gap import SurrogateGap, gap_notes, surrogate_gap
from glmmvi.results.tables import (
    EvidenceLowerBound,
    InformationCriteria,
    LogLikelihood,
    ModelSummary,
    VarCorr,
)
from glmmvi.results.variational_posterior import VariationalPosterior
from glmmvi.unknown_arguments import methods_name_arguments

Scale = Literal["link", "response"]


@methods_name_arguments
@dataclass(frozen=True, repr=False)
class GeneralizedMixedFit(MixedModelFit):
    """A fitted generalized linear mixed model, with lme4's accessors.

    Attributes
    ----------
    family : Family
        Distribution of the response and link.
    dispersion : float64, shape (k,)
        Unconstrained dispersion parameters; empty for binomial and Poisson.
    dispersion_cov : float64, shape (k, k), or None
        Their covariance matrix, if the Hessian was asked for.
    log_likelihood : float
        Or the bound or approximation of it that was maximised, nats.
    engine : callable, optional
        ``(design, theta) -> GeneralizedAnswer``: fits another response of the same rows.

    See Also
    --------
    glmmvi.results.mixed_fit.MixedModelFit : The other attributes, and more accessors.

    Examples
    --------
    >>> import glmmvi as gv
    >>> cbpp = gv.load_dataset("cbpp")
    >>> formula = "cbind(incidence, size - incidence) ~ period + (1 | herd)"
    >>> fit = gv.glmer(formula, cbpp, family="binomial")
    >>> fit.fixef().round(4).to_dict()
    {'(Intercept)': -1.3981, 'period2': -0.9923, 'period3': -1.1288, 'period4': -1.5806}
    """

    family: Family
    dispersion: NDArray[np.float64]
    dispersion_cov: NDArray[np.float64] | None
    log_likelihood: float
    engine: Callable[[DesignMatrices, ArrayLike], GeneralizedAnswer] | None = None

    @property
    def n_dispersion(self) -> int:
        """Number of dispersion parameters that were estimated."""
        return len(self.dispersion)

    def dispersion_parameters(self) -> dict[str, float]:
        """Dispersion parameters by name, on their natural scale."""
        natural = self.family.to_natural(self.dispersion).tolist()
        return dict(zip(self.family.dispersion_names, natural, strict=True))

    def sigma(self) -> float:
        """R's ``sigma``: the scale of gaussian, Gamma and inverse Gaussian families, else 1."""
        return float(self.family.to_natural(self.dispersion)[0]) if self.family.uses_scale else 1.0

    def VarCorr(self, sigma: float | None = None) -> VarCorr:
        """Standard deviations and correlations of the random effects, on the link scale.

        Parameters
        ----------
        sigma : float, optional
            In place of the fit's: the relative covariance factors are multiplied by it.
        """
        scale = self.sigma() if self.family.uses_scale else None
        return var_corr(self.design.terms, self.estimates, residual_sd=scale, sigma=sigma)

    @cached_property
    def _standardized_diagonal(self) -> NDArray[np.float64]:
        # in the unit of the linear predictor, which a link may take from the response
        if not isinstance(self.posterior, VariationalPosterior):
            return super()._standardized_diagonal
        pairs = zip(self.estimates.Lambda, self.posterior.problem.basis.Z_factors, strict=True)
        return np.concatenate([np.diag(engine_factor(*pair)) for pair in pairs])

    # -- how well it fits -----------------------------------------------------------------

    @property
    def elbo(self) -> float:
        """Evidence lower bound: below the log likelihood, nats."""
        return self.posterior.elbo

    def logLik(self) -> LogLikelihood:
        """Log likelihood, nats (by default a lower bound of it), with its number of parameters.

        Raises
        ------
        ArgumentError
            For a fit with a posterior of every parameter, as `AIC` and `BIC`.
        """
        return LogLikelihood(
            self._log_likelihood("logLik"), df=self.n_parameters, n_obs=self.nobs()
        )

    def gap(self, nodes: int | None = None) -> SurrogateGap:
        """How many nats the surrogate's ELBO is low, by level of the one grouping factor.

        See :func:`glmmvi.results.surrogate_gap.surrogate_gap`.
        """
        return surrogate_gap(self, nodes)

    def deviance(self) -> float:
        """Sum of the squared deviance residuals, as lme4's ``deviance`` of a glmer fit.

        The printout's ``deviance`` is another thing: -2 times the log likelihood.
        """
        return float(np.nansum(self.residuals("deviance").to_numpy() ** 2))

    def AIC(self) -> float:
        """Akaike's information criterion, from the bound of the log likelihood."""
        return self._information("AIC").aic

    def BIC(self) -> float:
        """Schwarz's information criterion, from the bound of the log likelihood."""
        return self._information("BIC").bic

    def REMLcrit(self) -> float:
        """Not defined: generalized models are fitted by maximum likelihood."""
        raise ArgumentError("REMLcrit is for lmer fits; a glmer fit has deviance()")

    def _log_likelihood(self, name: str) -> float:
        refuse_log_likelihood(self.posterior, name)
        return self.log_likelihood

    def _criterion(self) -> InformationCriteria | EvidenceLowerBound:
        if isinstance(self.posterior, FullPosterior):
            return self.posterior.evidence
        return self._information("the criterion")

    def _information(self, name: str) -> InformationCriteria:
        return InformationCriteria.from_log_lik(
            self._log_likelihood(name), n_parameters=self.n_parameters, n_observations=self.nobs()
        )

    # -- row by row -----------------------------------------------------------------------

    def fitted(self) -> pd.Series:
        """Fitted means of the response, random effects included, by the data's row labels."""
        return by_row(self.design, self._mean(linear_predictor(self.design, self.estimates)))

    def _mean(self, eta: NDArray[np.float64]) -> NDArray[np.float64]:
        return self.family.response_mean(self.family.inverse_link(eta), self.dispersion)

    def residuals(
        self,
        type: Literal["deviance", "pearson", "working", "response"] | None = None,
        *,
        scaled: bool = False,
    ) -> pd.Series:
        """Residuals, by the data's row labels.

        Parameters
        ----------
        type : {"deviance", "pearson", "working", "response"}, optional
            As in R. By default deviance residuals where the family has them (lme4's default),
            else response residuals (glmmTMB's).
        scaled : bool
            Whether to divide by `sigma`.
        """
        eta = linear_predictor(self.design, self.estimates)
        values = generalized_residuals(self.design, self.family, eta, self.dispersion, type)
        return by_row(self.design, values / self.sigma() if scaled else values)

    def predict(
        self,
        newdata: Any = None,
        *,
        type: Scale = "link",
        re_form: Any = None,
        random_only: bool = False,
        allow_new_levels: bool = False,
        offset: Any = None,
        se_fit: bool = False,
        interval: Interval | None = None,
        level: float = 0.95,
        covariance_uncertainty: bool = False,
        weights: Any = None,
        seed: int | None = 0,
    ) -> pd.Series | pd.DataFrame:
        """Predictions, for the data of the fit or for new ones.

        Parameters
        ----------
        newdata : DataFrame, optional
            With the columns that the formula uses.
        type : {"link", "response"}
            Scale of the predictions.
        re_form, random_only, allow_new_levels, offset
            See :meth:`glmmvi.results.fit.LinearMixedFit.predict`.
        se_fit, interval, level, covariance_uncertainty
            See there. The fixed effects' uncertainty comes from the Hessian, the random
            effects' from the surrogate. A prediction interval is of a new response, and needs
            ``type="response"``; it is the quantiles of draws.
        weights : array or str, optional
            For a prediction interval of a binomial proportion: numbers of trials of the new
            rows, 1 by default. For other families prior weights.
        seed : int, optional
            Of those draws.

        Returns
        -------
        Series of float64
            By the row labels of the data.
        DataFrame
            With `se_fit` or `interval`: ``fit``, ``se.fit``, ``lwr``, ``upr`` (R's names).
        """
        return predict_fit(
            self,
            newdata,
            family=self.family,
            dispersion=self.dispersion,
            type=type,
            re_form=re_form,
            random_only=random_only,
            allow_new_levels=allow_new_levels,
            offset=offset,
            se_fit=se_fit,
            interval=interval,
            level=level,
            covariance_uncertainty=covariance_uncertainty,
            weights=weights,
            seed=seed,
        )

    def _make_summary(self) -> ModelSummary:
        eta = linear_predictor(self.design, self.estimates)
        pearson = generalized_residuals(self.design, self.family, eta, self.dispersion, "pearson")
        return model_summary(
            design=self.design,
            estimates=self.estimates,
            call=self.call,
            title=self.title,
            class_name="glmerMod",
            family=self.family,
            varcorr=self.VarCorr(),
            criterion=self._criterion(),
            n_obs=self.nobs(),
            scaled=pearson / self.sigma(),
            optimization=self.optimization,
            singular=self.show_singular and self.isSingular(),
            notes=(*self.notes, *gap_notes(self)),
        )
