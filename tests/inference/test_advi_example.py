"""The tutorial as a program: it runs, says what it should, and writes every picture."""

from __future__ import annotations

import sys

import pytest

from glmmvi.examples import radon


def test_the_walk_writes_a_table_and_all_pictures(tmp_path, capsys):
    pytest.importorskip("matplotlib")
    assert radon.main(["--quick", "--output", str(tmp_path / "new" / "folder")]) == 0
    said = capsys.readouterr().out
    assert "919 houses in 85 counties (1 to 116 houses, median 5)" in said
    assert "REML criterion at convergence: 2171.305" in said
    lines = {line[:24].strip(): line for line in said.splitlines()}
    assert lines["lme4 (R)"].split()[-6:] == lines["glmmvi structured"].split()[-6:]
    pictures = sorted((tmp_path / "new" / "folder").glob("*.png"))
    assert [path.stem for path in pictures] == [
        "county_effects",
        "houses_by_county",
        "loss",
        "radon_by_floor",
        "sd_by_count",
    ]
    assert all(path.stat().st_size > 10_000 for path in pictures)


def test_without_matplotlib_it_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.delitem(sys.modules, "glmmvi.examples.radon_figures", raising=False)
    monkeypatch.delattr("glmmvi.examples.radon_figures", raising=False)
    assert radon.main([]) == 2
    assert "pip install 'glmmvi[plot]'" in capsys.readouterr().err
