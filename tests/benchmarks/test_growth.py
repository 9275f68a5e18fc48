"""Growth of time and memory: sizes, budgets, slopes, tables."""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import growth
from benchmarks.growth import asymptotic_slope, foretold, run_series, slope
from benchmarks.growth_pictures import curves, draw, markdown
from benchmarks.growth_series import SERIES


def options(**given: object) -> argparse.Namespace:
    return argparse.Namespace(**{"largest": None, "libraries": ["glmmvi"], **given})


def test_slopes_are_powers_of_the_size() -> None:
    assert slope([(10.0, 3.0), (100.0, 300.0)]) == pytest.approx(2.0)
    overhead = [(1e2, 1.0), (1e3, 1.0), (1e4, 10.0), (1e5, 100.0)]
    assert asymptotic_slope(overhead) == pytest.approx(1.0)
    assert asymptotic_slope([(1.0, 0.0), (2.0, 5.0)]) is None


def test_time_is_foretold_from_the_last_sizes() -> None:
    assert foretold([], 10.0) == 0.0
    assert foretold([(10.0, 2.0)], 100.0) == pytest.approx(20.0)
    assert foretold([(10.0, 2.0), (100.0, 2.0)], 1000.0) == pytest.approx(20.0)
    assert foretold([(10.0, 1.0), (100.0, 1000.0)], 1000.0) == pytest.approx(1e6)


def test_every_series_has_data_of_its_size() -> None:
    assert {series.kind for series in SERIES.values()} == {"rows", "levels", "crossed", "nested"}
    assert SERIES["rows_gaussian"].sizes[-1] == 10_000_000
    assert SERIES["levels_bernoulli"].sizes[-1] == 1_000_000
    assert SERIES["crossed_gaussian"].sizes[-1] == 5_000
    nested = SERIES["nested_gaussian"]
    assert nested.sizes[-1] == 100_000
    assert nested.data(1000)["c"].nunique() == 1000
    assert len(SERIES["rows_bernoulli"].data(10_000)) == 10_000
    assert SERIES["rows_gaussian"].problem(10_000).repeats == 3
    assert SERIES["rows_gaussian"].problem(10_000_000).repeats == 1


def test_sizes_over_the_budget_or_the_largest_are_skipped_with_a_word(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    series = replace(SERIES["rows_gaussian"], sizes=(10, 1000, 100_000))
    clock = iter([0.0, 0.0, 4.0, 4.0])
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    monkeypatch.setattr(growth, "measure_size", lambda *_: {"glmmvi": {"seconds": 1.0}})
    points = list(run_series(series, options(largest=1000), deadline=100.0))
    assert points == [
        {"size": 10, "libraries": {"glmmvi": {"seconds": 1.0}}},
        {"size": 1000, "skipped": "over the time budget"},
        {"size": 100_000, "skipped": "larger than --largest 1,000"},
    ]


def test_pictures_and_slopes_come_from_the_file(tmp_path: Path) -> None:
    points: list[dict] = [
        {"size": size, "libraries": {"glmmvi": {"seconds": 1e-6 * size, "fit_mb": 1e-3 * size}}}
        for size in (1000, 10_000, 100_000)
    ]
    points.append({"size": 1_000_000, "skipped": "over the time budget"})
    points.append({"size": 2_000_000, "libraries": {"glmmvi": {"failed": "over 600 s"}}})
    entry = {**growth.described(SERIES["rows_bernoulli"]), "points": points}
    report = json.loads(json.dumps({"series": {"rows_bernoulli": entry}}))
    (curve,) = curves(report, "rows", "seconds")
    assert curve.label == "glmmvi, Bernoulli"
    assert [size for size, _ in curve.points] == [1000, 10_000, 100_000]
    assert curve.slope == pytest.approx(1.0)
    last = markdown(report).splitlines()[-1]
    assert "| glmmvi, Bernoulli | 1,000 | 100,000 | 0.1 | 1.00 | 100 | 1.00 |" in last
    pytest.importorskip("matplotlib")
    (path,) = draw(report, tmp_path)
    assert path.name == "growth_rows.png"
    assert path.read_bytes().startswith(b"\x89PNG")
