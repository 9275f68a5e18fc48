"""A Bayesian fit by the stochastic engine: model, surrogate, optimisation, answer."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from glmmvi.design.design_matrices import DesignMatrices
from glmmvi.errors import ArgumentError
from glmmvi.inference.advi import AdviOptimization, optimize_advi
from glmmvi.model.priors import Prior
from glmmvi.model.starting_values import StartingValues, least_squares_start
from glmmvi.model.surrogate_kind import SurrogateKind
from glmmvi.results.estimates import Estimates

if TYPE_CHECKING:
    from glmmvi.model.advi_surrogate import AdviSurrogate
    from glmmvi.model.bayesian_joint_distribution import BayesianModel

Array = NDArray[np.float64]


@dataclass(frozen=True)
class AdviResult:
    """The answer of the stochastic engine: moments of the surrogate posterior.

    Attributes
    ----------
    beta, beta_sd : float64, shape (p,)
        Fixed effects: posterior means and sds.
    beta_cov : float64, shape (p, p)
    sds, sds_sd, sds_median : tuple of float64, shape (d,)
        Sds of the random effects of each term, link scale.
    correlations, correlations_sd : tuple of float64, shape (d, d)
        Correlation matrices of the random effects; of 4,000 draws where ``d > 1``.
    sigma, sigma_sd, sigma_median : float
        Residual sd; where it was fixed, its value, 0, its value.
    b, b_sd : tuple of float64, shape (L, d)
        Random effects, link scale.
    b_cov : tuple of float64, shape (L, d, d)
    optimization : AdviOptimization
        Losses, ELBO, verdict.
    model : BayesianModel
        Joint distribution, priors, names.
    surrogate : AdviSurrogate
        The fitted surrogate; ``surrogate.distribution`` is TFP's.
    """

    beta: Array
    beta_sd: Array
    beta_cov: Array
    sds: tuple[Array, ...]
    sds_sd: tuple[Array, ...]
    sds_median: tuple[Array, ...]
    correlations: tuple[Array, ...]
    correlations_sd: tuple[Array, ...]
    sigma: float
    sigma_sd: float
    sigma_median: float
    b: tuple[Array, ...]
    b_sd: tuple[Array, ...]
    b_cov: tuple[Array, ...]
    optimization: AdviOptimization
    model: BayesianModel
    surrogate: AdviSurrogate

    @property
    def losses(self) -> Array:
        """Negative ELBO at each step, shape (steps,), nats, noisy."""
        return self.optimization.losses

    @property
    def elbo(self) -> float:
        """Monte Carlo estimate of the ELBO at the end, nats."""
        return self.optimization.elbo

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

    @property
    def estimates(self) -> Estimates:
        """Posterior means in the shape that every engine answers in."""
        factors = []
        for sds, correlation in zip(self.sds, self.correlations, strict=True):
            scale_tril = sds[:, None] * np.linalg.cholesky(correlation)
            factors.append(scale_tril / self.sigma)
        return Estimates(
            beta=self.beta,
            beta_cov=self.beta_cov,
            Lambda=tuple(factors),
            sigma=self.sigma,
            b_mean=self.b,
            b_cov=self.b_cov,
        )

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
    num_steps: int = 3000,
    sample_size: int = 2,
    learning_rate: float = 1e-2,
    decay: bool = True,
    seed: int = 42,
    jit_compile: bool = False,
    progress: bool | None = None,
    start: StartingValues | Literal["least_squares", "random"] = "least_squares",
    centred: bool = True,
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
    start : StartingValues, "least_squares" or "random"
        ``"random"`` is the tutorial's start, without rescaling.
    centred : bool
        Parametrisation of the random effects, see `build_bayesian_model`.

    Returns
    -------
    AdviResult

    Raises
    ------
    ArgumentError
        For an option or a prior that makes no sense.
    """
    for name, count in (("num_steps", num_steps), ("sample_size", sample_size)):
        if not isinstance(count, (int, np.integer)) or count < 1:
            raise ArgumentError(f"{name} must be a positive integer, not {count!r}")
    if not learning_rate > 0:
        raise ArgumentError(f"learning_rate must be a positive number, not {learning_rate!r}")
    if isinstance(start, str) and start not in ("least_squares", "random"):
        raise ArgumentError(
            f"start={start!r} is unknown; use 'least_squares', 'random' or StartingValues"
        )

    from glmmvi.model.advi_surrogate import build_advi_surrogate
    from glmmvi.model.bayesian_joint_distribution import build_bayesian_model
    from glmmvi.results.advi_moments import posterior_moments

    model = build_bayesian_model(design, priors, sigma, centred=centred)
    first: StartingValues | None = None
    if start == "least_squares":
        first = least_squares_start(design, sigma)
    elif isinstance(start, StartingValues):
        first = start
    q = build_advi_surrogate(model, surrogate, first, seed=seed)
    if progress is None:
        progress = num_steps >= 1000 and sys.stderr.isatty()
    with _progress_bar(num_steps, show=progress) as report:
        optimization = optimize_advi(
            model.pinned.log_prob,
            q.distribution,
            stopped_surrogate=q.stopped_distribution,
            num_steps=int(num_steps),
            sample_size=int(sample_size),
            learning_rate=float(learning_rate),
            decay=decay,
            seed=int(seed),
            jit_compile=jit_compile,
            progress=report,
        )
    moments = posterior_moments(model, q, seed=int(seed))
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
