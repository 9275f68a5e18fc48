"""Everything that ``print(fit)`` and ``summary(fit)`` show, as numbers and names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from glmmvi.results.rendering.document import Document
from glmmvi.results.rendering.model_summary import render_summary
from glmmvi.results.rendering.summary_document import summary_document
from glmmvi.results.tables.coefficient_table import CoefficientTable
from glmmvi.results.tables.criteria import (
    EvidenceLowerBound,
    InformationCriteria,
    RemlCriterion,
)
from glmmvi.results.tables.optimizer_report import OptimizerReport
from glmmvi.results.tables.renderable import Renderable
from glmmvi.results.tables.summary_layout import SummaryLayout
from glmmvi.results.tables.var_corr import VarCorr


@dataclass(frozen=True)
class ModelCall:
    """The call, as far as the printout repeats it. Each text is as R deparses it, or None.

    Attributes
    ----------
    formula : tuple of str
        The lines of the formula, as ``deparse()`` breaks them: all but the last end in a blank,
        all but the first begin with four. One string is one line.
    data, weights, offset, subset, control : str or None
        Not shown where None. `control` is shown by ``print`` never and by ``summary`` always.

    Examples
    --------
    >>> ModelCall("y ~ x + (1 | g)", data="d").formula
    ('y ~ x + (1 | g)',)
    """

    formula: tuple[str, ...] | str
    data: str | None = None
    weights: str | None = None
    offset: str | None = None
    subset: str | None = None
    control: str | None = None

    def __post_init__(self) -> None:
        if isinstance(self.formula, str):
            object.__setattr__(self, "formula", (self.formula,))


@dataclass(frozen=True)
class ModelSummary(Renderable):
    """The numbers of a fit that its printouts show.

    ``str(summary)`` is lme4's ``print(summary(fit))``; `render_print` gives ``print(fit)``.

    Attributes
    ----------
    title : str
        ``"Linear mixed model fit by REML"``. A title of maximum likelihood without brackets ends
        in a blank, as lme4's does.
    class_name : str
        ``"lmerMod"`` or ``"glmerMod"``.
    call : ModelCall
        Formula, data and the other arguments.
    criterion : RemlCriterion, InformationCriteria or EvidenceLowerBound
        What stands under the call.
    residual_quantiles : float64, shape (5,)
        Minimum, quartiles and maximum of the scaled Pearson residuals (R's type 7).
    var_corr : VarCorr
        The covariance parameters.
    n_obs : int
        Rows used.
    n_groups : mapping of str to int
        Levels of every grouping factor, in lme4's order.
    coefficients : CoefficientTable
        The fixed effects.
    correlation : float64, shape (p, p), or None
        Correlation of the fixed effects.
    family, link : str or None
        None for `lmer`.
    fit_messages : tuple of str
        lme4's ``fit warnings:``, e.g. of dropped columns.
    optimizer : OptimizerReport or None
        Printed when it is not silent.
    notes : tuple of str
        Our own lines, under R's layout.
    dropped : tuple of str
        Fixed-effect columns dropped for rank deficiency (not printed by lme4).
    layout : SummaryLayout
        How ``str(summary)`` is laid out.

    Examples
    --------
    >>> from glmmvi.results.rendering import render_print
    >>> from glmmvi.results.tables import VarCorrTerm
    >>> group = VarCorrTerm("Batch", ("(Intercept)",), np.array([42.0006]), np.eye(1))
    >>> fit = ModelSummary(
    ...     title="Linear mixed model fit by REML",
    ...     class_name="lmerMod",
    ...     call=ModelCall("Yield ~ 1 + (1 | Batch)", data="Dyestuff"),
    ...     criterion=RemlCriterion(319.6542768422559),
    ...     residual_quantiles=np.array([-1.41174, -0.76338, 0.14173, 0.77924, 1.82336]),
    ...     var_corr=VarCorr((group,), sigma=49.5101),
    ...     n_obs=30,
    ...     n_groups={"Batch": 6},
    ...     coefficients=CoefficientTable(("(Intercept)",), np.array([1527.5]), np.array([19.38])),
    ... )
    >>> print(render_print(fit), end="")  # doctest: +NORMALIZE_WHITESPACE
    Linear mixed model fit by REML ['lmerMod']
    Formula: Yield ~ 1 + (1 | Batch)
       Data: Dyestuff
    REML criterion at convergence: 319.6543
    Random effects:
     Groups   Name        Std.Dev.
     Batch    (Intercept) 42.00
     Residual             49.51
    Number of obs: 30, groups:  Batch, 6
    Fixed Effects:
    (Intercept)
           1528
    """

    title: str
    class_name: str
    call: ModelCall
    criterion: RemlCriterion | InformationCriteria | EvidenceLowerBound
    residual_quantiles: NDArray[np.float64]
    var_corr: VarCorr
    n_obs: int
    n_groups: Mapping[str, int]
    coefficients: CoefficientTable
    correlation: NDArray[np.float64] | None = None
    family: str | None = None
    link: str | None = None
    fit_messages: tuple[str, ...] = ()
    optimizer: OptimizerReport | None = None
    notes: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    layout: SummaryLayout = field(default_factory=SummaryLayout)

    def __str__(self) -> str:
        return render_summary(self, **self.layout.arguments()).rstrip("\n")

    def _document(self) -> Document:
        return summary_document(self)
