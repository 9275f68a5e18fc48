"""Saving to one file without the data, loading in a new process, pickling."""

from __future__ import annotations

import io
import json
import os
import pickle
import subprocess
import sys
import zipfile

import numpy as np
import pandas as pd
import pytest

import glmmvi as gv


def sleep():
    data = gv.load_dataset("sleepstudy")
    return gv.lmer("Reaction ~ poly(Days, 2) + (Days | Subject)", data), data


def cbpp():
    data = gv.load_dataset("cbpp")
    formula = "cbind(incidence, size - incidence) ~ period + (1 | herd)"
    return gv.glmer(formula, data, family="binomial"), data


PREDICT = """
import json, sys
import pandas as pd
import glmmvi as gv
fit = gv.load(sys.argv[1])
new = pd.read_json(sys.argv[2], dtype=False)
table = fit.predict(new, interval="confidence", se_fit=True, allow_new_levels=True)
draws = fit.posterior_samples(3, seed=1).as_data_frame()
print(json.dumps({
    "table": table.to_numpy().tolist(), "draws": draws.to_numpy().tolist(),
    "print": str(fit), "summary": str(fit.summary()), "nobs": fit.nobs(),
    "tensorflow": "tensorflow" in sys.modules,
}))
"""


@pytest.mark.parametrize("made", [sleep, cbpp])
def test_a_loaded_fit_predicts_in_a_new_process(made, tmp_path):
    fit, data = made()
    fit.save(tmp_path / "fit.gv")
    new = data.iloc[:4].astype({c: str for c in data if data[c].dtype == "category"})
    new.iloc[3, new.columns.get_loc(fit.design.terms[0].group)] = "a new one"
    new.to_json(tmp_path / "new.json")
    done = subprocess.run(
        [sys.executable, "-c", PREDICT, tmp_path / "fit.gv", tmp_path / "new.json"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    there = json.loads(done.stdout)
    here = fit.predict(new, interval="confidence", se_fit=True, allow_new_levels=True)
    np.testing.assert_allclose(there["table"], here.to_numpy(), rtol=1e-12)
    draws = fit.posterior_samples(3, seed=1).as_data_frame()
    np.testing.assert_allclose(there["draws"], draws.to_numpy(), rtol=1e-10)
    assert there["print"] == str(fit)
    assert there["summary"] == str(fit.summary())
    assert there["nobs"] == fit.nobs()
    assert not there["tensorflow"]


def test_the_data_are_not_in_the_file(tmp_path):
    rng = np.random.default_rng(1)
    n = 20_000
    data = pd.DataFrame({"y": rng.random(n), "x": rng.random(n), "g": np.arange(n) % 10})
    fit = gv.lmer("y ~ x + (1 | g)", data)
    fit.save(tmp_path / "fit.gv")
    assert os.path.getsize(tmp_path / "fit.gv") < 20_000
    assert data["y"].iloc[:50].to_numpy().tobytes() in pickle.dumps(fit)
    with zipfile.ZipFile(tmp_path / "fit.gv") as file:
        assert data["y"].iloc[:2].to_numpy().tobytes() not in file.read("fit.pickle")
    loaded = gv.load(tmp_path / "fit.gv")
    assert loaded.isSingular() == fit.isSingular()
    pd.testing.assert_frame_equal(
        loaded.ranef().as_data_frame(), fit.ranef().as_data_frame(), check_exact=True
    )
    for needs_rows in (loaded.fitted, loaded.predict, lambda: loaded.joint_distribution):
        with pytest.raises(gv.DataError, match="not in the file"):
            needs_rows()
    with pytest.raises(gv.ArgumentError, match="not there for a fit read from a file"):
        loaded.refit(data["y"])
    loaded.save(tmp_path / "again.gv")
    assert str(gv.load(tmp_path / "again.gv")) == str(fit)


class Harmful:
    def __reduce__(self):
        return os.system, ("true",)


def test_a_file_that_calls_for_other_code_is_refused(tmp_path):
    body = io.BytesIO()
    pickle.dump((Harmful(), {}), body)
    with zipfile.ZipFile(tmp_path / "bad.gv", "w") as file:
        file.writestr("header.json", json.dumps({"format": 1}))
        file.writestr("fit.pickle", body.getvalue())
    with pytest.raises(gv.ArgumentError, match="which is not glmmvi's"):
        gv.load(tmp_path / "bad.gv")
    (tmp_path / "text.gv").write_text("no zip")
    with pytest.raises(gv.ArgumentError, match="no file that"):
        gv.load(tmp_path / "text.gv")


FAMILIES = {
    "binomial": (gv.binomial("cloglog"), lambda rng, mu: rng.binomial(1, mu / (1 + mu))),
    "poisson": (gv.poisson(), lambda rng, mu: rng.poisson(mu)),
    "Gamma": (gv.Gamma("log"), lambda rng, mu: rng.gamma(3.0, mu / 3.0)),
    "nbinom2": (gv.nbinom2(), lambda rng, mu: rng.negative_binomial(2.0, 2.0 / (2.0 + mu))),
    "student_t": (gv.student_t(), lambda rng, mu: mu + rng.standard_t(5, mu.shape)),
}


@pytest.mark.parametrize("name", FAMILIES)
def test_fits_of_every_kind_of_density_can_be_pickled_and_saved(name, tmp_path):
    family, draw = FAMILIES[name]
    rng = np.random.default_rng(2)
    g = np.arange(120) % 12
    mu = np.exp(0.5 + 0.4 * rng.standard_normal(12)[g])
    data = pd.DataFrame({"y": draw(rng, mu).astype(float), "g": g})
    fit = gv.glmer("y ~ 1 + (1 | g)", data, family=family)
    again = pickle.loads(pickle.dumps(fit))
    assert str(again) == str(fit)
    y = fit.simulate(1, seed=1)["sim_1"]
    np.testing.assert_allclose(again.refit(y).fixef(), fit.refit(y).fixef(), rtol=1e-10)
    fit.save(tmp_path / "fit.gv")
    assert gv.load(tmp_path / "fit.gv").predict({"g": [3]}).iloc[0] == fit.predict().iloc[3]
