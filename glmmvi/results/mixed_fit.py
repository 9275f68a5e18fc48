"""What every fitted mixed model has in common."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from glmmvi.design.design_matrices import DesignMatrices
from glmmvi.errors import ArgumentError
from glmmvi.formula import ModelFormula
from glmmvi.inference.orthogonal_basis import engine_factor, term_factor
from glmmvi.results.after_fit import AfterFit
from glmmvi.results.covariance_uncertainty import CovarianceUncertainty, covariance_uncertainty
from glmmvi.results.diagnosis import SurrogateCheck, check_surrogate
from glmmvi.results.estimates import Estimates
from glmmvi.results.fit_arguments import FitArguments
from glmmvi.results.group_effects import ranef_table
from glmmvi.results.posterior import Optimization, Posterior
from glmmvi.results.rendering import render_print
from glmmvi.results.tables import (
    AnovaTable,
    ConfidenceIntervals,
    GroupCoefficients,
    ModelCall,
    ModelSummary,
    RandomEffects,
)
from glmmvi.results.tables.summary_layout import SummaryLayout
from glmmvi.unknown_arguments import methods_name_arguments


@methods_name_arguments
@dataclass(frozen=True)
class MixedModelFit(AfterFit):
    """A fitted mixed model, with the accessors that lme4 gives to all of them.

    Attributes
    ----------
    design : DesignMatrices
        The formula met by the data.
    estimates : Estimates
        The numbers.
    posterior : Posterior
        The engine's answer, from which the TFP pair is built.
    optimization : Optimization
        What the optimiser did and why it stopped; printable.
    call : ModelCall
        Formula, data name and arguments, for the printout.
    title : str
        First line of the printout.
    show_singular : bool
        Whether a singular fit is said to be one.
    notes : tuple of str
        Lines of our own, under R's layout.
    arguments : FitArguments or None
        What the fit was asked for; not pickled.
    """

    design: DesignMatrices
    estimates: Estimates
    posterior: Posterior
    optimization: Optimization
    call: ModelCall
    title: str
    show_singular: bool
    notes: tuple[str, ...]
    arguments: FitArguments | None = field(default=None, kw_only=True, compare=False)

    def update(self, formula: str | ModelFormula | None = None, **changes: Any) -> Any:
        """Fit again with changes: R's ``update``.

        The data are those of the fit's call, as they are now, unless ``data=`` is given.

        Parameters
        ----------
        formula : str or ModelFormula, optional
            In which ``.`` stands for what the fit has on that side: ``". ~ . - x"``.
        **changes
            Arguments of the fitting function: ``REML=False``, ``subset=...``.

        Raises
        ------
        ArgumentError
            If the fit was loaded or unpickled, so that its data are not at hand.

        Examples
        --------
        >>> import glmmvi as gv
        >>> fit = gv.lmer("log_radon ~ floor + (1 | county)", gv.load_dataset("radon"))
        >>> list(fit.update(". ~ . - floor", REML=False).fixef().index)
        ['(Intercept)']
        """
        if self.arguments is None:
            raise ArgumentError(
                "update: this fit does not hold its data (it was loaded or unpickled): call "
                "the fitting function with the data and update_formula(fit.formula, ...)"
            )
        return self.arguments.changed(self.formula, formula, **changes)

    def __getstate__(self) -> dict[str, Any]:
        # neither the user's data nor what is built when asked for
        own = {field.name for field in fields(self)}
        return {
            name: None if name == "arguments" else value
            for name, value in self.__dict__.items()
            if name in own
        }

    def fixef(self, *, add_dropped: bool = False) -> pd.Series:
        """Fixed effects, by R's column names.

        Parameters
        ----------
        add_dropped : bool
            Whether columns that were dropped for rank deficiency appear, as NaN.

        Returns
        -------
        Series of float64, length p
        """
        values = pd.Series(self.estimates.beta, index=list(self.design.column_names))
        return values.reindex(list(self.design.recipe.plan.names)) if add_dropped else values

    def ranef(
        self,
        condVar: bool = True,
        drop: bool = False,
        whichel: str | Iterable[str] | None = None,
        postVar: bool | None = None,
    ) -> RandomEffects:
        """Means of the random effects with their conditional standard deviations.

        ``ranef()["Subject"]`` is a DataFrame (level by column); ``ranef().as_data_frame()`` is
        R's long form with ``condval`` and ``condsd``. lme4 calls the means conditional modes.

        Parameters
        ----------
        condVar : bool
            Whether conditional standard deviations are attached.
        drop : bool
            Whether a factor with one column is given as a Series, with the column's name.
        whichel : str or iterable of str, optional
            Names of the grouping factors wanted; all by default. They keep the fit's order.
        postVar
            Refused: lme4's old name of `condVar`.

        Raises
        ------
        ArgumentError
            For `postVar`, and for a name that is no grouping factor (lme4 leaves it out).

        Examples
        --------
        >>> import glmmvi as gv
        >>> fit = gv.lmer("strength ~ 1 + (1 | batch) + (1 | cask)", gv.load_dataset("Pastes"))
        >>> fit.ranef(drop=True, whichel="cask")["cask"].round(2).to_dict()
        {'a': -0.22, 'b': 0.03, 'c': 0.19}
        """
        if postVar is not None:
            raise ArgumentError("ranef: ‘postVar’ is deprecated: please use ‘condVar’ instead")
        return ranef_table(
            self.design.terms,
            self.estimates,
            sds=bool(condVar),
            drop=bool(drop),
            which=whichel,
        )

    def coef(self) -> GroupCoefficients:
        """Fixed plus random effects of every level."""
        return GroupCoefficients.from_effects(
            self.design.column_names, self.estimates.beta, self.ranef()
        )

    def vcov(self, *, correlation: bool = False) -> pd.DataFrame:
        """Covariance (or correlation) matrix of the fixed effects, shape (p, p)."""
        matrix = self.estimates.beta_cov
        if correlation:
            sd = np.sqrt(np.diag(matrix))
            matrix = matrix / np.outer(sd, sd)
        names = list(self.design.column_names)
        return pd.DataFrame(matrix, index=names, columns=names)

    def covariance_parameters(self, *, level: float = 0.95) -> CovarianceUncertainty:
        """Sds, correlations and dispersion parameters with standard errors and Wald intervals.

        See :func:`glmmvi.results.covariance_uncertainty.covariance_uncertainty`.
        """
        return covariance_uncertainty(self.design.terms, self.posterior, level)

    @property
    def formula(self) -> ModelFormula:
        """The model's formula, ``||`` expanded, as R prints it."""
        return self.design.formula

    @property
    def n_parameters(self) -> int:
        """Fixed effects, covariance parameters and dispersion parameters."""
        return self.design.p + self.estimates.theta.size + self.n_dispersion

    @property
    def n_dispersion(self) -> int:
        """Number of dispersion parameters that were estimated."""
        raise NotImplementedError

    def df_residual(self) -> int:
        """Observations minus parameters."""
        return self.nobs() - self.n_parameters

    def nobs(self) -> int:
        """Observations used (rows with a positive weight and nothing missing)."""
        return self.design.n_used

    def ngrps(self) -> dict[str, int]:
        """Number of levels of every grouping factor."""
        return {term.group: term.L for term in self.design.terms}

    def isSingular(self, tol: float = 1e-4) -> bool:
        """Whether a covariance matrix of random effects is (nearly) singular.

        Parameters
        ----------
        tol : float
            On the diagonal of the relative covariance factors. lme4 takes them as they are
            (so that a covariate in small units looks singular); here the columns of each term
            are made orthonormal first.
        """
        return bool((self._standardized_diagonal < tol).any())

    @cached_property
    def _standardized_diagonal(self) -> NDArray[np.float64]:
        terms = zip(self.design.terms, self.estimates.Lambda, strict=True)
        weights = self.design.weights
        factors = [engine_factor(Lambda, term_factor(term.Z, weights)) for term, Lambda in terms]
        return np.concatenate([np.diag(factor) for factor in factors])

    def check(self, draws: int | None = None, *, seed: int = 1) -> SurrogateCheck:
        """Diagnosis of the Gaussian surrogate: Pareto k-hat, importance-weighted log likelihood.

        See :func:`glmmvi.results.diagnosis.check_surrogate`.
        """
        return check_surrogate(self, draws, seed=seed)

    # -- printing -------------------------------------------------------------------------

    def summary(self, **layout: Any) -> ModelSummary:
        """lme4's summary: its numbers, and its text when printed.

        Parameters
        ----------
        **layout
            How it is printed, as in R's ``print(summary(fit), ...)``: ``digits``,
            ``correlation``, ``symbolic_cor``, ``signif_stars``, ``ranef_comp``,
            ``show_resids``, ``width``; see
            :class:`glmmvi.results.tables.summary_layout.SummaryLayout`.
        """
        if not layout:
            return self._summary
        return replace(self._summary, layout=SummaryLayout.from_arguments("summary", layout))

    @cached_property
    def _summary(self) -> ModelSummary:
        return self._make_summary()

    def _make_summary(self) -> ModelSummary:
        raise NotImplementedError

    def __str__(self) -> str:
        return render_print(self._summary).rstrip("\n")

    def __repr__(self) -> str:
        return str(self)

    # -- intervals and tests ------------------------------------------------------------

    def confint(
        self,
        parm: str | Sequence[str] | None = None,
        level: float = 0.95,
        method: Literal["profile", "Wald", "boot", "vi"] = "profile",
        *,
        oldNames: bool = True,
        **bootstrap: Any,
    ) -> ConfidenceIntervals:
        """Confidence intervals: :func:`glmmvi.confint`."""
        from glmmvi.results.intervals import confint

        return confint(self, parm, level, method, oldNames=oldNames, **bootstrap)

    def anova(self, *others: MixedModelFit, **arguments: Any) -> AnovaTable:
        """Comparison with other models, or tests of the terms: :func:`glmmvi.anova`."""
        from glmmvi.results.testing import anova

        return anova(self, *others, **arguments)

    def drop1(
        self,
        scope: str | Sequence[str] | None = None,
        *,
        test: Literal["none", "Chisq"] = "none",
        k: float = 2.0,
        ddf: Literal["Satterthwaite", "Kenward-Roger", "lme4"] | None = None,
    ) -> AnovaTable:
        """Single term deletions: :func:`glmmvi.drop1`."""
        from glmmvi.results.testing import drop1

        return drop1(self, scope, test=test, k=k, ddf=ddf)

    # -- the TFP pair ---------------------------------------------------------------------

    @cached_property
    def joint_distribution(self) -> Any:
        """The generative model, a TFP joint distribution (loads TensorFlow)."""
        return self.posterior.joint_distribution(self.design)

    @cached_property
    def surrogate_posterior(self) -> Any:
        """The fitted surrogate, a TFP joint distribution (loads TensorFlow)."""
        return self.posterior.surrogate_posterior(self.design)
