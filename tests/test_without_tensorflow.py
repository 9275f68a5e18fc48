"""Importing, parsing, fitting and printing work without TensorFlow."""

from __future__ import annotations

import subprocess
import sys


def run(code):
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout


def test_import_does_not_load_tensorflow():
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", "from glmmvi import *"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "glmmvi.api" in done.stderr
    assert "tensorflow" not in done.stderr
    assert "tf_keras" not in done.stderr


def test_fit_and_printout_do_not_load_tensorflow():
    printed = run(
        "import sys, glmmvi as gv\n"
        "class Refuse:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.split('.')[0] in ('tensorflow', 'tensorflow_probability', 'tf_keras'):\n"
        "            raise ImportError(name)\n"
        "sys.meta_path.insert(0, Refuse())\n"
        "data = gv.load_dataset('radon')\n"
        "fit = gv.lmer('log_radon ~ 1 + floor + (1 | county)', data)\n"
        "print(fit); print(fit.summary()); print(fit.VarCorr()); print(fit.ranef())\n"
        "print(fit.coef()); print(fit.optimization); fit.predict(data.head(3)); fit.residuals()\n"
        "print(sorted(m for m in sys.modules if m.startswith('tensorflow')))\n"
    )
    assert "REML criterion at convergence: 2171.305" in printed
    assert printed.rstrip().endswith("[]")
