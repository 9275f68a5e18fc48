"""Time and peak memory of the design of a large data frame, against formulaic's own.

    python -m benchmarks.design [--rows 1000000] [--repeats 3]

Ten columns: eight numeric ones and two factors with an interaction. Every method runs in a
process of its own; memory is the peak of the resident set above what it was before the call,
in units of the resulting matrix.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

RHS = "x1 + x2 + x3 + x4 + x5 + x6 + x7 + x8 + a * b"
METHODS = {
    "formulaic": "formulaic.Formula(...).get_model_matrix(data)",
    "model_matrix": "glmmvi.model_matrix('~ ...', data)",
    "build_design": "what lmer() starts from: response, X, rank, (1 | b)",
}


def make_data(rows: int):
    import numpy as np
    import pandas as pd

    rng = np.random.default_rng(1)
    data = pd.DataFrame({f"x{i}": rng.normal(size=rows) for i in range(1, 9)})
    data["a"] = pd.Categorical.from_codes(rng.integers(0, 4, rows), list("pqrs"))
    data["b"] = pd.Categorical.from_codes(rng.integers(0, 5, rows), list("tuvwz"))
    return data


def run(method: str, data):
    if method == "formulaic":
        import formulaic

        return formulaic.Formula(RHS).get_model_matrix(data, context={})
    if method == "model_matrix":
        import glmmvi

        return glmmvi.model_matrix(f"~ {RHS}", data)
    from glmmvi.design import build_design

    return build_design(f"x1 ~ {RHS.removeprefix('x1 + ')} + (1 | b)", data).X


def memory(field: str) -> int:
    """Bytes, from the kernel's account of this process."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) * 1024
    raise LookupError(field)


def measure(method: str, rows: int, repeats: int) -> dict[str, float]:
    run(method, make_data(1000))  # imports
    data = make_data(rows)
    before = memory("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here
    result = run(method, data)
    peak = memory("VmHWM") - before
    size = result.shape[0] * result.shape[1] * 8
    columns = result.shape[1]
    del result
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        run(method, data)
        seconds.append(time.perf_counter() - start)
    return {"seconds": min(seconds), "peak": peak / size, "columns": columns, "size": size}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--method", choices=list(METHODS), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.method:
        print(json.dumps(measure(arguments.method, arguments.rows, arguments.repeats)))
        return
    found = {}
    for method in METHODS:
        command = [sys.executable, "-m", "benchmarks.design", "--method", method]
        command += ["--rows", str(arguments.rows), "--repeats", str(arguments.repeats)]
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        found[method] = json.loads(output.splitlines()[-1])
    base = found["formulaic"]["seconds"]
    print(f"{arguments.rows:,} rows, ten columns: ~ {RHS}")
    print(f"{'':14}{'columns':>8}{'seconds':>9}{'ratio':>7}{'peak / result':>15}")
    for method, numbers in found.items():
        print(
            f"{method:14}{numbers['columns']:8.0f}{numbers['seconds']:9.2f}"
            f"{numbers['seconds'] / base:7.2f}{numbers['peak']:15.2f}   {METHODS[method]}"
        )


if __name__ == "__main__":
    main()
