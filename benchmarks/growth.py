"""Time and peak memory of a fit against rows, levels, a crossed factor and nesting.

    python -m benchmarks.growth --output benchmarks/results/growth_COMMIT.json
    python -m benchmarks.growth rows_gaussian rows_bernoulli --largest 10000000 --output FILE.json
    python -m benchmarks.growth --budget 1200 --output FILE.json     a slow machine: 20 minutes
    python -m benchmarks.growth_pictures FILE.json                   docs/growth_*.png, slopes

Every fit is a fresh process with a warm-up on a small model, as in ``benchmarks.run``; sizes
ascend. A size is skipped with a word when it is over ``--largest``, when its data would not fit
in memory, or when its time, foretold from the sizes before it, would go over the budget. A
result file that exists keeps the series that are not asked for.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.growth_series import SERIES, Series
from benchmarks.machine import configuration
from benchmarks.problems import PROBLEMS
from benchmarks.request import write_request
from benchmarks.run import measure
from glmmvi.inference.memory_need import available_bytes

# Largest size by default: ten million rows want 10 GB for the data and their files alone.
_LARGEST = {"rows": 1_000_000, "levels": 1_000_000, "crossed": 5_000, "nested": 100_000}
_BYTES_PER_ROW = 1_000.0  # of the parent process, which makes data and design


def foretold(points: list[tuple[float, float]], size: float) -> float:
    """Seconds that a size will take, from those of smaller ones: (size, seconds), ascending.

    Proportional to the size, or to the power of it that the last two sizes show.

    >>> foretold([(10.0, 1.0)], 100.0), foretold([(10.0, 1.0), (100.0, 100.0)], 1000.0)
    (10.0, 10000.0)
    >>> foretold([], 100.0)
    0.0
    """
    if not points:
        return 0.0
    last_size, last = points[-1]
    power = max(1.0, slope(points[-2:])) if len(points) > 1 else 1.0
    return last * (size / last_size) ** power


def slope(points: list[tuple[float, float]]) -> float:
    """Power of the size that values follow: least squares of logarithms.

    >>> slope([(1.0, 2.0), (10.0, 200.0), (100.0, 20000.0)])
    2.0
    """
    import numpy as np

    size, value = np.log10(np.array(points)).T
    return round(float(np.polyfit(size, value, 1)[0]), 12)


def asymptotic_slope(points: list[tuple[float, float]]) -> float | None:
    """Slope over the last three sizes; None where there are fewer than two."""
    positive = [(size, value) for size, value in points if value > 0.0]
    return slope(positive[-3:]) if len(positive) > 1 else None


def refusal(series: Series, size: int, options: argparse.Namespace) -> str | None:
    """Why a size is not tried at all."""
    largest = options.largest or _LARGEST[series.kind]
    if size > largest:
        return f"larger than --largest {largest:,}"
    available = available_bytes()
    rows = size if series.kind == "rows" else 0
    if available is not None and rows * _BYTES_PER_ROW > available:
        return f"its data want {rows * _BYTES_PER_ROW / 1e9:.0f} GB, and less is free"
    return None


def measure_size(series: Series, size: int, options: argparse.Namespace) -> dict[str, dict]:
    """All libraries on one size, each in a fresh process."""
    problem = series.problem(size)
    with tempfile.TemporaryDirectory() as folder:
        warm_up, target = Path(folder) / "warm_up", Path(folder) / "model"
        write_request(PROBLEMS[problem.warm_up or "sleepstudy"], warm_up)
        write_request(problem, target, warm_up=warm_up, data=series.data(size))
        return {library: measure(library, target, options) for library in options.libraries}


def run_series(series: Series, options: argparse.Namespace, deadline: float | None):
    """The points of one series, one after the other."""
    spent: list[tuple[float, float]] = []
    for size in series.sizes:
        word = refusal(series, size, options)
        if word is None and deadline is not None:
            left = deadline - time.monotonic()
            if left <= foretold(spent, size):
                word = "over the time budget"
        if word is not None:
            yield {"size": size, "skipped": word}
            continue
        start = time.monotonic()
        found = measure_size(series, size, options)
        spent.append((float(size), time.monotonic() - start))
        yield {"size": size, "libraries": found}


def described(series: Series) -> dict:
    """What a result file says of a series."""
    return {
        "kind": series.kind,
        "axis": series.axis,
        "constant": series.constant,
        "formula": series.formula,
        "family": series.family,
    }


def _word(point: dict) -> str:
    if "skipped" in point:
        return point["skipped"]
    return "; ".join(
        f"{library} {run['seconds']:.3f} s, {run['fit_mb']:.0f} MB"
        if "seconds" in run
        else f"{library} {run.get('failed') or run.get('skipped')}"
        for library, run in point["libraries"].items()
    )


def parse_arguments() -> argparse.Namespace:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("series", nargs="*", metavar="SERIES", help=", ".join(SERIES))
    parser.add_argument("--libraries", nargs="+", default=["glmmvi"], metavar="LIBRARY")
    parser.add_argument("--largest", type=int, help="sizes above are left out (rows: 1e6)")
    parser.add_argument("--budget", type=float, help="seconds for the whole run")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--timeout", type=float, default=3600.0, help="seconds for one process")
    parser.add_argument("--environments", type=Path, help="see benchmarks.environments")
    parser.add_argument("--openblas", type=Path, help="libopenblas.so.0, for lme4_openblas")
    parser.add_argument("--output", type=Path, help="result file (JSON)")
    return parser.parse_args()


def main() -> None:
    """Measure the chosen series and write the file after every point."""
    options = parse_arguments()
    names = options.series or list(SERIES)
    unknown = [name for name in names if name not in SERIES]
    if unknown:
        sys.exit(f"unknown series {', '.join(unknown)}; there are {', '.join(SERIES)}")
    report: dict = {"series": {}}
    if options.output is not None and options.output.exists():
        report = json.loads(options.output.read_text())
    deadline = None if options.budget is None else time.monotonic() + options.budget
    for name in names:
        series = SERIES[name]
        settings = {"threads": options.threads, "timeout": options.timeout}
        entry = {**described(series), "configuration": {**configuration(), **settings}}
        entry["points"] = []
        for point in run_series(series, options, deadline):
            entry["points"].append(point)
            print(f"{name:<20}{point['size']:>11,}  {_word(point)}", file=sys.stderr, flush=True)
            if options.output is not None:  # after every size: a long run may be cut short
                report["series"][name] = entry
                options.output.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
