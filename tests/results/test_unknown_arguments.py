"""Every public function refuses an argument that it does not have, by name."""

from __future__ import annotations

import inspect
from functools import cache

import pytest

import glmmvi as gv


@cache
def fit():
    return gv.lmer("Reaction ~ Days + (1 | Subject)", gv.load_dataset("sleepstudy"))


DATA = {"y": [1.0, 2.0, 4.0, 3.0], "x": [0.0, 1.0, 0.0, 1.0], "g": ["a", "a", "b", "b"]}
FIRST = {
    "glmer": ("y ~ x + (1 | g)", DATA),
    "glmer_nb": ("y ~ x + (1 | g)", DATA),
    "lmer": ("y ~ x + (1 | g)", DATA),
    "lmList": ("y ~ x | g", DATA),
    "glmerControl": (),
    "lmerControl": (),
    "model_matrix": ("~ x", DATA),
}
FUNCTIONS = [name for name in gv.__all__ if inspect.isfunction(getattr(gv, name))]


def test_there_are_functions():
    assert {"ranef", "lmer", "tidy", "poisson", "load_dataset"} <= set(FUNCTIONS)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_public_functions_refuse_unknown_arguments(name):
    with pytest.raises(gv.ArgumentError, match=r"unused argument.*zzz"):
        getattr(gv, name)(*FIRST.get(name, (fit(),)), zzz=1)


POSITIONAL = {
    "bootMer": (gv.fixef,),
    "emmeans": ("Days",),
    "emtrends": ("Days", "Days"),
}
METHODS = [
    name
    for name, _ in inspect.getmembers(gv.LinearMixedFit, inspect.isfunction)
    if not name.startswith("_")
]


@pytest.mark.parametrize("name", METHODS)
def test_methods_refuse_unknown_arguments(name):
    with pytest.raises(gv.ArgumentError, match=r"unused argument.*zzz"):
        getattr(fit(), name)(*POSITIONAL.get(name, ()), zzz=1)


@pytest.mark.parametrize(
    ("call", "near"),
    [
        (lambda: fit().tidy(conf_lvel=0.9), "conf_level"),
        (lambda: fit().tidy(conf_int=True, sed=1), "seed"),
        (lambda: gv.plot(fit(), "ranef", grup="Subject"), "group"),
        (lambda: gv.augment(fit(), new_data=None), "newdata"),
        (lambda: fit().residuals(scled=True), "scaled"),
        (lambda: gv.binomial(lnk="probit"), "link"),
        (lambda: gv.load_dataset(nam="radon"), "name"),
        (lambda: gv.lmList("y ~ x | g", DATA).fixef(add_droped=True), "add_dropped"),
    ],
)
def test_the_nearest_known_argument_is_named(call, near):
    with pytest.raises(gv.ArgumentError, match=rf'unused argument .*did you mean "{near}"'):
        call()
