"""Result files as tables.

    python -m benchmarks.report RESULT.json [--clock cpu_seconds]       everything
    python -m benchmarks.report RESULT.json --markdown                  issue 6's table, measured
    python -m benchmarks.report RESULT.json --into benchmarks/README.md

``--into`` puts the table between the two marks of a Markdown file.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from benchmarks.adapters import LIBRARIES
from benchmarks.agreement import agreement
from benchmarks.targets import TARGETS

_NAMES = {"lme4_openblas": "lme4 with OpenBLAS", "glmm_rust": "glmm (Rust)"}
MARKS = ("<!-- table: benchmarks.report writes it -->", "<!-- end of table -->")


def markdown(report: dict, clock: str = "seconds") -> str:
    """Three tables: times with ratios to lme4, memory, estimates beside lme4's."""
    results = report["results"]
    libraries = columns(results)
    where = report["configuration"]
    lines = [
        f"{where['processor']}, {where['cores']} cores, {where['threads']} thread, "
        f"commit {where['commit'][:12]}, {where['date']}, load {where['load_average'][0]}; "
        f"{_clock(clock)}, median; "
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


def columns(results: dict) -> list[str]:
    """Libraries of a report, in the order of `LIBRARIES`, lme4 with OpenBLAS after lme4."""
    found = {library for row in results.values() for library in row["libraries"]}
    first = [*LIBRARIES, *(f"{name}_openblas" for name in LIBRARIES)]
    order = sorted(first, key=lambda name: LIBRARIES.index(name.removesuffix("_openblas")))
    return [name for name in order if name in found]


def target_table(report: dict, clock: str = "seconds") -> str:
    """Issue 6's table: times in every library, what was to be reached, and what was."""
    results, where = report["results"], report["configuration"]
    libraries = columns(results)
    names = [_NAMES.get(lib, lib) + _version(results, lib) for lib in libraries]
    lines = [
        f"{where['processor']}, {where['cores']} cores, {where['threads']} thread, Python "
        f"{where['python']}, commit {where['commit'][:12]}, {where['date']}, load "
        f"{where['load_average'][0]}; {_clock(clock)}, median.",
        "",
        _row(["model", *names, "to reach", "measured / to reach"]),
        _row(["---"] * (len(libraries) + 3)),
    ]
    for name, row in results.items():
        runs = row["libraries"]
        reference = runs.get("lme4", {}).get("estimates")
        cells = [_marked_time(runs.get(lib, {}), reference, clock) for lib in libraries]
        target = TARGETS.get(name)
        attained = None if target is None else target.attained(runs, clock)
        verdict = "-" if attained is None else f"{attained:.2f}"
        if attained is not None:
            verdict += ": reached" if attained <= 1.0 else ""
        words = "-" if target is None else target.words
        formula = f"`{row['formula']}` {row['family']}".replace("|", r"\|")
        lines.append(_row([f"{name}: {formula}", *cells, words, verdict]))
    lines += ["", "A `!` marks estimates that are not lme4's (see `benchmarks/agreement.py`)."]
    for run in report.get("earlier", []):
        lines.append(
            f"Another run, at {run['date']} (commit {run['commit'][:12]}, load "
            f"{run['load_average'][0]}): {', '.join(run.get('libraries', []))}, where they were "
            "not measured again."
        )
    lines += _words(results)
    return "\n".join(lines)


def put_between_marks(text: str, table: str) -> str:
    """A Markdown text with its table replaced.

    Raises
    ------
    ValueError
        If the text does not have the two marks, once each and in order.
    """
    before, first, rest = text.partition(MARKS[0])
    _, second, after = rest.partition(MARKS[1])
    if not first or not second:
        raise ValueError(f"the text lacks the marks {MARKS[0]} and {MARKS[1]}")
    return f"{before}{first}\n\n{table}\n\n{second}{after}"


def _version(results: dict, library: str) -> str:
    found = [
        row["libraries"][library]["version"]
        for row in results.values()
        if "version" in row["libraries"].get(library, {})
    ]
    return f" {found[0]}" if found else ""


def _clock(clock: str) -> str:
    return "CPU time" if clock == "cpu_seconds" else "elapsed time"


def _marked_time(run: dict, reference: dict | None, clock: str) -> str:
    if clock not in run:
        return "failed" if "failed" in run else "-"
    text = _duration(run[clock])
    same = reference is None or agreement(run["estimates"], reference).acceptable
    return text if same else f"{text} !"


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
    """Print the tables of one result file, or write issue 6's table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", type=Path)
    parser.add_argument("--clock", default="seconds", choices=("seconds", "cpu_seconds"))
    parser.add_argument("--markdown", action="store_true", help="the table of issue 6 only")
    parser.add_argument("--into", type=Path, metavar="FILE", help="write it between FILE's marks")
    options = parser.parse_args()
    report = json.loads(options.file.read_text())
    if options.into is not None:
        table = target_table(report, options.clock)
        options.into.write_text(put_between_marks(options.into.read_text(), table))
    elif options.markdown:
        print(target_table(report, options.clock))
    else:
        print(markdown(report, options.clock))


if __name__ == "__main__":
    main()
