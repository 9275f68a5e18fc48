"""Result files as tables.

python -m benchmarks.report benchmarks/results/FILE.json [--clock cpu_seconds]
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from benchmarks.agreement import agreement


def markdown(report: dict, clock: str = "seconds") -> str:
    """Three tables: times with ratios to lme4, memory, estimates beside lme4's."""
    results = report["results"]
    libraries = list(dict.fromkeys(lib for row in results.values() for lib in row["libraries"]))
    where = report["configuration"]
    lines = [
        f"{where['processor']}, {where['cores']} cores, {where['threads']} thread, "
        f"commit {where['commit'][:12]}, {where['date']}, load {where['load_average'][0]}; "
        f"{'CPU time' if clock == 'cpu_seconds' else 'elapsed time'}, median; "
        "in brackets: ratio to lme4.",
        "",
        _row(["model", *libraries]),
        _row(["---"] * (len(libraries) + 1)),
    ]
    for name, row in results.items():
        cells = [_time_cell(row["libraries"], library, clock) for library in libraries]
        lines.append(_row([name, *cells]))
    lines += ["", "Peak memory of the process, MB (growth during the fit):", ""]
    lines += [_row(["model", *libraries]), _row(["---"] * (len(libraries) + 1))]
    for name, row in results.items():
        cells = [_memory_cell(row["libraries"].get(library, {})) for library in libraries]
        lines.append(_row([name, *cells]))
    lines += [
        "",
        "Distance from lme4: fixed effects in standard errors / standard errors, relative / sds, "
        "relative. A `!` marks an answer that is not lme4's.",
        "",
        _row(["model", *libraries]),
        _row(["---"] * (len(libraries) + 1)),
    ]
    for name, row in results.items():
        reference = row["libraries"].get("lme4", {}).get("estimates")
        cells = [
            _agreement_cell(row["libraries"].get(library, {}), reference) for library in libraries
        ]
        lines.append(_row([name, *cells]))
    lines += ["", "Import, s:", ""]
    imports = []
    for library in libraries:
        found = [
            row["libraries"][library]["import_seconds"]
            for row in results.values()
            if "import_seconds" in row["libraries"].get(library, {})
        ]
        if found:
            imports.append(f"{library} {sorted(found)[len(found) // 2]:.2f}")
    lines.append(", ".join(imports))
    lines += _words(results)
    return "\n".join(lines)


def _words(results: dict) -> list[str]:
    said: dict[str, list[str]] = {}
    for name, row in results.items():
        for library, run in row["libraries"].items():
            text = run.get("skipped") or run.get("failed") or run["estimates"].get("note")
            if text:
                said.setdefault(f"{library}: {text}", []).append(name)
    if not said:
        return []
    return ["", "Notes:", ""] + [f"- {text} ({', '.join(names)})" for text, names in said.items()]


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _time_cell(runs: dict, library: str, clock: str) -> str:
    run = runs.get(library, {})
    if clock not in run:
        return "failed" if "failed" in run else "-"
    text = _duration(run[clock])
    reference = runs.get("lme4", {})
    if library != "lme4" and clock in reference and reference[clock] > 0:
        text += f" ({run[clock] / reference[clock]:.2g})"
    return text


def _duration(seconds: float) -> str:
    if seconds < 0.1:
        return f"{1e3 * seconds:.1f} ms"
    return f"{1e3 * seconds:.0f} ms" if seconds < 1.0 else f"{seconds:.2f} s"


def _memory_cell(run: dict) -> str:
    return f"{run['peak_mb']:.0f} ({run['fit_mb']:.0f})" if "peak_mb" in run else "-"


def _agreement_cell(run: dict, reference: dict | None) -> str:
    if reference is None or "estimates" not in run:
        return "-"
    found = agreement(run["estimates"], reference)
    text = f"{found.beta:.1g} / {found.se:.1g} / {found.sd:.1g}"
    if found.missing:
        text += f", {found.missing} not named alike"
    return text if found.acceptable else f"{text} !"


def main() -> None:
    """Print the tables of one result file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--clock", default="seconds", choices=("seconds", "cpu_seconds"))
    options = parser.parse_args()
    print(markdown(json.loads(options.file.read_text()), options.clock))


if __name__ == "__main__":
    main()
