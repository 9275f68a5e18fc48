"""What a library's process is asked to fit: a folder with data, design and a description."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from benchmarks.problems import Problem


@dataclass(frozen=True)
class TermRequest:
    """A random-effects term for a library without lme4's formulas."""

    group: str
    columns: tuple[str, ...]
    n_levels: int


@dataclass(frozen=True)
class Request:
    """A model and where its data are.

    Attributes
    ----------
    formula : str
        lme4's.
    plain_formula : str
        The same with the numeric response ``response01``: 0/1 for a factor, the proportion
        of successes for ``cbind()``, whose totals are then the column ``trials``.
    family, link : str
        R's names.
    reml : bool
    repeats : int
    n : int
    has_trials : bool
    column_names : tuple of str
        R's names of the fixed-effects columns; their numbers are in ``X.bin``.
    terms : tuple of TermRequest
        In lme4's order; codes and columns are in ``codes0.bin``, ``Z0.bin``, ...
    folder : str
    warm_up : str
        Folder of the request that is fitted before the clock starts; empty if it is this one.
    """

    formula: str
    plain_formula: str
    family: str
    link: str
    reml: bool
    repeats: int
    n: int
    has_trials: bool
    column_names: tuple[str, ...]
    terms: tuple[TermRequest, ...]
    folder: str
    warm_up: str = ""

    @property
    def folder_path(self) -> Path:
        """Where the data are."""
        return Path(self.folder)

    def X(self) -> np.ndarray:
        """Fixed-effects columns, shape (n, p)."""
        return np.fromfile(f"{self.folder}/X.bin").reshape(self.n, len(self.column_names))

    def codes(self, term: int) -> np.ndarray:
        """Level of each row, shape (n,)."""
        return np.fromfile(f"{self.folder}/codes{term}.bin", dtype="<i4")

    def Z(self, term: int) -> np.ndarray:
        """A term's columns, shape (n, d)."""
        return np.fromfile(f"{self.folder}/Z{term}.bin").reshape(self.n, -1)


LINKS = {"gaussian": "identity", "binomial": "logit", "poisson": "log", "Gamma": "inverse"}


def family_and_link(text: str) -> tuple[str, str]:
    """``"binomial(probit)"`` -> ``("binomial", "probit")``."""
    family, _, link = text.rstrip(")").partition("(")
    return family, link or LINKS[family]


def write_request(
    problem: Problem,
    folder: Path,
    *,
    warm_up: Path | None = None,
    data: pd.DataFrame | None = None,
) -> Request:
    """Write a problem's data (by default those of its name), design and description."""
    from benchmarks.column_files import write_columns
    from benchmarks.problems import load_data
    from glmmvi.design import build_design

    data = load_data(problem.dataset) if data is None else data
    design = build_design(problem.formula, data)
    if design.n != len(data):
        raise ValueError(f"{problem.dataset}: rows with missing values are not provided for")
    extended = data.assign(response01=design.y)
    if design.totals is not None:
        extended["trials"] = design.totals
    write_columns(extended, folder)
    np.ascontiguousarray(design.X).tofile(folder / "X.bin")
    for i, term in enumerate(design.terms):
        term.codes.astype("<i4").tofile(folder / f"codes{i}.bin")
        np.ascontiguousarray(term.Z).tofile(folder / f"Z{i}.bin")
    family, link = family_and_link(problem.family)
    request = Request(
        formula=problem.formula,
        plain_formula=f"response01 ~{problem.formula.partition('~')[2]}",
        family=family,
        link=link,
        reml=problem.reml and family == "gaussian",
        repeats=problem.repeats,
        n=design.n,
        has_trials=design.totals is not None,
        column_names=design.column_names,
        terms=tuple(TermRequest(t.group, t.column_names, t.L) for t in design.terms),
        folder=str(folder),
        warm_up="" if warm_up is None else str(warm_up),
    )
    (folder / "request.json").write_text(json.dumps(asdict(request)))
    return request


def read_request(folder: str | Path) -> Request:
    """The request that `write_request` wrote."""
    fields = json.loads((Path(folder) / "request.json").read_text())
    fields["terms"] = tuple(
        TermRequest(t["group"], tuple(t["columns"]), t["n_levels"]) for t in fields["terms"]
    )
    fields["column_names"] = tuple(fields["column_names"])
    return Request(**fields)
