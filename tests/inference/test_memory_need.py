"""Models that would not fit into memory are refused before anything is allocated."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import glmmvi as gv
from glmmvi.inference.memory_need import available_bytes

LEVELS = 60_000


@pytest.fixture(scope="module")
def crossed() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    n = 2 * LEVELS
    data = {"y": rng.normal(size=n), "z": rng.integers(0, 2, n).astype(float)}
    for name in ("f", "h"):
        data[name] = pd.Categorical.from_codes(
            rng.permutation(np.arange(n) % LEVELS), np.arange(LEVELS).astype(str)
        )
    return pd.DataFrame(data)


@pytest.fixture
def twenty_gigabytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("glmmvi.api.memory.available_bytes", lambda: 20_000_000_000)


@pytest.mark.usefixtures("twenty_gigabytes")
def test_a_model_that_is_too_large_is_refused_with_its_size(crossed: pd.DataFrame) -> None:
    tracemalloc.start()
    with pytest.raises(gv.FitError) as error:
        gv.lmer("y ~ 1 + (1 | f) + (1 | h)", crossed)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    text = str(error.value)
    assert "h (60,000 levels)" in text
    assert "60,002 x 60,002 numbers, 345.6 GB at the peak of the fit, and 20.0 GB are free" in text
    assert "Leave out this term" in text
    assert peak < 1e9  # the matrix alone has 28.8 GB


@pytest.mark.usefixtures("twenty_gigabytes")
def test_so_is_a_generalized_one(crossed: pd.DataFrame) -> None:
    with pytest.raises(gv.FitError, match=r"691\.2 GB at the peak of the fit"):
        gv.glmer("z ~ 1 + (1 | f) + (1 | h)", crossed, family="binomial")


def test_nested_terms_need_no_dense_matrix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("glmmvi.api.memory.available_bytes", lambda: 1_000_000)
    rng = np.random.default_rng(2)
    inner = np.repeat(np.arange(3000), 2)
    data = pd.DataFrame({"y": rng.normal(size=6000), "b": inner, "a": inner // 2})
    data["y"] += rng.normal(size=3000)[inner]
    assert gv.lmer("y ~ 1 + (1 | a) + (1 | b)", data).nobs() == 6000


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


MEMINFO = {"proc/meminfo": "MemTotal: 2000 kB\nMemAvailable: 1000 kB\n"}
V2 = {
    "sys/fs/cgroup/memory.max": "900000\n",
    "sys/fs/cgroup/memory.current": "500000\n",
    "sys/fs/cgroup/memory.stat": "anon 7\ninactive_file 100000\n",
}
V1 = {
    "sys/fs/cgroup/memory/memory.limit_in_bytes": "300000\n",
    "sys/fs/cgroup/memory/memory.usage_in_bytes": "200000\n",
    "sys/fs/cgroup/memory/memory.stat": "inactive_file 1\ntotal_inactive_file 50000\n",
}


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (MEMINFO, 1_024_000),
        ({**MEMINFO, **V2}, 500_000),
        ({**MEMINFO, **V1}, 150_000),
        ({**MEMINFO, **V2, "sys/fs/cgroup/memory.max": "max\n"}, 1_024_000),
    ],
)
def test_what_is_available_is_the_least_of_what_is_said(
    tmp_path: Path, files: dict[str, str], expected: int
) -> None:
    assert available_bytes(write(tmp_path, files)) == expected


def test_where_the_kernel_says_nothing_the_machine_counts(tmp_path: Path) -> None:
    found = available_bytes(tmp_path)
    assert found is None or found > 2**28
