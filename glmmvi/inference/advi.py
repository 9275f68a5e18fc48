"""Stochastic variational inference: climb the Monte Carlo ELBO of any model and surrogate.

TensorFlow is loaded when a function is called.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glmmvi.inference.loss_trace import TraceVerdict, judge_losses

CHUNK = 100  # steps between two looks at the progress bar
ELBO_BATCH = 100  # draws evaluated at once


@dataclass(frozen=True)
class AdviOptimization:
    """What a stochastic optimisation did.

    Attributes
    ----------
    losses : float64, shape (steps,)
        Negative ELBO at each step, from `sample_size` draws. Nats.
    elbo, elbo_error : float
        ELBO at the end, from `elbo_draws` fresh draws, and its Monte Carlo standard error.
    steps, sample_size : int
    learning_rate : float
        At the start.
    seed : int
    converged : bool
        Whether the smoothed loss has settled.
    message : str
        Why.
    """

    losses: NDArray[np.float64]
    elbo: float
    elbo_error: float
    steps: int
    sample_size: int
    learning_rate: float
    seed: int
    converged: bool
    message: str

    @property
    def optimizer(self) -> str:
        """Name of the method."""
        return "Adam"

    @property
    def reason(self) -> str:
        """Why `converged` is what it is."""
        return self.message

    def __str__(self) -> str:
        lines = (
            ("Optimizer", f"Adam, learning rate {self.learning_rate:g}, seed {self.seed}"),
            ("Verdict", f"{'converged' if self.converged else 'NOT converged'}: {self.message}"),
            ("Steps", f"{self.steps}, with {self.sample_size} draws each"),
            ("ELBO", f"{self.elbo:.4f} (Monte Carlo error {self.elbo_error:.2g})"),
        )
        width = max(len(label) for label, _ in lines)
        return "\n".join(f"{label:<{width}} : {text}" for label, text in lines)


def optimize_advi(
    joint_log_prob: Callable[..., Any],
    surrogate: Any,
    *,
    stopped_surrogate: Any = None,
    num_steps: int = 3000,
    sample_size: int = 2,
    learning_rate: float = 1e-2,
    decay: bool = True,
    seed: int = 42,
    jit_compile: bool = False,
    progress: Callable[[int, float], None] | None = None,
    elbo_draws: int = 1000,
) -> AdviOptimization:
    """Fit a surrogate posterior by ``tfp.vi.fit_surrogate_posterior`` with Adam.

    Parameters
    ----------
    joint_log_prob : callable
        ``log p(y, latents)``, called with the latent variables by name.
    surrogate : tfp.distributions.Distribution
        Its draws are dicts of the latent variables. Its trainable variables are changed.
    stopped_surrogate : tfp.distributions.Distribution, optional
        The same distribution, through which no gradient reaches the parameters: the gradient
        is then that of Roeder, Wu and Duvenaud (2017, "Sticking the landing"), with the same
        mean and a variance that vanishes where the surrogate is exact.
    num_steps, sample_size : int
        Steps of Adam; draws at each step.
    learning_rate : float
        Of Adam.
    decay : bool
        Keep the learning rate for the first half and let it fall by a cosine to a hundredth
        at the end, which averages the noise out; ``False`` keeps it constant.
    seed : int
        Same seed, same numbers.
    jit_compile : bool
        Compile with XLA: slower to start, faster to run.
    progress : callable, optional
        Called with the number of steps done and the mean loss of the last ones.
    elbo_draws : int
        Draws for the ELBO at the end.

    Returns
    -------
    AdviOptimization
    """
    import tensorflow as tf
    import tensorflow_probability as tfp

    optimizer = _adam(learning_rate, num_steps if decay else None)
    optimizer.build(surrogate.trainable_variables)

    def target(**latents: Any) -> Any:
        log_prob = joint_log_prob(**latents)
        if stopped_surrogate is None:
            return log_prob
        # TFP's loss is log q - target: this replaces log q by its stopped copy. The two are
        # equal, the gradients are not.
        return log_prob + surrogate.log_prob(latents) - stopped_surrogate.log_prob(latents)

    def run(steps: int) -> Any:
        @tf.function(autograph=False)
        def chunk(chunk_seed: Any) -> Any:
            return tfp.vi.fit_surrogate_posterior(
                target,
                surrogate,
                optimizer=optimizer,
                num_steps=steps,
                sample_size=sample_size,
                seed=chunk_seed,
                jit_compile=jit_compile,
            )

        # a concrete function: TensorFlow does not count it as a retracing
        return chunk.get_concrete_function(tf.TensorSpec([2], tf.int32))

    losses: list[Any] = []
    compiled: dict[int, Any] = {}
    done = 0
    while done < num_steps:
        steps = min(CHUNK, num_steps - done)
        if steps not in compiled:
            compiled[steps] = run(steps)
        chunk_seed = tf.constant([seed, done], tf.int32)
        losses.append(np.asarray(compiled[steps](chunk_seed)))
        done += steps
        if progress is not None:
            progress(done, float(losses[-1].mean()))
    trace = np.concatenate(losses) if losses else np.zeros(0)

    elbo, error = monte_carlo_elbo(joint_log_prob, surrogate, elbo_draws, seed=seed)
    verdict: TraceVerdict = judge_losses(trace)
    return AdviOptimization(
        losses=trace,
        elbo=elbo,
        elbo_error=error,
        steps=num_steps,
        sample_size=sample_size,
        learning_rate=learning_rate,
        seed=seed,
        converged=verdict.settled and bool(np.isfinite(elbo)),
        message=verdict.message,
    )


def monte_carlo_elbo(
    joint_log_prob: Callable[..., Any], surrogate: Any, draws: int = 1000, *, seed: int = 42
) -> tuple[float, float]:
    """Estimate ``E_q[log p(y, x) - log q(x)]`` and its Monte Carlo standard error.

    Parameters
    ----------
    joint_log_prob : callable
    surrogate : tfp.distributions.Distribution
    draws : int
        Rounded up to a multiple of 100.
    seed : int

    Returns
    -------
    elbo, error : float
        Nats.
    """
    import tensorflow as tf

    @tf.function(autograph=False)
    def log_ratio(batch_seed: Any) -> Any:
        x, log_q = surrogate.experimental_sample_and_log_prob(ELBO_BATCH, seed=batch_seed)
        return joint_log_prob(**x) - log_q

    ratios = np.concatenate(
        [
            np.asarray(log_ratio(tf.constant([seed, -1 - batch], tf.int32)))
            for batch in range(-(-draws // ELBO_BATCH))
        ]
    )
    return float(ratios.mean()), float(ratios.std(ddof=1) / np.sqrt(ratios.size))


def _adam(learning_rate: float, decay_steps: int | None) -> Any:
    """Adam of tf_keras; Keras 3 rejects the names of TFP's variables."""
    import tensorflow as tf
    import tf_keras

    if decay_steps is None:
        return tf_keras.optimizers.Adam(learning_rate)

    total = float(max(decay_steps, 1))

    class HoldThenCosine(tf_keras.optimizers.schedules.LearningRateSchedule):
        """Constant for half of the steps, then a cosine down to a hundredth."""

        def __call__(self, step: Any) -> Any:
            fraction = tf.cast(step, tf.float32) / total
            late = tf.clip_by_value(2.0 * fraction - 1.0, 0.0, 1.0)
            return learning_rate * (0.01 + 0.99 * 0.5 * (1.0 + tf.cos(np.pi * late)))

        def get_config(self) -> dict[str, Any]:
            return {"learning_rate": learning_rate, "decay_steps": decay_steps}

    return tf_keras.optimizers.Adam(HoldThenCosine())
