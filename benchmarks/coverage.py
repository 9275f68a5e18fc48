"""Coverage of predict's intervals, by simulation.

Data are simulated from known parameters and fitted; the interval of every row is held against
the truth: the row's own mean (confidence), a new response of it (prediction), and the same for
levels that the fit did not see.

    python -m benchmarks.coverage [--datasets 400] [--level 0.9] [--seed 1] [--only NAME]
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

import glmmvi as gv

KINDS = ("mean", "mean, new level", "response", "response, new level")


@dataclass(frozen=True)
class Scenario:
    """A model with known parameters.

    Attributes
    ----------
    name : str
    formula : str
    family : str or None
        None for lmer.
    groups : dict of str to int
        Levels of every grouping factor.
    columns : dict of str to tuple of str
        Columns of the random effects, by group.
    factor : dict of str to array, shape (d, d)
        Covariance factor of the random effects, by group.
    beta : tuple of float
        Of (1, x).
    rows : int
        In all.
    sigma : float
        Residual sd of lmer; shape of Gamma.
    trials : int
        Of binomial responses.
    nodes : int
        ``nAGQ`` of the fit.
    """

    name: str
    formula: str
    family: str | None
    groups: dict[str, int]
    columns: dict[str, tuple[str, ...]]
    factor: dict[str, np.ndarray]
    beta: tuple[float, float]
    rows: int
    sigma: float = 1.0
    trials: int = 1
    nodes: int = 1


def _intercept(sd: float) -> np.ndarray:
    return np.array([[sd]])


_ONE = ("1",)
SCENARIOS = [
    Scenario("lmer, 30 groups of 6", "y ~ x + (1 | g)", None, {"g": 30}, {"g": _ONE},
             {"g": _intercept(0.8)}, (1.0, 0.5), 180),
    Scenario("lmer, 8 groups of 5", "y ~ x + (1 | g)", None, {"g": 8}, {"g": _ONE},
             {"g": _intercept(1.0)}, (1.0, 0.5), 40),
    Scenario("lmer, slopes, 25 groups of 8", "y ~ x + (x | g)", None, {"g": 25}, {"g": ("1", "x")},
             {"g": np.array([[0.8, 0.0], [0.3, 0.5]])}, (1.0, 0.5), 200),
    Scenario("lmer, crossed 20 x 15", "y ~ x + (1 | g) + (1 | h)", None, {"g": 20, "h": 15},
             {"g": _ONE, "h": _ONE}, {"g": _intercept(0.7), "h": _intercept(0.5)}, (1.0, 0.5), 300),
    Scenario("glmer, Poisson, 30 groups of 6", "y ~ x + (1 | g)", "poisson", {"g": 30},
             {"g": _ONE}, {"g": _intercept(0.6)}, (1.0, 0.4), 180),
    Scenario("glmer, binomial of 10, 30 groups of 5", "cbind(y, trials - y) ~ x + (1 | g)",
             "binomial", {"g": 30}, {"g": _ONE}, {"g": _intercept(0.8)}, (-0.3, 0.5), 150,
             trials=10),
    Scenario("glmer, 0/1, 40 groups of 20", "y ~ x + (1 | g)", "binomial", {"g": 40},
             {"g": _ONE}, {"g": _intercept(1.0)}, (-0.3, 0.5), 800),
    Scenario("glmer, 0/1, 60 groups of 6", "y ~ x + (1 | g)", "binomial", {"g": 60},
             {"g": _ONE}, {"g": _intercept(1.0)}, (-0.3, 0.5), 360),
    Scenario("glmer, 0/1, 60 groups of 6, nAGQ = 15", "y ~ x + (1 | g)", "binomial", {"g": 60},
             {"g": _ONE}, {"g": _intercept(1.0)}, (-0.3, 0.5), 360, nodes=15),
    Scenario("glmer, Poisson, slopes, 30 groups of 8", "y ~ x + (x | g)", "poisson", {"g": 30},
             {"g": ("1", "x")}, {"g": np.array([[0.5, 0.0], [0.1, 0.3]])}, (1.0, 0.4), 240),
]  # fmt: skip


def simulate(
    scenario: Scenario, rng: np.random.Generator
) -> tuple[pd.DataFrame, np.ndarray, np.ndarray, pd.DataFrame, np.ndarray, np.ndarray]:
    """Data, means, new responses; the same rows with levels that the data do not have."""
    n = scenario.rows
    x = rng.standard_normal(n)
    data = {"x": x}
    eta = scenario.beta[0] + scenario.beta[1] * x
    new_data, new_eta = {"x": x}, eta.copy()
    for group, levels in scenario.groups.items():
        factor = scenario.factor[group]
        Z = np.column_stack([np.ones(n) if c == "1" else x for c in scenario.columns[group]])
        codes = np.arange(n) % levels
        if group != "g":
            codes = rng.permutation(codes)
        b = rng.standard_normal((levels, len(factor))) @ factor.T
        eta = eta + (Z * b[codes]).sum(axis=1)
        new = rng.standard_normal((n, len(factor))) @ factor.T
        new_eta = new_eta + (Z * new).sum(axis=1)
        data[group] = [f"{group}{i}" for i in codes]
        new_data[group] = [f"new{i}" for i in range(n)]
    frame, new_frame = pd.DataFrame(data), pd.DataFrame(new_data)
    respond = _response(scenario)
    frame["y"] = respond(eta, rng)
    frame["trials"] = new_frame["trials"] = scenario.trials
    mean = _mean(scenario)
    return (frame, mean(eta), respond(eta, rng) / scenario.trials,
            new_frame, mean(new_eta), respond(new_eta, rng) / scenario.trials)  # fmt: skip


def _mean(scenario: Scenario) -> Callable[[np.ndarray], np.ndarray]:
    if scenario.family is None:
        return lambda eta: eta
    return gv.poisson().inverse_link if scenario.family == "poisson" else gv.binomial().inverse_link


def _response(scenario: Scenario) -> Callable[..., np.ndarray]:
    mean = _mean(scenario)
    if scenario.family is None:
        return lambda eta, rng: eta + scenario.sigma * rng.standard_normal(len(eta))
    if scenario.family == "poisson":
        return lambda eta, rng: rng.poisson(mean(eta)).astype(float)
    return lambda eta, rng: rng.binomial(scenario.trials, mean(eta)).astype(float)


def fit(scenario: Scenario, data: pd.DataFrame) -> gv.LinearMixedFit | gv.GeneralizedMixedFit:
    """Fit one data set."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if scenario.family is None:
            return gv.lmer(scenario.formula, data)
        return gv.glmer(scenario.formula, data, family=scenario.family, nAGQ=scenario.nodes)


def coverage(
    scenario: Scenario, *, datasets: int, level: float, seed: int, covariance_uncertainty: bool
) -> dict[str, tuple[float, float]]:
    """Share of rows inside of their interval, with its Monte Carlo error, by kind.

    The interval of a discrete response may hold more than `level`, by its steps.
    """
    shares: dict[str, list[float]] = {kind: [] for kind in KINDS}
    rng = np.random.default_rng(seed)
    for _ in range(datasets):
        data, mean, response, new, new_mean, new_response = simulate(scenario, rng)
        fitted = fit(scenario, data)
        options = {"level": level, "covariance_uncertainty": covariance_uncertainty}
        if scenario.family is not None:
            options["type"] = "response"
        for kind, frame, truth, interval in (
            ("mean", data, mean, "confidence"),
            ("mean, new level", new, new_mean, "confidence"),
            ("response", data, response, "prediction"),
            ("response, new level", new, new_response, "prediction"),
        ):
            more = {}
            if interval == "prediction" and scenario.family == "binomial":
                more["weights"] = "trials"
            bounds = fitted.predict(
                frame, interval=interval, allow_new_levels=True, **options, **more
            )
            low, high = bounds["lwr"].to_numpy(), bounds["upr"].to_numpy()
            shares[kind].append(float(((low <= truth) & (truth <= high)).mean()))
    return {
        kind: (float(np.mean(values)), float(np.std(values) / np.sqrt(len(values))))
        for kind, values in shares.items()
    }


def main() -> None:
    """Print one line a scenario."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--datasets", type=int, default=400)
    parser.add_argument("--level", type=float, default=0.9)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    print(f"{'':40s} {'covariance':12s}" + "".join(f"{kind:>22s}" for kind in KINDS))
    for scenario in SCENARIOS:
        if options.only not in scenario.name:
            continue
        for uncertain in (False, True):
            start = time.perf_counter()
            found = coverage(
                scenario,
                datasets=options.datasets,
                level=options.level,
                seed=options.seed,
                covariance_uncertainty=uncertain,
            )
            cells = "".join(
                f"{100 * share:14.1f} +- {100 * error:3.1f} %" for share, error in found.values()
            )
            name = "uncertain" if uncertain else "as estimated"
            seconds = time.perf_counter() - start
            print(f"{scenario.name:40s} {name:12s}{cells}  ({seconds:.0f} s)", flush=True)


if __name__ == "__main__":
    main()
