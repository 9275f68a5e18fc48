"""A Bayesian fit by the stochastic engine: model, surrogate, optimisation, answer."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from glmmvi.design.design_matrices import DesignMatrices
from glmmvi.errors import ArgumentError
from glmmvi.inference.advi import AdviOptimization, optimize_advi
from glmmvi.model.priors import Prior
from glmmvi.model.starting_values import StartingValues, least_squares_start
from glmmvi.model.surrogate_kind import SurrogateKind
from glmmvi.results.advi_start import variational_start
from glmmvi.results.generalized_model import GeneralizedModel
from glmmvi.results.posterior_moments import FullPosterior
from glmmvi.results.tables import EvidenceLowerBound

if TYPE_CHECKING:
    from glmmvi.model.advi_surrogate import AdviSurrogate
    from glmmvi.model.bayesian_joint_distribution import BayesianModel

Array = NDArray[np.float64]


@dataclass(frozen=True)
class AdviResult(FullPosterior):
    """The answer of the stochastic engine: moments of the surrogate posterior.

    Attributes
    ----------
    optimization : AdviOptimization
        Losses, ELBO, verdict.
    model : BayesianModel
        Joint distribution, priors, names.
    surrogate : AdviSurrogate
        The fitted surrogate; ``surrogate.distribution`` is TFP's.

    See Also
    --------
    glmmvi.results.posterior_moments.Moments : The other attributes.
    """

    optimization: AdviOptimization
    model: BayesianModel
    surrogate: AdviSurrogate
    origin: ClassVar[str] = "a fit by method='advi'"

    @property
    def losses(self) -> Array:
        """Negative ELBO at each step, shape (steps,), nats, noisy."""
        return self.optimization.losses

    @property
    def evidence(self) -> EvidenceLowerBound:
        """Monte Carlo estimate of the ELBO at the end, nats, with its standard error."""
        return EvidenceLowerBound(self.optimization.elbo, self.optimization.elbo_error)

    @property
    def elbo_error(self) -> float:
        """Monte Carlo standard error of `elbo`."""
        return self.optimization.elbo_error

    @property
    def steps(self) -> int:
        """Steps taken."""
        return self.optimization.steps

    @property
    def seed(self) -> int:
        """Seed of the optimisation; the same one gives the same numbers."""
        return self.optimization.seed

    @property
    def converged(self) -> bool:
        """Whether the smoothed loss has settled."""
        return self.optimization.converged

    @property
    def message(self) -> str:
        """Why `converged` is what it is."""
        return self.optimization.message

    def joint_distribution(self, design: DesignMatrices) -> Any:
        """Return the generative model (TFP)."""
        return self.model.joint_distribution

    def surrogate_posterior(self, design: DesignMatrices) -> Any:
        """Return the fitted surrogate (TFP); its draws are dicts by latent variable."""
        return self.surrogate.distribution


def fit_advi(
    design: DesignMatrices,
    *,
    priors: Mapping[Any, Prior] | None = None,
    sigma: float | None = None,
    surrogate: SurrogateKind = "mean_field",
    start: StartingValues | Literal["least_squares", "random"] = "least_squares",
    centred: bool = True,
    **options: Any,
) -> AdviResult:
    """Fit a Bayesian gaussian mixed model by stochastic variational inference.

    Loads TensorFlow.

    Parameters
    ----------
    design : DesignMatrices
    priors : mapping, optional
        Prior by parameter, see `glmmvi.model.prior_mapping.resolve_priors`: ``{"b":
        Normal(0, 1), "county": HalfNormal(1)}`` with ``sigma=1.0`` is TFP's tutorial.
    sigma : float, optional
        Fixed residual sd; by default it is a latent variable.
    surrogate : {"mean_field", "full_rank", "structured"}
        Mean field gives the estimates but standard errors that are too small (on the radon
        survey half of the intercept's); structured gives both.
    start : StartingValues, "least_squares" or "random"
        ``"random"`` is the tutorial's start, without rescaling.
    centred : bool
        Parametrisation of the random effects, see `build_bayesian_model`.
    **options
        Of :class:`AdviOptions`.

    Returns
    -------
    AdviResult

    Raises
    ------
    ArgumentError
        For an option or a prior that makes no sense.
    """
    from glmmvi.model.bayesian_joint_distribution import build_bayesian_model

    checked = AdviOptions(**options)
    if isinstance(start, str) and start not in ("least_squares", "random"):
        raise ArgumentError(
            f"start={start!r} is unknown; use 'least_squares', 'random' or StartingValues"
        )
    model = build_bayesian_model(design, priors, sigma, centred=centred)
    first = least_squares_start(design, sigma) if start == "least_squares" else None
    return _run(model, surrogate, start if isinstance(start, StartingValues) else first, checked)


def fit_generalized_advi(
    model: GeneralizedModel,
    *,
    priors: Mapping[Any, Prior] | None = None,
    surrogate: SurrogateKind = "structured",
    start: StartingValues | Literal["variational", "random"] = "variational",
    centred: bool = True,
    **options: Any,
) -> AdviResult:
    """Fit a Bayesian generalized mixed model by stochastic variational inference.

    Dispersion parameters are latent variables. Loads TensorFlow.

    Parameters
    ----------
    model : GeneralizedModel
    priors, centred, **options
        See `fit_advi`.
    surrogate : {"mean_field", "full_rank", "structured"}
    start : StartingValues, "variational" or "random"
        ``"variational"``: one solve of variational PIRLS at unit covariance.

    Returns
    -------
    AdviResult

    Raises
    ------
    ArgumentError
        For an option or a prior that makes no sense.
    """
    from glmmvi.model.bayesian_joint_distribution import build_bayesian_model

    checked = AdviOptions(**options)
    if isinstance(start, str) and start not in ("variational", "random"):
        raise ArgumentError(
            f"start={start!r} is unknown; use 'variational', 'random' or StartingValues"
        )
    bayesian = build_bayesian_model(model.design, priors, family=model.family, centred=centred)
    first = variational_start(model.problem) if start == "variational" else None
    return _run(bayesian, surrogate, start if isinstance(start, StartingValues) else first, checked)


@dataclass(frozen=True)
class AdviOptions:
    """How to optimise, checked.

    Attributes
    ----------
    num_steps, sample_size, learning_rate : int, int, float
        Steps of Adam, draws a step, its learning rate.
    decay : bool
        Let the learning rate fall over the second half of the steps.
    seed : int
        Same seed, same numbers.
    jit_compile : bool
        Compile with XLA.
    progress : bool, optional
        Show a progress bar; by default on a terminal, when there are 1,000 steps or more.

    Raises
    ------
    ArgumentError
        For an option that makes no sense.
    """

    num_steps: int = 3000
    sample_size: int = 2
    learning_rate: float = 1e-2
    decay: bool = True
    seed: int = 42
    jit_compile: bool = False
    progress: bool | None = None

    def __post_init__(self) -> None:
        for name in ("num_steps", "sample_size"):
            count = getattr(self, name)
            if not isinstance(count, (int, np.integer)) or count < 1:
                raise ArgumentError(f"{name} must be a positive integer, not {count!r}")
        if not self.learning_rate > 0:
            raise ArgumentError(
                f"learning_rate must be a positive number, not {self.learning_rate!r}"
            )


def _run(
    model: BayesianModel,
    surrogate: SurrogateKind,
    start: StartingValues | None,
    options: AdviOptions,
) -> AdviResult:
    from glmmvi.model.advi_surrogate import build_advi_surrogate
    from glmmvi.results.advi_moments import posterior_moments

    num_steps, seed = int(options.num_steps), int(options.seed)
    q = build_advi_surrogate(model, surrogate, start, seed=seed)
    show = options.progress
    if show is None:
        show = num_steps >= 1000 and sys.stderr.isatty()
    with _progress_bar(num_steps, show=show) as report:
        optimization = optimize_advi(
            model.pinned.log_prob,
            q.distribution,
            stopped_surrogate=q.stopped_distribution,
            num_steps=num_steps,
            sample_size=int(options.sample_size),
            learning_rate=float(options.learning_rate),
            decay=options.decay,
            seed=seed,
            jit_compile=options.jit_compile,
            progress=report,
        )
    moments = posterior_moments(model, q, seed=seed)
    return AdviResult(**moments, optimization=optimization, model=model, surrogate=q)


@contextmanager
def _progress_bar(total: int, *, show: bool) -> Iterator[Callable[[int, float], None] | None]:
    """A bar on standard error that disappears when it is done."""
    if not show:
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("ADVI"),
        BarColumn(),
        TextColumn("{task.completed:.0f}/{task.total:.0f} steps, loss {task.fields[loss]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("ADVI", total=total, loss="...")
        yield lambda done, loss: bar.update(task, completed=done, loss=f"{loss:.2f}")
