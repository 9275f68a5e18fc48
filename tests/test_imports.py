"""What importing the package and fitting with it load: modules are counted, not seconds."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import glmmvi as gv

# Slow to import, and needed by a few functions only.
HEAVY = (
    "tensorflow", "tensorflow_probability", "tf_keras", "matplotlib", "arviz", "formulaic", "rich",
    "narwhals", "polars",
    "scipy.stats", "scipy.optimize", "scipy.interpolate", "scipy.integrate", "scipy.ndimage",
)  # fmt: skip

LMER = "gv.lmer('log_radon ~ floor + (1 | county)', gv.load_dataset('radon'))"
GLMER = (
    "gv.glmer('cbind(incidence, size - incidence) ~ period + (1 | herd)', "
    "gv.load_dataset('cbpp'), family='binomial')"
)


def modules_after(code: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys, json; print(json.dumps(sorted(sys.modules)))"],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_the_import_loads_this_package_alone() -> None:
    loaded = modules_after("import glmmvi")
    bare = modules_after("import importlib, typing")
    assert loaded - bare == {"glmmvi"}


@pytest.mark.parametrize("fit", [LMER, GLMER])
def test_a_fit_and_its_printouts_load_nothing_heavy(fit: str) -> None:
    loaded = modules_after(f"import glmmvi as gv; m = {fit}; str(m); str(m.summary()); m.vcov()")
    assert "glmmvi.results.fit" in loaded
    assert sorted(loaded & set(HEAVY)) == []


def test_every_name_can_be_had_and_is_what_the_stub_says() -> None:
    stub = ast.parse(Path(gv.__file__).with_name("__init__.pyi").read_text("utf-8"))
    said = {
        alias.name: node.module
        for node in stub.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert said == gv._MODULE_OF
    assert set(gv.__all__) == set(said)
    for name, module in said.items():
        assert getattr(gv, name) is getattr(sys.modules[module], name)
    assert set(gv.__all__) <= set(dir(gv))


def test_packages_are_attributes_and_unknown_names_are_refused() -> None:
    assert gv.errors.DataError is gv.DataError
    with pytest.raises(AttributeError, match="lmerr"):
        _ = gv.lmerr  # type: ignore[attr-defined]
