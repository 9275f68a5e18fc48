"""``fit.save(path)`` and ``load(path)``: one file without the data."""

from __future__ import annotations

import builtins
import io
import json
import os
import pickle
import zipfile
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

from glmmvi.design.rowless_design import RowlessDesign, without_rows
from glmmvi.errors import ArgumentError
from glmmvi.results.generalized_fit import GeneralizedMixedFit
from glmmvi.results.mixed_fit import MixedModelFit
from glmmvi.results.saved_posterior import saved_posterior
from glmmvi.unknown_arguments import names_arguments

FORMAT = 1
_HEADER, _BODY = "header.json", "fit.pickle"
_CACHED = ("_summary", "_standardized_diagonal")  # what the fit works out from rows
_CLASSES = ("glmmvi", "numpy", "pandas", "scipy", "formulaic", "datetime", "collections")
_FUNCTIONS = frozenset(
    (f"{package}.{name}")
    for package, names in {
        "numpy._core.multiarray": ("_reconstruct", "scalar"),
        "numpy.core.multiarray": ("_reconstruct", "scalar"),
        "numpy._core.numeric": ("_frombuffer",),
        "numpy.core.numeric": ("_frombuffer",),
        "pandas.core.indexes.base": ("_new_Index",),
        "pandas.core.arrays.arrow.array": ("_unpickle",),
        "pandas._libs.arrays": ("__pyx_unpickle_NDArrayBacked",),
        "pandas._libs.internals": ("_unpickle_block",),
    }.items()
    for name in names
)
_BUILTINS = frozenset(
    {"slice", "range", "complex", "set", "frozenset", "bytearray", "object", "list", "dict"}
    | {"tuple", "int", "float", "str", "bool", "bytes"}
)

Fit = TypeVar("Fit", bound=MixedModelFit)


@names_arguments
def save(fit: MixedModelFit, path: str | os.PathLike[str]) -> None:
    """Write a fit to one file: the surrogate, the design's recipe and the record, not the data.

    Parameters
    ----------
    fit : LinearMixedFit or GeneralizedMixedFit
        By the structured engine.
    path : str or path
        Replaced if it exists.

    Raises
    ------
    ArgumentError
        If the fit is by another engine, or holds something that cannot be written, such as a
        function of the caller's that has no name in a module.

    See Also
    --------
    glmmvi.load
    """
    bare = without_data(fit)
    header = {
        "format": FORMAT,
        "class": type(fit).__name__,
        "formula": str(fit.formula),
        "nobs": fit.nobs(),
    }
    try:
        body = pickle.dumps((bare, {name: getattr(fit, name) for name in _CACHED}), protocol=5)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise ArgumentError(
            f"this fit cannot be written to a file ({error}): functions in the formula, its env "
            "or the family have to be defined by def in a module"
        ) from error
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(_HEADER, json.dumps(header))
        file.writestr(_BODY, body)


def without_data(fit: Fit) -> Fit:
    """The fit without rows; its printout, its surrogate and its recipe are whole."""
    changes: dict[str, Any] = {
        "design": without_rows(fit.design),
        "posterior": saved_posterior(fit.posterior),
    }
    if isinstance(fit, GeneralizedMixedFit):
        changes["engine"] = None
        if not isinstance(fit.design, RowlessDesign):
            changes["family"] = fit.family.for_response(fit.design.y)
    return replace(fit, **changes)


@names_arguments
def load(path: str | os.PathLike[str], *, trusted: bool = False) -> Any:
    """Read a fit that ``fit.save(path)`` wrote.

    It prints, answers for its estimates and predicts new data, with intervals; what needs the
    rows of the data says so.

    Parameters
    ----------
    path : str or path
    trusted : bool
        Whether the file may call for code from outside of glmmvi, NumPy, pandas, SciPy and
        formulaic: functions of the caller's that the formula uses, families of TFP. As with any
        pickle, only for a file that you made.

    Returns
    -------
    LinearMixedFit or GeneralizedMixedFit

    Raises
    ------
    ArgumentError
        If it is no such file, of a newer format, or calls for other code.

    Examples
    --------
    >>> import glmmvi as gv, pathlib, tempfile
    >>> fit = gv.lmer("Yield ~ 1 + (1 | Batch)", gv.load_dataset("Dyestuff"))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(fit, pathlib.Path(folder) / "dyestuff.gv")
    ...     again = load(pathlib.Path(folder) / "dyestuff.gv")
    >>> again.predict({"Batch": ["A"]}).equals(fit.predict({"Batch": ["A"]}))
    True
    """
    try:
        with zipfile.ZipFile(path) as file:
            header = json.loads(file.read(_HEADER))
            body = file.read(_BODY)
    except (zipfile.BadZipFile, KeyError, json.JSONDecodeError) as error:
        raise ArgumentError(f"load: {os.fspath(path)} is no file that fit.save() wrote") from error
    if header.get("format") != FORMAT:
        raise ArgumentError(
            f"load: {os.fspath(path)} has format {header.get('format')}, this version reads "
            f"{FORMAT}: use the version of glmmvi that wrote it"
        )
    reader = pickle.Unpickler if trusted else _Reader
    fit, cached = reader(io.BytesIO(body)).load()
    fit.__dict__.update(cached)  # where cached_property keeps it
    return fit


class _Reader(pickle.Unpickler):
    """Reads glmmvi's own classes and arrays, and nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        found = None
        if module.partition(".")[0] in _CLASSES:
            found = super().find_class(module, name)
        elif module == "builtins" and name in _BUILTINS:
            return getattr(builtins, name)
        own = module.partition(".")[0] == "glmmvi" or f"{module}.{name}" in _FUNCTIONS
        if found is not None and (own or isinstance(found, (type, np.ufunc))):
            return found
        raise ArgumentError(
            f"load: the file calls for {module}.{name}, which is not glmmvi's; if you made the "
            "file yourself, load(path, trusted=True)"
        )
