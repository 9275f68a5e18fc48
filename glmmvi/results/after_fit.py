"""The methods of a fit that come after it: each calls the function of its module."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from glmmvi.unknown_arguments import methods_name_arguments

if TYPE_CHECKING:
    from glmmvi.results.bootstrap import Bootstrap
    from glmmvi.results.model_parts import FixedTerms
    from glmmvi.results.posterior_samples import PosteriorSamples
    from glmmvi.results.statistics.interval_estimates import IntervalEstimates
    from glmmvi.results.statistics.marginal_means import MarginalMeans


@methods_name_arguments
class AfterFit:
    """Simulation, refits, bootstrap, draws, tables, export and components of a fit."""

    def simulate(self: Any, nsim: int = 1, **arguments: Any) -> pd.DataFrame:
        """New responses at the estimates: :func:`glmmvi.simulate`."""
        from glmmvi.results.simulation import simulate

        return simulate(self, nsim, **arguments)

    def refit(self: Any, newresp: Any = None) -> Any:
        """The same model with another response: :func:`glmmvi.refit`."""
        from glmmvi.results.refit import refit

        return refit(self, newresp)

    def refitML(self: Any) -> Any:
        """The same model by maximum likelihood: :func:`glmmvi.refitML`."""
        from glmmvi.results.refit import refit_ml

        return refit_ml(self)

    def bootMer(self: Any, FUN: Callable[[Any], Any], nsim: int = 1, **arguments: Any) -> Bootstrap:
        """Model-based bootstrap: :func:`glmmvi.bootMer`."""
        from glmmvi.results.bootstrap import bootMer

        return bootMer(self, FUN, nsim, **arguments)

    def posterior_samples(self: Any, n: int = 1000, *, seed: int | None = None) -> PosteriorSamples:
        """Draws of fixed and random effects: :func:`glmmvi.posterior_samples`."""
        from glmmvi.results.posterior_samples import posterior_samples

        return posterior_samples(self, n, seed=seed)

    def posterior_predictive(self: Any, n: int = 1000, **arguments: Any) -> pd.DataFrame:
        """Draws of new responses: :func:`glmmvi.posterior_predictive`."""
        from glmmvi.results.posterior_samples import posterior_predictive

        return posterior_predictive(self, n, **arguments)

    def tidy(
        self: Any, effects: str | Sequence[str] = ("ran_pars", "fixed"), **arguments: Any
    ) -> pd.DataFrame:
        """One row a parameter: :func:`glmmvi.tidy`."""
        from glmmvi.results.tidy import tidy

        return tidy(self, effects, **arguments)

    def glance(self: Any) -> pd.DataFrame:
        """One row a fit: :func:`glmmvi.glance`."""
        from glmmvi.results.tidy import glance

        return glance(self)

    def augment(self: Any, newdata: Any = None) -> pd.DataFrame:
        """The data with what the fit says of every row: :func:`glmmvi.augment`."""
        from glmmvi.results.augment import augment

        return augment(self, newdata)

    def to_arviz(self: Any, n: int = 1000, **arguments: Any) -> Any:
        """Posterior draws in ArviZ's container: :func:`glmmvi.to_arviz`."""
        from glmmvi.results.arviz_export import to_arviz

        return to_arviz(self, n, **arguments)

    def plot(self: Any, kind: str = "residuals", **arguments: Any) -> Any:
        """A picture, by name (needs matplotlib): :func:`glmmvi.plot`."""
        from glmmvi.results.plots.plot import plot

        return plot(self, kind, **arguments)

    def r2(self: Any, **arguments: Any) -> IntervalEstimates:
        """Marginal and conditional R2 with intervals: :func:`glmmvi.r2`."""
        from glmmvi.results.statistics import r2

        return r2(self, **arguments)

    def icc(self: Any, **arguments: Any) -> IntervalEstimates:
        """Intraclass correlation with intervals: :func:`glmmvi.icc`."""
        from glmmvi.results.statistics import icc

        return icc(self, **arguments)

    def emmeans(self: Any, specs: str | Sequence[str], **arguments: Any) -> MarginalMeans:
        """Marginal means over factors: :func:`glmmvi.emmeans`."""
        from glmmvi.results.statistics.emmeans import emmeans

        return emmeans(self, specs, **arguments)

    def emtrends(
        self: Any, specs: str | Sequence[str], var: str, **arguments: Any
    ) -> MarginalMeans:
        """Slopes averaged over factors: :func:`glmmvi.emtrends`."""
        from glmmvi.results.statistics.emmeans import emtrends

        return emtrends(self, specs, var, **arguments)

    def hatvalues(self: Any) -> pd.Series:
        """Leverage of every row: :func:`glmmvi.hatvalues`."""
        from glmmvi.results.statistics.row_diagnostics import hatvalues

        return hatvalues(self)

    def rstudent(self: Any) -> pd.Series:
        """Studentized residuals: :func:`glmmvi.rstudent`."""
        from glmmvi.results.statistics.row_diagnostics import rstudent

        return rstudent(self)

    def cooks_distance(self: Any, groups: str | Sequence[str] | None = None) -> pd.Series:
        """Cook's distance of every row or level: :func:`glmmvi.cooks_distance`."""
        from glmmvi.results.statistics.influence_measures import cooks_distance

        return cooks_distance(self, groups)

    def save(self: Any, path: str | os.PathLike[str]) -> None:
        """Write the fit to one file, without the data: :func:`glmmvi.load` reads it."""
        from glmmvi.results.saving import save

        save(self, path)

    def getME(self: Any, name: str | list[str]) -> Any:
        """A component by lme4's name: :func:`glmmvi.getME`."""
        from glmmvi.results.get_me import getME

        return getME(self, name)

    def model_matrix(self: Any, type: Literal["fixed", "random", "randomListRaw"] = "fixed") -> Any:
        """R's ``model.matrix``: :func:`glmmvi.results.model_parts.fit_matrix`."""
        from glmmvi.results.model_parts import fit_matrix

        return fit_matrix(self, type)

    def model_frame(self: Any, *, fixed_only: bool = False) -> pd.DataFrame:
        """R's ``model.frame``: :func:`glmmvi.results.model_parts.fit_frame`."""
        from glmmvi.results.model_parts import fit_frame

        return fit_frame(self, fixed_only=fixed_only)

    def terms(self: Any) -> FixedTerms:
        """R's ``terms`` of the fixed part: :func:`glmmvi.results.model_parts.model_terms`."""
        from glmmvi.results.model_parts import model_terms

        return model_terms(self)

    def weights(self: Any, type: Literal["prior", "working"] = "prior") -> Any:
        """R's ``weights``: :func:`glmmvi.results.model_parts.fit_weights`."""
        from glmmvi.results.model_parts import fit_weights

        return fit_weights(self, type)

    def getData(self: Any) -> Any:
        """The data of the call as they are now, else the model frame."""
        arguments = self.arguments
        return self.model_frame() if arguments is None else arguments.arguments["data"]

    def extractAIC(self: Any, k: float = 2.0) -> tuple[int, float]:
        """Number of parameters and the criterion ``-2 logLik + k df``, by maximum likelihood."""
        fit = self.refitML() if self.isREML() else self
        return fit.n_parameters, -2.0 * float(fit.logLik()) + k * fit.n_parameters

    def isREML(self: Any) -> bool:
        """Whether the fixed effects were integrated out."""
        return bool(getattr(self, "reml", False))

    def isLMM(self: Any) -> bool:
        """Whether it is a linear mixed model."""
        return not self.isGLMM()

    def isGLMM(self: Any) -> bool:
        """Whether it is a generalized linear mixed model."""
        return hasattr(self, "dispersion")
