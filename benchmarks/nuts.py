"""The structured variational fit of every parameter against NUTS, under the same priors.

For each model: posterior means and sds of the fixed effects (and sds of the random effects) by
``theta_posterior=True`` and by ``method="nuts"``; the difference of the means in posterior sds,
the ratio of the sds, NUTS's own Monte Carlo error, and the times.

    python -m benchmarks.nuts [--samples 1000] [--chains 4] [--seed 1] [--only NAME]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import glmmvi as gv
from glmmvi.inference.chain_diagnostics import effective_sample_size
from glmmvi.model.priors import HalfNormal, Normal

LARGEST_SHIFT = 0.1  # posterior sds
LARGEST_RATIO = 0.1


@dataclass(frozen=True)
class Model:
    """A model with its priors; `fit` takes the arguments that choose the engine."""

    name: str
    fit: Callable[..., Any]
    n: int


def models() -> list[Model]:
    """The models of the issue: cbpp, radon, a subset of VerbAgg."""
    cbpp = gv.load_dataset("cbpp")
    radon = gv.load_dataset("radon")
    verbal = gv.load_dataset("VerbAgg")
    people = verbal["id"].astype(str)
    chosen = people.unique()[:: people.nunique() // 79][:79]
    verbal = verbal[people.isin(chosen)].assign(id=people[people.isin(chosen)])
    weak = {"b": Normal(0.0, 5.0), "sd": HalfNormal(2.0)}

    def of_cbpp(**engine: Any) -> Any:
        formula = "cbind(incidence, size - incidence) ~ period + (1 | herd)"
        return gv.glmer(formula, cbpp, family="binomial", priors=weak, **engine)

    def of_radon(**engine: Any) -> Any:
        formula = "log_radon ~ 1 + floor + (1 + floor | county)"
        return gv.lmer(formula, radon, priors={**weak, "sigma": HalfNormal(2.0)}, **engine)

    def of_verbal(**engine: Any) -> Any:
        formula = "r2 ~ Anger + Gender + btype + situ + (1 | id) + (1 | item)"
        return gv.glmer(formula, verbal, family="binomial", priors=weak, **engine)

    return [
        Model("cbpp", of_cbpp, len(cbpp)),
        Model("radon", of_radon, len(radon)),
        Model("VerbAgg", of_verbal, len(verbal)),
    ]


def timed(fit: Callable[..., Any], **engine: Any) -> tuple[Any, float, float]:
    """A fit, its wall and its processor seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = fit(**engine)
    return result, time.perf_counter() - wall, time.process_time() - cpu


def rows(vi: Any, chains: Any) -> list[tuple[str, float, float, float, float, float]]:
    """Name, means and sds by both, and the chains' Monte Carlo error in posterior sds."""
    table = []
    ess = effective_sample_size(chains.draws["beta"])
    for j, name in enumerate(vi.names):
        table.append(
            (
                name,
                vi.moments.beta[j],
                vi.moments.beta_sd[j],
                chains.beta[j],
                chains.beta_sd[j],
                1.0 / np.sqrt(ess[j]),
            )
        )
    for r, term in enumerate(vi.terms):
        for c, column in enumerate(term.column_names):
            table.append(
                (
                    f"sd {term.label} {column}",
                    vi.moments.sds[r][c],
                    vi.moments.sds_sd[r][c],
                    chains.sds[r][c],
                    chains.sds_sd[r][c],
                    np.nan,
                )
            )
    return table


@dataclass(frozen=True)
class Named:
    """Moments with the names of the fixed effects and the terms."""

    moments: Any
    names: tuple[str, ...]
    terms: Any


def report(model: Model, arguments: argparse.Namespace) -> bool:
    """Fit a model both ways, print the table, and say whether the fixed effects agree."""
    vi, vi_wall, vi_cpu = timed(model.fit, theta_posterior=True)
    chains, wall, cpu = timed(
        model.fit,
        method="nuts",
        chains=arguments.chains,
        num_samples=arguments.samples,
        seed=arguments.seed,
    )
    print(f"\n{model.name}: {model.n} rows")
    print(f"  VI {vi_wall:.1f} s ({vi_cpu:.1f} s CPU); NUTS {wall:.1f} s ({cpu:.1f} s CPU)")
    print("  " + str(chains.optimization).replace("\n", "\n  "))
    heading = ("", "VI", "sd", "NUTS", "sd", "shift/sd", "sd ratio", "MC error")
    print(f"  {heading[0]:<22}" + "".join(f"{text:>10}" for text in heading[1:]))
    p, agree = len(vi.design.column_names), True
    named = Named(vi.posterior, vi.design.column_names, vi.design.terms)
    for i, (name, a, a_sd, b, b_sd, error) in enumerate(rows(named, chains.posterior)):
        shift, ratio = (a - b) / b_sd, a_sd / b_sd
        if i < p:
            agree = agree and abs(shift) <= LARGEST_SHIFT and abs(ratio - 1.0) <= LARGEST_RATIO
        numbers = (a, a_sd, b, b_sd, shift, ratio, error)
        print(f"  {name:<22}" + "".join(f"{x:>10.3f}" for x in numbers))
    print(
        f"  fixed effects: means within {LARGEST_SHIFT} posterior sd and sds within "
        f"{LARGEST_RATIO:.0%}: {'yes' if agree else 'NO'}",
        flush=True,
    )
    return agree


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--samples", type=int, default=1000)
    parser.add_argument("--chains", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only")
    arguments = parser.parse_args()
    wanted = [model for model in models() if arguments.only in (None, model.name)]
    agree = [report(model, arguments) for model in wanted]
    raise SystemExit(0 if all(agree) else 1)


if __name__ == "__main__":
    main()
