"""Start-up: processes are timed, promises judged."""

from __future__ import annotations

import sys

from benchmarks.startup import Program, markdown, measure, promises, same_printout


def test_processes_take_turns_and_failures_have_a_word() -> None:
    programs = [
        Program("fine", (sys.executable, "-c", "print(1)")),
        Program("broken", (sys.executable, "-c", "raise SystemExit('no such thing')")),
        Program("absent", ("no-such-program-anywhere",)),
    ]
    results = measure(programs, 2)
    assert len(results["fine"]["rounds"]) == 2
    assert results["fine"]["cpu_seconds"] > 0.0
    assert results["fine"]["printed"] == "1\n"
    assert results["broken"] == {"skipped": "no such thing"}
    assert results["absent"]["skipped"].endswith("is not installed")


def test_promises_are_ratios_of_one_run() -> None:
    run = {"seconds": 1.0, "cpu_seconds": 1.0, "printed": ""}
    slow = {"seconds": 3.0, "cpu_seconds": 2.0, "printed": ""}
    results = {
        "import glmmvi": run,
        "import statsmodels.api": slow,
        "script: glmmvi": slow,
        "script: lme4": run,
    }
    first, second = promises(results)
    assert (first["kept"], second["kept"]) == (True, False)
    assert second["ratio"] == 3.0
    assert promises({"import glmmvi": run}) == []
    where = {"processor": "p", "cores": 2, "commit": "c" * 40, "date": "d", "load_average": [0.0]}
    report = {
        "configuration": where,
        "rounds": 2,
        "results": {**results, "script: lme4": {"skipped": "Rscript is not installed"}},
        "promises": [first, second],
    }
    text = markdown(report)
    assert "| script: lme4 | Rscript is not installed | |" in text
    assert "NOT KEPT" in text


def test_printouts_are_compared_without_the_name_of_the_data() -> None:
    ours = "Formula: y ~ x\n   Data: radon\n sd  1.0 \n"
    theirs = "Formula: y ~ x\n   Data: data\n sd  1.0\n\n"
    assert same_printout(ours, theirs)
    assert not same_printout(ours, theirs.replace("1.0", "1.1"))
