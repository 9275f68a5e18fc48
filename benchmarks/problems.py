"""The models that benchmarks run and tests compare: name, data, formula, family.

``TABLE`` are the models of the table of timings, ``GOLDENS`` those whose printouts by R are in
``tests/reference``; ``PROBLEMS`` has them all, and a few more. Synthetic data come from
generators with fixed seeds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import numpy as np
import pandas as pd

import glmmvi as gv

_REFERENCE = Path(__file__).parents[1] / "tests" / "reference"


@dataclass(frozen=True)
class Problem:
    """A mixed model and its data.

    Attributes
    ----------
    dataset : str
        Name for :func:`load_data`.
    formula : str
        The same text for R and for us.
    family : str
        R's name of the family, ``"gaussian"`` for a linear mixed model; with a link,
        ``"binomial(probit)"``.
    reml : bool
    repeats : int
        Fits to take the median of.
    warm_up : str, optional
        Smaller problem to fit once before the clock starts; by default the problem itself.
    """

    dataset: str
    formula: str
    family: str = "gaussian"
    reml: bool = True
    repeats: int = 30
    warm_up: str | None = None


# -- data -------------------------------------------------------------------------------------


def simulated_slopes(
    rows: int, groups: int, *, family: str = "gaussian", seed: int = 20240501
) -> pd.DataFrame:
    """Five fixed effects, and a correlated intercept and slope by group.

    Gaussian: sds 0.8 and 0.4, correlation 0.3, residual 1. Bernoulli: the same on the logit
    scale.
    """
    rng = np.random.default_rng(seed)
    data = {f"x{i}": rng.normal(size=rows) for i in range(1, 5)}
    codes = np.concatenate([np.arange(groups), rng.integers(0, groups, rows - groups)])
    covariance = np.array([[0.64, 0.096], [0.096, 0.16]])
    b = rng.normal(size=(groups, 2)) @ np.linalg.cholesky(covariance).T
    eta = -0.5 + 0.5 * data["x1"] - 0.25 * data["x2"] + 0.1 * data["x3"] + 0.0 * data["x4"]
    eta += b[codes, 0] + b[codes, 1] * data["x1"]
    if family == "gaussian":
        y = eta + rng.normal(size=rows)
    else:
        y = (rng.random(rows) < 1.0 / (1.0 + np.exp(-eta))).astype(float)
    levels = [f"g{i}" for i in range(groups)]
    return pd.DataFrame({"y": y, **data, "g": pd.Categorical.from_codes(codes, levels)})


def simulated_crossed(
    rows: int, first: int, second: int, *, family: str = "poisson", seed: int = 20240502
) -> pd.DataFrame:
    """Two fixed effects and two crossed factors, sds 0.5 and 0.3."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=rows)
    f = np.concatenate([np.arange(first), rng.integers(0, first, rows - first)])
    h = np.concatenate([np.arange(second), rng.integers(0, second, rows - second)])
    eta = 0.2 + 0.3 * x + rng.normal(0, 0.5, first)[f] + rng.normal(0, 0.3, second)[h]
    if family == "poisson":
        y = rng.poisson(np.exp(eta)).astype(float)
    elif family == "binomial":
        y = (rng.random(rows) < 1.0 / (1.0 + np.exp(-eta))).astype(float)
    else:
        y = eta + rng.normal(size=rows)
    return pd.DataFrame(
        {
            "y": y,
            "x": x,
            "f": pd.Categorical.from_codes(f, [f"f{i}" for i in range(first)]),
            "h": pd.Categorical.from_codes(h, [f"h{i}" for i in range(second)]),
        }
    )


def simulated_nested(
    rows: int, innermost: int, *, family: str = "gaussian", seed: int = 20240503
) -> pd.DataFrame:
    """Three nested levels, ten of each within the next, sds 0.3, 0.4 and 0.5."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=rows)
    c = np.concatenate([np.arange(innermost), rng.integers(0, innermost, rows - innermost)])
    b, a = c // 10, c // 100
    eta = 0.2 + 0.3 * x
    for sd, codes in ((0.3, a), (0.4, b), (0.5, c)):
        eta = eta + rng.normal(0, sd, int(codes.max()) + 1)[codes]
    if family == "gaussian":
        y = eta + rng.normal(size=rows)
    else:
        y = (rng.random(rows) < 1.0 / (1.0 + np.exp(-eta))).astype(float)
    factors = {
        name: pd.Categorical.from_codes(codes, [f"{name}{i}" for i in range(codes.max() + 1)])
        for name, codes in (("a", a), ("b", b), ("c", c))
    }
    return pd.DataFrame({"y": y, "x": x, **factors})


def _grouseticks() -> pd.DataFrame:
    data = gv.load_dataset("grouseticks")
    data["cHEIGHT"] = data["HEIGHT"] - data["HEIGHT"].mean()
    return data


def _cbpp() -> pd.DataFrame:
    data = gv.load_dataset("cbpp")
    data["obs"] = pd.Categorical(np.arange(1, len(data) + 1).astype(str), None).reorder_categories(
        [str(i) for i in range(1, len(data) + 1)]
    )
    return data


def _contraception() -> pd.DataFrame:
    data = pd.read_csv(_REFERENCE / "nagq" / "Contraception.csv", dtype={"district": str})
    levels = {
        "district": sorted(data["district"].unique(), key=int),
        "use": ["N", "Y"],
        "urban": ["N", "Y"],
        "livch": ["0", "1", "2", "3+"],
    }
    for name, order in levels.items():
        data[name] = pd.Categorical(data[name], order)
    return data


def _wide() -> pd.DataFrame:
    return pd.read_csv(_REFERENCE / "data" / "wide.csv")


def _simulations(name: str) -> pd.DataFrame:
    return pd.read_csv(_REFERENCE / "glmer" / f"{name}.csv")


_LOADERS: dict[str, Callable[[], pd.DataFrame]] = {
    "grouseticks": _grouseticks,
    "cbpp": _cbpp,
    "Contraception": _contraception,
    "wide": _wide,
    "gammasim": partial(_simulations, "gammasim"),
    "slopes_1e4": partial(simulated_slopes, 10_000, 100),
    "slopes_1e5": partial(simulated_slopes, 100_000, 1_000),
    "slopes_1e6": partial(simulated_slopes, 1_000_000, 10_000),
    "bernoulli_1e4": partial(simulated_slopes, 10_000, 100, family="binomial"),
    "bernoulli_1e5": partial(simulated_slopes, 100_000, 1_000, family="binomial"),
    "bernoulli_1e6": partial(simulated_slopes, 1_000_000, 10_000, family="binomial"),
    "crossed_2e4": partial(simulated_crossed, 20_000, 500, 50),
    "crossed_2e5": partial(simulated_crossed, 200_000, 5_000, 500),
}


@cache
def load_data(name: str) -> pd.DataFrame:
    """A data set by name: bundled, among the references of the tests, or synthetic.

    Kept: callers must not change it.
    """
    return _LOADERS[name]() if name in _LOADERS else gv.load_dataset(name)


# -- models -----------------------------------------------------------------------------------

_CBPP = "cbind(incidence, size - incidence) ~ period + (1 | herd)"
_TICKS = "TICKS ~ YEAR + cHEIGHT + (1 | BROOD) + (1 | INDEX) + (1 | LOCATION)"
_CONTRACEPTION = "use ~ age + I(age^2) + urban + livch + "
_VERBAGG = "r2 ~ Anger + Gender + btype + situ + (1 | id) + (1 | item)"
_SLOPES = "y ~ x1 + x2 + x3 + x4 + (x1 | g)"
_CROSSED = "y ~ x + (1 | f) + (1 | h)"

TABLE = {
    "sleepstudy": Problem("sleepstudy", "Reaction ~ Days + (Days | Subject)"),
    "radon": Problem("radon", "log_radon ~ floor + (1 | county)"),
    "insteval": Problem(
        "InstEval", "y ~ service + (1 | s) + (1 | d)", repeats=3, warm_up="penicillin"
    ),
    "insteval_dept": Problem(
        "InstEval", "y ~ service + (1 | s) + (1 | d) + (1 | dept)", repeats=3, warm_up="penicillin"
    ),
    "cbpp": Problem("cbpp", _CBPP, "binomial"),
    "contraception": Problem(
        "Contraception", f"{_CONTRACEPTION}(1 | district)", "binomial", repeats=10
    ),
    "contraception_slope": Problem(
        "Contraception", f"{_CONTRACEPTION}(urban | district)", "binomial", repeats=10
    ),
    "grouseticks": Problem("grouseticks", _TICKS, "poisson", repeats=10),
    "verbagg": Problem("VerbAgg", _VERBAGG, "binomial", repeats=5, warm_up="cbpp"),
    "lmm_1e6": Problem("slopes_1e6", _SLOPES, repeats=3, warm_up="sleepstudy"),
    "bernoulli_1e6": Problem("bernoulli_1e6", _SLOPES, "binomial", repeats=1, warm_up="cbpp"),
    "crossed_2e5": Problem("crossed_2e5", _CROSSED, "poisson", repeats=1, warm_up="cbpp"),
}

# The large ones of the table at a tenth of their size.
TENTH = {
    "lmm_1e5": Problem("slopes_1e5", _SLOPES, repeats=5, warm_up="sleepstudy"),
    "bernoulli_1e5": Problem("bernoulli_1e5", _SLOPES, "binomial", repeats=3, warm_up="cbpp"),
    "crossed_2e4": Problem("crossed_2e4", _CROSSED, "poisson", repeats=3, warm_up="cbpp"),
}

_LONG = [f"a_fairly_long_name_{i}" for i in range(1, 14)]

# The lmer models among R's goldens.
LMER_GOLDENS = {
    "sleepstudy_lmer": Problem("sleepstudy", "Reaction ~ Days + (Days | Subject)"),
    "sleepstudy_lmer_ML": Problem("sleepstudy", "Reaction ~ Days + (Days | Subject)", reml=False),
    "sleepstudy_lmer_bars2": Problem("sleepstudy", "Reaction ~ Days + (Days || Subject)"),
    "sleepstudy_lmer_int": Problem("sleepstudy", "Reaction ~ Days + (1 | Subject)"),
    "radon_lmer": Problem("radon", "log_radon ~ floor + (1 | county)"),
    "radon_lmer_uranium": Problem("radon", "log_radon ~ floor + log_uranium + (1 | county)"),
    "radon_lmer_slope": Problem("radon", "log_radon ~ floor + log_uranium + (1 + floor | county)"),
    "penicillin_lmer": Problem("Penicillin", "diameter ~ 1 + (1 | plate) + (1 | sample)"),
    "pastes_lmer_nested": Problem("Pastes", "strength ~ 1 + (1 | batch / cask)"),
    "cake_lmer_ordered": Problem("cake", "angle ~ recipe * temperature + (1 | recipe:replicate)"),
    "dyestuff_lmer": Problem("Dyestuff", "Yield ~ 1 + (1 | Batch)"),
    "dyestuff2_lmer_singular": Problem("Dyestuff2", "Yield ~ 1 + (1 | Batch)"),
    "orthodont_lmer_interaction": Problem("Orthodont", "distance ~ age * Sex + (1 | Subject)"),
    "machines_lmer_factor_slope": Problem("Machines", "score ~ Machine + (Machine | Worker)"),
    "machines_lmer_0factor_slope": Problem("Machines", "score ~ Machine + (0 + Machine | Worker)"),
    "machines_lmer_doublebar_factor": Problem("Machines", "score ~ Machine + (Machine || Worker)"),
    "wide_lmer": Problem(
        "wide",
        "y ~ a_fairly_long_name_1 + a_fairly_long_name_2 + "
        "a_fairly_long_name_3 * a_fairly_long_name_4 + (1 + a_fairly_long_name_1 | g) + (1 | h)",
    ),
    "wide13_lmer": Problem("wide", f"y ~ {' + '.join(_LONG)} + (1 | g)"),
}

# The glmer models among R's goldens (the negative binomial ones wait for a benchmark of theirs).
GLMER_GOLDENS = {
    "cbpp_glmer": Problem("cbpp", _CBPP, "binomial"),
    "cbpp_glmer_olre": Problem("cbpp", f"{_CBPP} + (1 | obs)", "binomial", repeats=10),
    "cbpp_glmer_cloglog": Problem("cbpp", _CBPP, "binomial(cloglog)"),
    "cbpp_glmer_probit": Problem("cbpp", _CBPP, "binomial(probit)"),
    "grouseticks_glmer": Problem("grouseticks", _TICKS, "poisson", repeats=10),
    "grouseticks_glmer_brood": Problem(
        "grouseticks", "TICKS ~ YEAR + cHEIGHT + (1 | BROOD)", "poisson", repeats=10
    ),
    "sleepstudy_glmer_gamma_log": Problem(
        "sleepstudy", "Reaction ~ Days + (1 | Subject)", "Gamma(log)", repeats=10
    ),
    "gammasim_glmer_log": Problem("gammasim", "y ~ x + (1 | g)", "Gamma(log)", repeats=10),
}

GOLDENS = {**LMER_GOLDENS, **GLMER_GOLDENS}

PROBLEMS = {
    **TABLE,
    **TENTH,
    "penicillin": Problem("Penicillin", "diameter ~ 1 + (1 | plate) + (1 | sample)"),
    **GOLDENS,
}

_LARGE = ("lmm_1e6", "bernoulli_1e6", "crossed_2e5")

GROUPS: dict[str, tuple[str, ...]] = {
    "table": tuple(TABLE),
    "small": tuple(
        name for name in TABLE if name not in _LARGE and not name.startswith("insteval")
    ),
    "large": _LARGE,
    "tenth": tuple(TENTH),
    "goldens": tuple(GOLDENS),
}
