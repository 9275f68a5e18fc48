"""How near to exact maximum likelihood: our default, lme4's default, and what a fit costs.

    python -m benchmarks.accuracy [model ...]

Reads the reference values of tests/reference/glmer (R 4.2.2, lme4 1.1-31; `exact` is adaptive
quadrature with 61 nodes). Where R has no exact numbers for a model with one grouping factor, the
same engine's nAGQ = 15 stands in. Errors of fixed effects are in exact standard errors, those of
sds relative. The salamander and toenail data are in no R package that is at hand.
"""

from __future__ import annotations

import sys
import time
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

import glmmvi as gv
from tests.results.glmer_models import family_of, models, reference_data, sds, standard_errors

MODELS = (
    "cbpp_logit",
    "cbpp_olre",
    "contraception",
    "contraception_slope",
    "bacteria",
    "epil",
    "grouseticks",
    "grouseticks_brood",
    "verbagg",
    "guImmun",
    "few_sd2",
    "few_sd4",
)
QUADRATURE = ("contraception_slope",)
# maximum likelihood sds by three-level quadrature, from the project's reference values
GUIMMUN = {"sd": [2.316, 1.025], "logLik": -1323.96}

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Estimates:
    """Fixed effects with standard errors (where known), sds, log likelihood (or bound)."""

    beta: Vector | None
    se: Vector | None
    sd: Vector
    log_likelihood: float

    @classmethod
    def of(cls, numbers: dict[str, Any]) -> Estimates:
        """Of R's numbers."""
        fixed = [np.asarray(numbers[k]) if k in numbers else None for k in ("beta", "se")]
        return cls(fixed[0], fixed[1], np.atleast_1d(numbers["sd"]), numbers["logLik"])

    @classmethod
    def of_fit(cls, fit: gv.GeneralizedMixedFit) -> Estimates:
        """Of our fit."""
        return cls(
            fit.fixef().to_numpy(), standard_errors(fit), sds(fit), float(fit.log_likelihood)
        )


@dataclass(frozen=True)
class Accuracy:
    """One model: exact, lme4, ours, and the cost of ours."""

    model: str
    exact: Estimates | None
    laplace: Estimates
    ours: Estimates
    seconds: float
    inner_solves: int
    outer_evaluations: int


def fitted(name: str, **arguments: Any) -> gv.GeneralizedMixedFit:
    """Our fit of one of the models."""
    model = models()[name]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return gv.glmer(
            model["formula"],
            reference_data(model["data"]),
            family_of(model["family"], model["link"]),
            **arguments,
        )


def accuracy(name: str) -> Accuracy:
    """Fit a model and put it beside its references."""
    model = models()[name]
    quick = gv.glmerControl(use_hessian=False)
    fitted(name, control=quick)  # what is loaded or cached is not timed
    began = time.perf_counter()
    plain = fitted(name, control=quick)
    seconds = time.perf_counter() - began
    exact = Estimates.of(model["exact"]) if "exact" in model else None
    if name in QUADRATURE:
        exact = Estimates.of_fit(fitted(name, nAGQ=15))
    if name == "guImmun":
        exact = Estimates.of(GUIMMUN)
    return Accuracy(
        name,
        exact,
        Estimates.of(model["laplace"]),
        Estimates.of_fit(fitted(name)),
        seconds,
        plain.posterior.solution.inner_evaluations,
        plain.optimization.evaluations,
    )


def row(result: Accuracy) -> str:
    """A line of the table (markdown)."""

    def numbers(values: Vector) -> str:
        return " ".join(f"{value:.4f}" for value in values)

    def errors(estimates: Estimates) -> str:
        exact = result.exact
        if exact is None:
            return "- | -"
        sd = np.abs(estimates.sd / exact.sd - 1.0).max()
        if exact.beta is None or estimates.beta is None:
            return f"- | {100 * sd:.1f} %"
        assert exact.se is not None
        beta = np.abs((estimates.beta - exact.beta) / exact.se).max()
        return f"{beta:.3f} | {100 * sd:.1f} %"

    exact, laplace, ours = result.exact, result.laplace, result.ours
    return (
        f"| {result.model} | {'-' if exact is None else numbers(exact.sd)} | "
        f"{numbers(laplace.sd)} | {numbers(ours.sd)} | {errors(laplace)} | {errors(ours)} | "
        f"{'-' if exact is None else f'{exact.log_likelihood - ours.log_likelihood:.3f}'} | "
        f"{result.inner_solves} | {result.outer_evaluations} | {result.seconds:.2f} |"
    )


HEADER = (
    "| model | sd, exact | sd, lme4 | sd, ours | beta, lme4 (se) | sd, lme4 | beta, ours (se) | "
    "sd, ours | bound below logL (nats) | inner solves | outer evaluations | seconds |"
)


def main(names: list[str]) -> None:
    """Print the table."""
    print(HEADER)
    print("|" + "---|" * HEADER.count(" | ") + "---|")
    for name in names or MODELS:
        print(row(accuracy(name)), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
