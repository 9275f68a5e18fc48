"""How good the Gaussian surrogate is, and what the cumulant correction makes of it.

For every model: the sds and the ELBO of the surrogate, ``fit.check()``, the corrected fit, and,
for one grouping factor, nAGQ = 25.

    python -m benchmarks.surrogates [--only NAME ...] [--no-correction]
"""

from __future__ import annotations

import argparse
import time
import warnings
from pathlib import Path

import pandas as pd

import glmmvi as gv

_REFERENCE = Path(__file__).parents[1] / "tests" / "reference"
_IMMUN = (
    "factor(immun) ~ kid2p + mom25p + ord + ethn + momEd + husEd + momWork + rural + pcInd81"
    " + (1 | mom) + (1 | comm)"
)

# name -> file under tests/reference or data set of the package, formula, one grouping factor
MODELS = {
    "cbpp": ("cbpp", "cbind(incidence, size - incidence) ~ period + (1 | herd)", True),
    "bacteria": ("glmer/bacteria.csv", "factor(y) ~ trt + I(week > 2) + (1 | ID)", True),
    "few, sd 2": ("glmer/few.csv", "sd2 ~ x + (1 | g)", True),
    "few, sd 4": ("glmer/few.csv", "sd4 ~ x + (1 | g)", True),
    "toenail_like": ("nagq/toenail_like.csv", "y ~ treatment * time + (1 | id)", True),
    "salamander": (
        "check/salamander.csv",
        "mate ~ female_type * male_type + (1 | female) + (1 | male)",
        False,
    ),
    "guImmun": ("glmer/guImmun.csv", _IMMUN, False),
    "VerbAgg": ("VerbAgg", "r2 ~ Anger + Gender + btype + situ + (1 | id) + (1 | item)", False),
}


def sds(fit: gv.GeneralizedMixedFit) -> str:
    return " ".join(f"{factor[0, 0]:.4f}" for factor in fit.estimates.Lambda)


def line(name: str, what: str, fit: gv.GeneralizedMixedFit, seconds: float) -> None:
    value = fit.log_likelihood
    print(f"{name:<13} {what:<10} sd {sds(fit):<14} logLik {value:10.3f}  {seconds:6.1f} s CPU")


def study(name: str, *, correction: bool) -> None:
    source, formula, one_factor = MODELS[name]
    path = _REFERENCE / source
    data = pd.read_csv(path) if path.suffix == ".csv" else gv.load_dataset(source)
    variants: list[tuple[str, dict]] = [("surrogate", {})]
    if correction:
        variants.append(("corrected", {"correction": "cumulant"}))
    if one_factor:
        variants.append(("nAGQ = 25", {"nAGQ": 25}))
    for what, arguments in variants:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            start = time.process_time()
            fit = gv.glmer(formula, data, "binomial", **arguments)
            line(name, what, fit, time.process_time() - start)
        for warning in caught:
            print(f"  warning: {warning.message}")
        if what == "surrogate":
            start = time.process_time()
            print("  " + str(fit.check()).replace("\n", "\n  "))
            print(f"  {time.process_time() - start:.1f} s CPU", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="*", default=list(MODELS), choices=list(MODELS))
    parser.add_argument("--no-correction", dest="correction", action="store_false")
    options = parser.parse_args()
    for name in options.only:
        study(name, correction=options.correction)


if __name__ == "__main__":
    main()
