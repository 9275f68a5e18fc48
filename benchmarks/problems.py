"""The models that benchmarks run and compare: name, data, formula."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """A linear mixed model on a bundled data set.

    Attributes
    ----------
    dataset : str
        Name for :func:`glmmvi.load_dataset`.
    formula : str
        The same text for R and for us.
    reml : bool
    repeats : int
        Fits to take the median of.
    """

    dataset: str
    formula: str
    reml: bool = True
    repeats: int = 50


PROBLEMS = {
    "radon": Problem("radon", "log_radon ~ floor + (1 | county)"),
    "radon_slope": Problem("radon", "log_radon ~ floor + log_uranium + (1 + floor | county)"),
    "sleepstudy": Problem("sleepstudy", "Reaction ~ Days + (Days | Subject)"),
    "sleepstudy_ml": Problem("sleepstudy", "Reaction ~ Days + (Days | Subject)", reml=False),
    "sleepstudy_bars2": Problem("sleepstudy", "Reaction ~ Days + (Days || Subject)"),
    "penicillin": Problem("Penicillin", "diameter ~ 1 + (1 | plate) + (1 | sample)"),
    "pastes": Problem("Pastes", "strength ~ 1 + (1 | batch / cask)"),
    "dyestuff2": Problem("Dyestuff2", "Yield ~ 1 + (1 | Batch)"),
    "cake": Problem("cake", "angle ~ recipe * temperature + (1 | recipe:replicate)", repeats=20),
    "insteval": Problem("InstEval", "y ~ service + (1 | s) + (1 | d)", repeats=1),
}
QUICK = tuple(name for name in PROBLEMS if name != "insteval")
