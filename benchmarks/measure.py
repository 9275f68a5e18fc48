"""Time one model in one library, in this process; the answer is one line of JSON.

    python -m benchmarks.measure LIBRARY REQUEST_FOLDER

Imports numpy and the library only, so that it runs in any library's environment.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import statistics
import sys
import time
import warnings
from pathlib import Path

from benchmarks.request import Request, read_request

_BUDGET = 5.0  # seconds after which three repeats are enough


def main() -> None:
    """Import, warm up, fit, report."""
    name, folder = sys.argv[1:3]
    answer = os.dup(1)  # what libraries print is not part of the answer
    os.dup2(2, 1)
    warnings.simplefilter("ignore")
    adapter = importlib.import_module(f"benchmarks.adapters.{name}")
    request = read_request(folder)
    refusal = adapter.refusal(request)
    result = {"skipped": refusal} if refusal else measure(adapter, request)
    os.write(answer, (json.dumps(result) + "\n").encode())


def measure(adapter, request: Request) -> dict:
    """Import time, times of the fits, memory, estimates."""
    start = time.perf_counter()
    try:
        version = adapter.load()
    except ImportError as error:
        return {"skipped": f"not installed ({error}): {adapter.INSTALL}"}
    import_seconds = time.perf_counter() - start
    warm_up = read_request(request.warm_up) if request.warm_up else request
    if adapter.refusal(warm_up) is None:
        adapter.fit(adapter.prepare(warm_up))
    prepared = adapter.prepare(request)
    before = _memory("VmRSS")
    _reset_peak()
    wall, cpu = [], []
    while len(wall) < request.repeats and (len(wall) < 3 or sum(wall) < _BUDGET):
        wall_start, cpu_start = time.perf_counter(), time.process_time()
        fitted = adapter.fit(prepared)
        wall.append(time.perf_counter() - wall_start)
        cpu.append(time.process_time() - cpu_start)
    peak = _memory("VmHWM")
    return {
        "version": version,
        "import_seconds": import_seconds,
        "seconds": statistics.median(wall),
        "fastest_seconds": min(wall),
        "cpu_seconds": statistics.median(cpu),
        "repeats": len(wall),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "fit_mb": max(0.0, (peak - before) / 2**20),
        "estimates": adapter.estimates(fitted, request),
    }


def _memory(field: str) -> int:
    """Bytes, from the kernel's account of this process; 0 where there is none."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(field)), 0)


def _reset_peak() -> None:
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return


if __name__ == "__main__":
    main()
