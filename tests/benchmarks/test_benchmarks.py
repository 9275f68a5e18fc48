"""The benchmark suite's own arithmetic: data exchange, agreement of estimates, comparison."""

from __future__ import annotations

import argparse
import copy
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks import compare
from benchmarks import run as runner
from benchmarks.adapters import LIBRARIES
from benchmarks.adapters import glmmvi as adapter
from benchmarks.agreement import agreement
from benchmarks.column_files import as_data_frame, read_columns, write_columns
from benchmarks.compare import Limits, verdict
from benchmarks.measure import measure
from benchmarks.problems import GROUPS, PROBLEMS, TABLE, simulated_crossed, simulated_slopes
from benchmarks.report import MARKS, markdown, put_between_marks, target_table
from benchmarks.request import family_and_link, read_request, write_request
from benchmarks.targets import TARGETS


def run(seconds: float, *, beta: float = 1.0, fit_mb: float = 10.0) -> dict:
    return {
        "seconds": seconds,
        "fastest_seconds": seconds,
        "cpu_seconds": seconds,
        "import_seconds": 0.1,
        "peak_mb": 100.0,
        "fit_mb": fit_mb,
        "estimates": {"beta": {"x": beta}, "se": {"x": 0.1}, "sds": {"g x": 2.0}},
    }


@pytest.mark.parametrize(
    ("after", "words"),
    [
        (run(1.0), []),
        (run(1.3), ["slower"]),
        (run(0.5), ["faster"]),
        (run(1.0, beta=1.01), ["moved"]),
        (run(1.0, fit_mb=100.0), ["bigger"]),
        ({"failed": "over 600 s"}, ["lost: over 600 s"]),
    ],
)
def test_a_case_is_judged(after: dict, words: list[str]) -> None:
    assert verdict(run(1.0), after, Limits()) == words


def test_slower_needs_ratio_and_absolute_time() -> None:
    assert verdict(run(0.001), run(0.003), Limits(ratio=1.2, seconds=0.003)) == []
    assert verdict(run(1.0), run(1.1), Limits(ratio=1.2, seconds=0.003)) == []


def test_agreement_counts_standard_errors_and_what_is_missing() -> None:
    reference = run(1.0)["estimates"]
    other = copy.deepcopy(reference)
    other["beta"]["x"] += 0.03
    other["sds"] = {}
    found = agreement(other, reference)
    assert found.beta == pytest.approx(0.3)
    assert (found.compared, found.missing) == (1, 1)
    assert agreement(reference, reference).acceptable
    other["beta"]["x"] += 0.03
    assert not agreement(other, reference).acceptable


def test_columns_come_back(tmp_path: Path) -> None:
    data = pd.DataFrame(
        {
            "x": [1.5, np.nan, -3.0],
            "flag": [True, False, True],
            "f": pd.Categorical(["b", None, "a"], ["b", "a"], ordered=True),
            "text": ["v", "u", "v"],
        }
    )
    write_columns(data, tmp_path)
    back = as_data_frame(read_columns(tmp_path))
    np.testing.assert_array_equal(back["x"], data["x"])
    np.testing.assert_array_equal(back["flag"], [1.0, 0.0, 1.0])
    assert back["f"].dtype == data["f"].dtype
    np.testing.assert_array_equal(back["f"].cat.codes, data["f"].cat.codes)
    assert list(back["text"].cat.categories) == ["u", "v"]


def test_generators_are_fixed_by_their_seeds() -> None:
    first, second = (simulated_slopes(500, 20, family="binomial") for _ in range(2))
    pd.testing.assert_frame_equal(first, second)
    crossed = simulated_crossed(500, 40, 7)
    assert crossed["f"].nunique() == 40
    assert crossed["h"].nunique() == 7


def test_every_problem_is_named_once_and_its_warm_up_exists() -> None:
    assert set(TABLE) <= set(PROBLEMS)
    for group in GROUPS.values():
        assert set(group) <= set(PROBLEMS)
    for problem in PROBLEMS.values():
        assert problem.warm_up is None or problem.warm_up in PROBLEMS
        family_and_link(problem.family)


def test_one_model_is_measured(tmp_path: Path) -> None:
    request = write_request(replace(PROBLEMS["cbpp"], repeats=2), tmp_path)
    assert read_request(tmp_path) == request
    answer = json.loads(json.dumps(measure(adapter, request)))
    assert answer["estimates"]["beta"]["period2"] == pytest.approx(-0.992, abs=1e-3)
    assert answer["estimates"]["sds"] == {"herd (Intercept)": pytest.approx(0.644, abs=1e-3)}
    assert answer["seconds"] > 0.0
    results = {"cbpp": {"libraries": {"glmmvi": answer, "bambi": {"skipped": "not installed"}}}}
    text = markdown(
        {
            "configuration": {
                "processor": "a",
                "cores": 1,
                "threads": 1,
                "commit": "",
                "date": "",
                "load_average": [0.0],
            },
            "results": results,
        }
    )
    assert "| cbpp |" in text
    assert "bambi: not installed (cbpp)" in text


def table_report(ours: float, theirs: float) -> dict:
    where = {
        "processor": "a",
        "cores": 1,
        "threads": 1,
        "python": "3",
        "commit": "",
        "date": "",
        "load_average": [0.0],
    }
    runs = {"glmmvi": run(ours), "lme4": run(1.0), "glmm_rust": run(theirs, beta=9.0)}
    runs["bambi"] = {"skipped": "not installed"}
    row = {"formula": "y ~ x + (1 | g)", "family": "poisson", "libraries": runs}
    return {"configuration": where, "results": {"grouseticks": row, "other": row}}


def test_every_model_of_the_table_has_a_target() -> None:
    assert set(TARGETS) == set(TABLE)
    assert {target.library for target in TARGETS.values()} <= set(LIBRARIES)
    runs = {"glmmvi": run(0.3), "lme4": run(1.0)}
    assert TARGETS["sleepstudy"].attained(runs) == pytest.approx(0.45)
    assert TARGETS["crossed_2e5"].attained(runs) is None


@pytest.mark.parametrize(("ours", "verdict"), [(0.3, "0.75: reached"), (0.5, "1.25")])
def test_the_table_says_what_was_reached(ours: float, verdict: str) -> None:
    lines = target_table(table_report(ours, 0.2)).splitlines()
    (row,) = [line for line in lines if line.startswith("| grouseticks")]
    assert row.endswith(f"| twice glmm's time | {verdict} |")
    assert "200 ms !" in row  # its estimates are not lme4's
    assert r"(1 \| g)" in row
    (other,) = [line for line in lines if line.startswith("| other")]
    assert other.endswith("| - | - |")
    assert "- bambi: not installed (grouseticks, other)" in lines


def test_the_table_goes_between_its_marks() -> None:
    text = f"before\n{MARKS[0]}\nold\n{MARKS[1]}\nafter\n"
    new = put_between_marks(text, "new")
    assert new == f"before\n{MARKS[0]}\n\nnew\n\n{MARKS[1]}\nafter\n"
    assert put_between_marks(new, "new") == new
    with pytest.raises(ValueError, match="lacks the marks"):
        put_between_marks("no marks", "new")
    readme = (Path(__file__).parents[2] / "benchmarks" / "README.md").read_text("utf-8")
    assert "kept" in put_between_marks(readme, "kept")


@pytest.mark.parametrize(("after", "status"), [(1.004, 0), (1.3, 1), (0.5, 0)])
def test_comparing_files_ends_with_a_status(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: float, status: int
) -> None:
    for name, seconds in (("before", 1.0), ("after", after)):
        (tmp_path / name).write_text(json.dumps(table_report(seconds, 0.2)))
    monkeypatch.setattr("sys.argv", ["compare", str(tmp_path / "before"), str(tmp_path / "after")])
    with pytest.raises(SystemExit) as stopped:
        compare.main()
    assert stopped.value.code == status


def test_this_package_alone_is_one_command(monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    asked = []

    def answered(library: str, *_: object) -> dict:
        asked.append(library)
        return run(0.1)

    monkeypatch.setattr("benchmarks.run.measure", answered)
    monkeypatch.setattr("sys.argv", ["run", "cbpp", "--own"])
    runner.main()
    assert asked == ["glmmvi"]
    assert "| cbpp | 100 ms |" in capsys.readouterr().out


def test_a_result_file_keeps_what_is_not_measured_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    seconds = iter([0.1, 0.2, 0.3])
    monkeypatch.setattr("benchmarks.run.measure", lambda *_: run(next(seconds)))
    file = tmp_path / "results.json"
    for libraries in (["lme4", "glmmvi"], ["glmmvi"]):
        arguments = ["run", "cbpp", "--libraries", *libraries, "--output", str(file)]
        monkeypatch.setattr("sys.argv", arguments)
        runner.main()
    report = json.loads(file.read_text())
    runs = report["results"]["cbpp"]["libraries"]
    assert (runs["lme4"]["seconds"], runs["glmmvi"]["seconds"]) == (0.1, 0.3)
    assert [part["libraries"] for part in report["earlier"]] == [["lme4", "glmmvi"]]
    assert report["configuration"]["libraries"] == ["glmmvi"]
    assert "Another run, at " in target_table(report)


def test_openblas_is_preloaded_for_a_second_column_of_lme4() -> None:
    options = argparse.Namespace(threads=1, openblas=Path("libopenblas.so.0"), environments=None)
    assert runner.environment_for("lme4_openblas", options)["LD_PRELOAD"] == "libopenblas.so.0"
    assert "libopenblas" not in runner.environment_for("lme4", options).get("LD_PRELOAD", "")
    command = runner.command_for("lme4_openblas", Path("folder"), options)
    assert command[0] == "Rscript"
    assert command[-2:] == ["lme4", "folder"]
