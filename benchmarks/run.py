"""Fit the same models in every library at hand, each in a process of its own.

    python -m benchmarks.run                       the whole table, every library
    python -m benchmarks.run --own                 what needs nothing but this package
    python -m benchmarks.run cbpp insteval --libraries glmmvi lme4

A library that is missing, or cannot fit a model, is skipped with a word. Times are medians over
repeated fits, in process, after import and a warm-up; ``--rounds`` repeats the processes, the
libraries taking turns, so that a busy machine treats them alike. Where there is R with lme4, its
estimates stand beside everyone's, so that a fast wrong answer shows. A result file that exists
keeps the models and libraries that are not asked for, and says when they were measured.
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
from pathlib import Path

from benchmarks.adapters import LIBRARIES, R_LIBRARIES
from benchmarks.environments import interpreter
from benchmarks.machine import ROOT, configuration
from benchmarks.problems import GROUPS, PROBLEMS
from benchmarks.report import markdown
from benchmarks.request import write_request

_R_SCRIPT = Path(__file__).parent / "adapters" / "measure.R"
_TIMES = ("seconds", "fastest_seconds", "cpu_seconds", "import_seconds", "peak_mb", "fit_mb")


def command_for(library: str, folder: Path, options: argparse.Namespace) -> list[str]:
    """How to run one library's process."""
    name = library.removesuffix("_openblas")
    if name in R_LIBRARIES:
        return ["Rscript", str(_R_SCRIPT), name, str(folder)]
    python = interpreter(options.environments, name)
    return [python, "-m", "benchmarks.measure", name, str(folder)]


def environment_for(library: str, options: argparse.Namespace) -> dict[str, str]:
    """One library's environment variables."""
    threads = dict.fromkeys(
        ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), str(options.threads)
    )
    extra = {"LD_PRELOAD": str(options.openblas)} if library.endswith("_openblas") else {}
    # without byte code every process compiles every module again: an installed package has it
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "TF_CPP_MIN_LOG_LEVEL": "2", "MPLBACKEND": "Agg", **threads, **extra}


def measure(library: str, folder: Path, options: argparse.Namespace) -> dict:
    """One process: its answer, or why there is none."""
    command = command_for(library, folder, options)
    if shutil.which(command[0]) is None:
        return {"skipped": f"{command[0]} is not installed: apt-get install r-cran-lme4 (Debian)"}
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            cwd=ROOT,
            env=environment_for(library, options),
            timeout=options.timeout,
        )
    except subprocess.TimeoutExpired:
        return {"failed": f"over {options.timeout:.0f} s"}
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode != 0 or not lines:
        last = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
        return {"failed": last[:300]}
    return json.loads(lines[-1])


def combined(runs: list[dict]) -> dict:
    """Medians over the processes of one library and model."""
    last = runs[-1]
    if "seconds" not in last:
        return last
    medians = {key: statistics.median(run[key] for run in runs) for key in _TIMES}
    return {**last, **medians, "processes": [run["seconds"] for run in runs]}


def run_problem(name: str, libraries: list[str], options: argparse.Namespace) -> dict[str, dict]:
    """All libraries on one model, taking turns."""
    problem = PROBLEMS[name]
    with tempfile.TemporaryDirectory() as folder:
        warm_up = None
        if problem.warm_up is not None:
            warm_up = Path(folder) / "warm_up"
            write_request(PROBLEMS[problem.warm_up], warm_up)
        target = Path(folder) / "model"
        write_request(problem, target, warm_up=warm_up)
        runs: dict[str, list[dict]] = {library: [] for library in libraries}
        for _ in range(options.rounds):
            for library in libraries:
                if not runs[library] or "seconds" in runs[library][-1]:
                    runs[library].append(measure(library, target, options))
                    print(f"{name:<24}{library:<16}{_word(runs[library][-1])}", file=sys.stderr)
    return {library: combined(found) for library, found in runs.items()}


def _word(run: dict) -> str:
    if "seconds" in run:
        return f"{run['seconds']:.4f} s, CPU {run['cpu_seconds']:.4f} s"
    return next(f"{kind}: {text}" for kind, text in run.items())


def continued(
    path: Path | None, options: argparse.Namespace, models: list[str], libraries: list[str]
) -> dict:
    """The report to fill in: a new one, or that of a file with its earlier runs."""
    now = {
        **configuration(),
        "threads": options.threads,
        "rounds": options.rounds,
        "timeout": options.timeout,
        "openblas": None if options.openblas is None else options.openblas.name,
        "models": models,
        "libraries": libraries,
    }
    before: dict = {"results": {}}
    if path is not None and path.exists():
        before = json.loads(path.read_text())
    earlier = [*before.get("earlier", []), *filter(None, [before.get("configuration")])]
    return {"configuration": now, "earlier": earlier, "results": before["results"]}


def parse_arguments() -> argparse.Namespace:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "problems", nargs="*", metavar="MODEL", help=f"{', '.join([*GROUPS, *PROBLEMS])}"
    )
    parser.add_argument("--libraries", nargs="+", default=list(LIBRARIES), metavar="LIBRARY")
    parser.add_argument("--own", action="store_true", help="this package only")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--timeout", type=float, default=600.0, help="seconds for one process")
    parser.add_argument("--environments", type=Path, help="see benchmarks.environments")
    parser.add_argument("--openblas", type=Path, help="libopenblas.so.0, for a second lme4 column")
    parser.add_argument("--output", type=Path, help="result file (JSON)")
    return parser.parse_args()


def main() -> None:
    """Run the chosen models in the chosen libraries; print the table, write the file."""
    options = parse_arguments()
    names: list[str] = []
    for name in options.problems or ["table"]:
        names.extend(GROUPS.get(name, (name,)))
    unknown = [name for name in names if name not in PROBLEMS]
    if unknown:
        sys.exit(f"unknown models {', '.join(unknown)}; there are {', '.join(PROBLEMS)}")
    libraries = ["glmmvi"] if options.own else list(options.libraries)
    if options.openblas is not None and "lme4" in libraries:
        libraries.insert(libraries.index("lme4") + 1, "lme4_openblas")
    report = continued(options.output, options, names, libraries)
    for name in names:
        row = report["results"].setdefault(
            name,
            {
                "formula": PROBLEMS[name].formula,
                "family": PROBLEMS[name].family,
                "libraries": {},
            },
        )
        row["libraries"].update(run_problem(name, libraries, options))
        if options.output is not None:  # after every model: a long run may be cut short
            options.output.write_text(json.dumps(report, indent=1) + "\n")
    print(markdown(report))


if __name__ == "__main__":
    main()
