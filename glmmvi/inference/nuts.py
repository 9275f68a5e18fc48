"""The No-U-Turn sampler on any log density, by ``tfp.mcmc``.

TensorFlow is loaded when a function is called.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glmmvi.inference.chain_diagnostics import effective_sample_size, split_r_hat

Array = NDArray[np.float64]

LARGEST_R_HAT = 1.05
SMALLEST_ESS = 100.0


@dataclass(frozen=True)
class NutsRecord:
    """What a sampler did, with its verdict.

    Attributes
    ----------
    chains, num_warmup, num_samples : int
        Chains; steps that were thrown away, and draws that were kept, of each.
    seed : int
    step_size : float
        After the adaptation, mean over chains.
    leapfrogs : float
        Mean number of gradient evaluations a draw.
    divergences : int
        Among the draws that were kept.
    r_hat : float
        Largest split R-hat of the sampled coordinates.
    ess : float
        Smallest effective sample size of the sampled coordinates.
    converged : bool
    reason : str
    """

    chains: int
    num_warmup: int
    num_samples: int
    seed: int
    step_size: float
    leapfrogs: float
    divergences: int
    r_hat: float
    ess: float
    converged: bool
    reason: str

    @property
    def optimizer(self) -> str:
        """Name of the method."""
        return "NUTS"

    def __str__(self) -> str:
        lines = (
            ("Sampler", f"NUTS, {self.chains} chains, seed {self.seed}"),
            ("Verdict", f"{'converged' if self.converged else 'NOT converged'}: {self.reason}"),
            ("Draws", f"{self.num_samples} a chain after {self.num_warmup} of warm-up"),
            ("Largest R-hat", f"{self.r_hat:.4f}"),
            ("Smallest ESS", f"{self.ess:.0f}"),
            ("Divergences", f"{self.divergences}"),
            ("Step size", f"{self.step_size:.3g}, {self.leapfrogs:.1f} leapfrogs a draw"),
        )
        width = max(len(label) for label, _ in lines)
        return "\n".join(f"{label:<{width}} : {text}" for label, text in lines)


def sample_nuts(
    log_prob: Callable[[Any], Any],
    start: Array,
    *,
    num_warmup: int,
    num_samples: int,
    target_accept: float,
    max_tree_depth: int,
    seed: int,
    jit_compile: bool,
) -> tuple[Array, NutsRecord]:
    """Sample a log density whose coordinates have about unit scale.

    Hoffman and Gelman (2014), J. Mach. Learn. Res. 15; the step size is adapted by dual
    averaging over the first four fifths of the warm-up.

    Parameters
    ----------
    log_prob : callable
        From a float64 tensor of shape ``(chains, k)`` to one of shape ``(chains,)``.
    start : float64, shape (chains, k)
    num_warmup, num_samples : int
        Steps of each chain.
    target_accept : float
        Acceptance probability that the step size aims at.
    max_tree_depth : int
    seed : int
        Same seed, same draws.
    jit_compile : bool
        Compile with XLA: slower to start, many times faster to run.

    Returns
    -------
    draws : float64, shape (chains, num_samples, k)
    record : NutsRecord
    """
    import tensorflow as tf
    import tensorflow_probability as tfp

    def trace(_: Any, results: Any) -> tuple[Any, Any, Any]:
        inner = results.inner_results
        return inner.has_divergence, inner.leapfrogs_taken, results.new_step_size

    @tf.function(autograph=False, jit_compile=jit_compile)
    def run(first: Any, chain_seed: Any) -> Any:
        kernel = tfp.mcmc.NoUTurnSampler(
            log_prob,
            step_size=tf.constant(0.5, tf.float64),
            max_tree_depth=max_tree_depth,
        )
        kernel = tfp.mcmc.DualAveragingStepSizeAdaptation(
            kernel,
            num_adaptation_steps=int(0.8 * num_warmup),
            target_accept_prob=tf.constant(target_accept, tf.float64),
        )
        return tfp.mcmc.sample_chain(
            num_samples,
            first,
            kernel=kernel,
            num_burnin_steps=num_warmup,
            seed=chain_seed,
            trace_fn=trace,
        )

    draws, (divergent, leapfrogs, step_size) = run(
        tf.constant(start, tf.float64), tf.constant([seed, 0], tf.int32)
    )
    by_chain = np.asarray(draws).transpose(1, 0, 2)
    return by_chain, judged(
        by_chain,
        divergences=int(np.asarray(divergent).sum()),
        leapfrogs=float(np.asarray(leapfrogs).mean()),
        step_size=float(np.asarray(step_size)[-1].mean()),
        num_warmup=num_warmup,
        seed=seed,
    )


def judged(
    draws: Array,
    *,
    divergences: int,
    leapfrogs: float,
    step_size: float,
    num_warmup: int,
    seed: int,
) -> NutsRecord:
    """The record of a run, with its verdict.

    Converged: no coordinate has an R-hat above 1.05 or fewer than 100 effective draws, and no
    more than one draw in a hundred diverged.
    """
    chains, num_samples, _ = draws.shape
    r_hat = float(np.max(split_r_hat(draws), initial=1.0))
    ess = float(np.min(effective_sample_size(draws), initial=float(chains * num_samples)))
    problems = []
    if not np.isfinite(draws).all():
        problems.append("a chain left the finite numbers")
    if not r_hat <= LARGEST_R_HAT:
        problems.append(f"the chains have not mixed (R-hat {r_hat:.3f}): raise num_warmup")
    if not ess >= SMALLEST_ESS:
        problems.append(f"only {ess:.0f} effective draws: raise num_samples")
    if divergences > 0.01 * chains * num_samples:
        problems.append(f"{divergences} divergent draws: raise target_accept")
    return NutsRecord(
        chains=chains,
        num_warmup=num_warmup,
        num_samples=num_samples,
        seed=seed,
        step_size=step_size,
        leapfrogs=leapfrogs,
        divergences=divergences,
        r_hat=r_hat,
        ess=ess,
        converged=not problems,
        reason="; ".join(problems) or "the chains agree and there are enough draws",
    )
