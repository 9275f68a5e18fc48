"""Fit the same models here and in R's lme4 on this machine, and print both side by side.

    python benchmarks/compare_lme4.py [--all] [NAME ...]

In process, after import and one warm-up fit; formula, design, fit and standard errors. Needs
``Rscript`` with lme4 and jsonlite for R's column; without them that column is left out.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from problems import PROBLEMS, QUICK, Problem

import glmmvi as gv

HERE = Path(__file__).parent


def time_glmmvi(problem: Problem, data: pd.DataFrame) -> dict:
    """Median time, and the numbers that the fit arrived at."""

    def one() -> gv.LinearMixedFit:
        fit = gv.lmer(problem.formula, data, REML=problem.reml)
        fit.vcov()
        return fit

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", gv.GlmmviMessage)
        fit = one()
        seconds = []
        for _ in range(problem.repeats):
            start = time.perf_counter()
            fit = one()
            seconds.append(time.perf_counter() - start)
    table = fit.VarCorr().as_data_frame()
    return {
        "seconds": statistics.median(seconds),
        "criterion": fit.REMLcrit(),
        "beta": fit.fixef().tolist(),
        "se": np.sqrt(np.diag(fit.vcov())).tolist(),
        "sds": table.loc[table["var2"].isna(), "sdcor"].tolist(),
        "evaluations": fit.optimization.evaluations,
    }


def time_lme4(problem: Problem, data: pd.DataFrame) -> dict:
    """The same from R, in a process of its own."""
    factors = {
        name: {
            "levels": column.cat.categories.astype(str).tolist(),
            "ordered": bool(column.cat.ordered),
        }
        for name, column in data.items()
        if isinstance(column.dtype, pd.CategoricalDtype)
    }
    with tempfile.TemporaryDirectory() as folder:
        data.to_csv(f"{folder}/data.csv", index=False)
        Path(f"{folder}/factors.json").write_text(json.dumps(factors))
        arguments = [
            f"{folder}/data.csv",
            f"{folder}/factors.json",
            problem.formula,
            str(problem.reml).upper(),
            str(problem.repeats),
        ]
        done = subprocess.run(
            ["Rscript", str(HERE / "lme4.R"), *arguments],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
    return json.loads(done.stdout)


def main() -> None:
    """Run the chosen problems and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(PROBLEMS))
    parser.add_argument("--all", action="store_true", help="the slow ones too")
    options = parser.parse_args()
    names = options.names or (PROBLEMS if options.all else QUICK)
    with_r = shutil.which("Rscript") is not None
    if not with_r:
        print("Rscript is not installed: lme4's column is left out", file=sys.stderr)
    print(
        f"{'problem':<18}{'glmmvi ms':>11}{'lme4 ms':>10}{'ratio':>8}{'evals':>7}"
        f"{'criterion - lme4':>19}{'max rel. diff of beta, se, sd':>32}"
    )
    for name in names:
        problem = PROBLEMS[name]
        data = gv.load_dataset(problem.dataset)
        ours = time_glmmvi(problem, data)
        line = f"{name:<18}{1e3 * ours['seconds']:>11.2f}"
        if with_r:
            theirs = time_lme4(problem, data)
            difference = max(
                np.max(
                    np.abs(np.subtract(ours[key], theirs[key]))
                    / np.maximum(np.abs(theirs[key]), 1e-3)
                )
                for key in ("beta", "se", "sds")
            )
            line += (
                f"{1e3 * theirs['seconds']:>10.2f}{ours['seconds'] / theirs['seconds']:>8.2f}"
                f"{ours['evaluations']:>7}{ours['criterion'] - theirs['criterion']:>19.2e}"
                f"{difference:>32.1e}"
            )
        print(line, flush=True)


if __name__ == "__main__":
    main()
