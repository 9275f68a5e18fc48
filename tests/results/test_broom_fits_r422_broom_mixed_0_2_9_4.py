"""tidy, glance and augment of our own fits against what R printed."""

from __future__ import annotations

import numpy as np
import pytest

import glmmvi as gv
from glmmvi.results.rendering import render_data_frame

from .golden_models import MODELS, golden_fit
from .rendering import references

CALLS = {
    "tidy": lambda fit: fit.tidy(conf_int=True),
    "tidy_ranvals": lambda fit: fit.tidy("ran_vals", conf_int=True).head(6),
    "glance": lambda fit: fit.glance(),
    "augment": lambda fit: fit.augment().head(6),
}


def shown(frame):
    """As R prints it: a missing text is None."""
    texts = {"group", "level", "term"}
    return render_data_frame(
        {
            name: [None if name in texts and v != v else v for v in frame[name].tolist()]
            for name in frame
        }
    )


def close(ours, theirs, tolerance):
    try:
        x, y = float(ours), float(theirs)
    except ValueError:
        return ours == theirs
    return abs(x - y) <= tolerance * max(0.05, abs(y)) or x != x


# R's radon has row names of its own; the last one's variances are not identified
ODD = {("augment", m) for m in MODELS if m.startswith("radon")} | {
    (call, "machines_lmer_doublebar_factor") for call in ("tidy", "tidy_ranvals", "augment")
}
CASES = [(c, m) for m in MODELS for c in CALLS if (c, m) not in ODD]


@pytest.mark.parametrize(("call", "model"), CASES)
def test_lmer(call, model):
    expected = references.texts()[model][call].split()
    actual = shown(CALLS[call](golden_fit(model))).split()
    assert len(actual) == len(expected)
    # R's own optimiser stops within 1e-4 of the optimum; a singular fit's theta within 1e-3
    wrong = [
        (a, b) for a, b in zip(actual, expected, strict=True) if not close(a, b, tolerance=2e-3)
    ]
    assert not wrong


def test_glmer_augment():
    data = gv.load_dataset("cbpp")
    formula = "cbind(incidence, size - incidence) ~ period + (1 | herd)"
    frame = gv.glmer(formula, data, family="binomial").augment()
    # R's rows are of the random effects that profile() left: its names, and its formulas
    expected = references.texts()["cbpp_glmer"]["augment"].split("[warning]")[0].split()
    printed = shown(frame.head(6)).split()
    assert [x for x in printed if x.startswith(".")] == [x for x in expected if x.startswith(".")]
    assert [x for x in printed if "V2" in x] == [x for x in expected if "V2" in x]
    trials, mu = data["size"], frame[".mu"]
    proportion = data["incidence"] / trials
    variance = mu * (1.0 - mu)
    np.testing.assert_allclose(frame[".sqrtXwt"], np.sqrt(trials * variance), rtol=1e-10)
    np.testing.assert_allclose(frame[".sqrtrwt"], np.sqrt(trials / variance), rtol=1e-10)
    np.testing.assert_allclose(frame[".wtres"], frame[".sqrtrwt"] * (proportion - mu), rtol=1e-8)
    hat, cook = frame[".hat"], frame[".cooksd"]
    np.testing.assert_allclose(cook, (frame[".wtres"] / (1 - hat)) ** 2 * hat / 4, rtol=1e-10)
    # the same model with weights=, whose rows R took at its optimum; the bound is not Laplace's
    r_hat = [1.923769, 2.092628, 1.727304, 1.370641, 3.278648, 3.452799]
    np.testing.assert_allclose(hat.head(6), r_hat, rtol=0.02)


def test_row_labels_of_the_data_s_own():
    data = gv.load_dataset("Dyestuff").set_axis([f"r{i}" for i in range(30)])
    frame = gv.augment(gv.lmer("Yield ~ 1 + (1 | Batch)", data))
    assert list(frame)[:3] == [".rownames", "Yield", "Batch"]
    assert frame[".rownames"].iloc[29] == "r29"


def test_tidy_forms():
    fit = golden_fit("sleepstudy_lmer")
    assert list(fit.tidy("fixed")) == ["effect", "term", "estimate", "std.error", "statistic"]
    coefs = fit.tidy("ran_coefs")
    assert list(coefs) == ["effect", "group", "level", "term", "estimate"]
    assert coefs["estimate"].iloc[0] == fit.coef()["Subject"].iloc[0, 0]
    profile = fit.tidy(conf_int=True, conf_method="profile", conf_level=0.9)
    assert profile["conf.low"].notna().all()
    assert (profile["conf.low"] <= profile["estimate"]).all()
    with pytest.raises(gv.ArgumentError, match="ran_pars"):
        fit.tidy("ran_par")
