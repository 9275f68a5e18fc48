"""The benchmark suite's own arithmetic: data exchange, agreement of estimates, comparison."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.adapters import glmmvi as adapter
from benchmarks.agreement import agreement
from benchmarks.column_files import as_data_frame, read_columns, write_columns
from benchmarks.compare import Limits, verdict
from benchmarks.measure import measure
from benchmarks.problems import GROUPS, PROBLEMS, TABLE, simulated_crossed, simulated_slopes
from benchmarks.report import markdown
from benchmarks.request import family_and_link, read_request, write_request


def run(seconds: float, *, beta: float = 1.0, fit_mb: float = 10.0) -> dict:
    return {
        "seconds": seconds,
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
