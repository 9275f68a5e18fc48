"""Data frames as raw column files, which every library's environment and R can read fast.

A folder holds ``columns.json`` (name, kind, levels) and one little-endian binary file a column:
numbers as float64, factors as int32 codes from 0, -1 for missing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Factor:
    """A categorical column: codes from 0, and R's levels."""

    codes: np.ndarray
    levels: tuple[str, ...]
    ordered: bool


def write_columns(data: pd.DataFrame, folder: Path) -> None:
    """Write the columns of a data frame; text becomes a factor with sorted levels."""
    import pandas as pd

    folder.mkdir(parents=True, exist_ok=True)
    entries = []
    for i, (name, column) in enumerate(data.items()):
        file = f"{i}.bin"
        if pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
            column.to_numpy(dtype="<f8").tofile(folder / file)
            entries.append({"name": name, "file": file, "kind": "number"})
            continue
        factor = column if isinstance(column.dtype, pd.CategoricalDtype) else pd.Categorical(column)
        categorical = pd.Categorical(factor)
        categorical.codes.astype("<i4").tofile(folder / file)
        entries.append(
            {
                "name": name,
                "file": file,
                "kind": "factor",
                "levels": [str(level) for level in categorical.categories],
                "ordered": bool(categorical.ordered),
            }
        )
    (folder / "columns.json").write_text(json.dumps(entries))


def read_columns(folder: Path) -> dict[str, np.ndarray | Factor]:
    """The columns that `write_columns` wrote."""
    columns: dict[str, np.ndarray | Factor] = {}
    for entry in json.loads((folder / "columns.json").read_text()):
        path = folder / entry["file"]
        if entry["kind"] == "number":
            columns[entry["name"]] = np.fromfile(path, dtype="<f8")
        else:
            codes = np.fromfile(path, dtype="<i4")
            columns[entry["name"]] = Factor(codes, tuple(entry["levels"]), entry["ordered"])
    return columns


def as_data_frame(columns: dict[str, np.ndarray | Factor]) -> pd.DataFrame:
    """The columns as a pandas data frame, factors as categoricals."""
    import pandas as pd

    series: dict[str, Any] = {}
    for name, column in columns.items():
        if isinstance(column, Factor):
            series[name] = pd.Categorical.from_codes(column.codes, column.levels, column.ordered)
        else:
            series[name] = column
    return pd.DataFrame(series)
