"""ArviZ's Pareto smoothing of fixed log ratios: writes psis.json beside this file.

Usage: python tests/reference/check/psis.py      (needs arviz; made with 0.23.4)
"""

import json
import sys
from pathlib import Path

import arviz
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[3]))
from tests.reference.check.log_ratios import CASES, log_ratios

answers = {}
for name in CASES:
    x = log_ratios(name)
    log_weights, shape = arviz.psislw(x.copy())
    largest = np.argsort(log_weights, kind="stable")[-5:]
    answers[name] = {
        "pareto_k": float(shape),
        "largest": largest.tolist(),
        "log_weights": np.asarray(log_weights)[largest].tolist(),
        "effective_sample_size": float(1.0 / np.exp(2.0 * np.asarray(log_weights)).sum()),
    }
path = Path(__file__).with_name("psis.json")
path.write_text(json.dumps({"arviz": arviz.__version__, "cases": answers}, indent=1) + "\n")
