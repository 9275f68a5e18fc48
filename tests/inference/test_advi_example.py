"""The tutorial as a program: it runs, says what it should, and writes every picture."""

from __future__ import annotations

import sys

import pytest

import glmmvi as gv
from glmmvi.examples import radon


@pytest.fixture
def eagerly(monkeypatch):
    """TensorFlow without graphs: for a few steps, building them is what takes the time."""
    import tensorflow as tf

    monkeypatch.setattr("glmmvi.inference.advi.ELBO_BATCH", 1000)  # one batch
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.mark.usefixtures("eagerly")
def test_the_walk_writes_a_table_and_all_pictures(tmp_path, capsys, monkeypatch):
    pytest.importorskip("matplotlib")
    monkeypatch.setattr(radon, "QUICK_STEPS", 2)
    fit, stochastic = gv.lmer, []

    def once(*data, **arguments):
        """One stochastic fit for all three: test_advi_radon.py has what they answer."""
        if arguments.get("method") != "advi":
            return fit(*data, **arguments)
        asked.append((arguments.get("surrogate"), arguments.get("sigma")))
        if not stochastic:
            stochastic.append(fit(*data, **arguments))
        return stochastic[0]

    asked = []
    monkeypatch.setattr(gv, "lmer", once)
    assert radon.main(["--quick", "--output", str(tmp_path / "new" / "folder")]) == 0
    assert asked == [(None, 1.0), (None, None), ("structured", None)]
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
