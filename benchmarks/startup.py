"""Start-up: ``import glmmvi`` against statsmodels', a script that fits and prints against R's.

    python -m benchmarks.startup [--rounds 7] [--environments FOLDER] [--output RESULT.json]

Every run is a fresh process; the programs take turns, so that a busy machine treats them alike;
medians count. One round before the clock starts fills the disk cache and writes the byte code
that an installed package has (``PYTHONDONTWRITEBYTECODE`` is taken away: without byte code every
start compiles every module again). The two scripts read the same CSV file.
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
from dataclasses import dataclass
from pathlib import Path

from benchmarks.environments import interpreter
from benchmarks.machine import ROOT, configuration

_FORMULA = "log_radon ~ floor + (1 | county)"
_OURS = """\
import sys
import pandas as pd
import glmmvi as gv
data = pd.read_csv(sys.argv[1])
print(gv.lmer("{formula}", data))
"""
_LME4 = """\
suppressMessages(library(lme4))
data <- read.csv(commandArgs(TRUE)[1])
print(lmer({formula}, data))
"""


@dataclass(frozen=True)
class Program:
    """One program whose start is timed.

    Attributes
    ----------
    name : str
    command : tuple of str
    """

    name: str
    command: tuple[str, ...]


# Ratios that the project promises: numerator, denominator, largest acceptable ratio.
PROMISES = (
    ("import glmmvi", "import statsmodels.api", 0.5),
    ("script: glmmvi", "script: lme4", 1.0),
)


def programs(folder: Path, environments: Path | None) -> list[Program]:
    """What is timed, the scripts and their data written into a folder."""
    import glmmvi as gv

    data = folder / "radon.csv"
    gv.load_dataset("radon").to_csv(data, index=False)
    ours, theirs = folder / "ours.py", folder / "lme4.R"
    ours.write_text(_OURS.format(formula=_FORMULA))
    theirs.write_text(_LME4.format(formula=_FORMULA))
    statsmodels = interpreter(environments, "statsmodels")
    return [
        Program("python", (sys.executable, "-c", "pass")),
        Program("import pandas", (sys.executable, "-c", "import pandas")),
        Program("import glmmvi", (sys.executable, "-c", "import glmmvi")),
        Program("import glmmvi, lmer", (sys.executable, "-c", "from glmmvi import lmer")),
        Program("import statsmodels.api", (statsmodels, "-c", "import statsmodels.api")),
        Program("script: glmmvi", (sys.executable, str(ours), str(data))),
        Program("script: lme4", ("Rscript", str(theirs), str(data))),
    ]


def run_once(program: Program) -> dict:
    """Elapsed and CPU seconds of one process, and what it printed; or why it failed."""
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    environment = {**kept, "PYTHONPATH": path, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        start = time.perf_counter()
        process = subprocess.Popen(program.command, stdout=output, stderr=errors, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        errors.seek(0)
        if process.returncode != 0:
            words = errors.read().strip().splitlines() or ["no message"]
            return {"failed": words[-1][:300]}
        cpu = usage.ru_utime + usage.ru_stime
        return {"seconds": seconds, "cpu_seconds": cpu, "printed": output.read()}


def measure(found: list[Program], rounds: int) -> dict[str, dict]:
    """Medians of every program, taking turns."""
    runs: dict[str, list[dict]] = {program.name: [] for program in found}
    results: dict[str, dict] = {}
    for program in found:
        if shutil.which(program.command[0]) is None:
            results[program.name] = {"skipped": f"{program.command[0]} is not installed"}
        elif "failed" in (first := run_once(program)):  # fills caches
            results[program.name] = {"skipped": first["failed"]}
    for _ in range(rounds):
        for program in found:
            if program.name not in results:
                runs[program.name].append(run_once(program))
    for name, timed in runs.items():
        if name in results:
            continue
        failed = [run["failed"] for run in timed if "failed" in run]
        if failed:
            results[name] = {"skipped": failed[0]}
            continue
        results[name] = {
            "seconds": statistics.median(run["seconds"] for run in timed),
            "cpu_seconds": statistics.median(run["cpu_seconds"] for run in timed),
            "fastest_seconds": min(run["seconds"] for run in timed),
            "rounds": [run["seconds"] for run in timed],
            "printed": timed[-1]["printed"],
        }
    return results


def promises(results: dict[str, dict]) -> list[dict]:
    """Ratio and verdict of every promise whose two sides were measured."""
    kept = []
    for ours, theirs, limit in PROMISES:
        if "seconds" in results.get(ours, {}) and "seconds" in results.get(theirs, {}):
            ratios = {
                clock: results[ours][clock] / results[theirs][clock]
                for clock in ("seconds", "cpu_seconds")
            }
            kept.append(
                {
                    "ours": ours,
                    "theirs": theirs,
                    "limit": limit,
                    "ratio": ratios["seconds"],
                    "cpu_ratio": ratios["cpu_seconds"],
                    "kept": ratios["seconds"] <= limit,
                }
            )
    return kept


def same_printout(ours: str, theirs: str) -> bool:
    """Whether two printouts say the same, the name of the data aside."""
    sides = [
        [
            line.split()
            for line in text.splitlines()
            if line.strip() and not line.strip().startswith("Data:")
        ]
        for text in (ours, theirs)
    ]
    return sides[0] == sides[1]


def markdown(report: dict) -> str:
    """The result as a table, and the promises."""
    where, results = report["configuration"], report["results"]
    lines = [
        f"{where['processor']}, {where['cores']} cores, commit {where['commit'][:12]}, "
        f"{where['date']}, load {where['load_average'][0]}; median of "
        f"{report['rounds']} fresh processes.",
        "",
        "| program | elapsed, s | CPU, s |",
        "| --- | --- | --- |",
    ]
    for name, run in results.items():
        if "seconds" in run:
            lines.append(f"| {name} | {run['seconds']:.3f} | {run['cpu_seconds']:.3f} |")
        else:
            lines.append(f"| {name} | {run['skipped']} | |")
    lines.append("")
    for promise in report["promises"]:
        lines.append(
            f"- {promise['ours']} / {promise['theirs']}: {promise['ratio']:.2f} "
            f"(CPU {promise['cpu_ratio']:.2f}; promised at most {promise['limit']}): "
            f"{'kept' if promise['kept'] else 'NOT KEPT'}"
        )
    if "same_printout" in report:
        lines.append(f"- the two scripts print the same: {report['same_printout']}")
    return "\n".join(lines)


def main() -> None:
    """Time the programs, print the table, write the file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--environments", type=Path, help="see benchmarks.environments")
    parser.add_argument("--output", type=Path, help="result file (JSON)")
    options = parser.parse_args()
    report: dict = {"configuration": configuration(), "rounds": options.rounds}
    with tempfile.TemporaryDirectory() as folder:
        report["results"] = measure(programs(Path(folder), options.environments), options.rounds)
    report["promises"] = promises(report["results"])
    printed = [report["results"][f"script: {name}"].get("printed") for name in ("glmmvi", "lme4")]
    if all(printed):
        report["same_printout"] = same_printout(*printed)
    if options.output is not None:
        options.output.write_text(json.dumps(report, indent=1) + "\n")
    print(markdown(report))


if __name__ == "__main__":
    main()
