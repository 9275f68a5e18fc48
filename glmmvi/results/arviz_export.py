"""Posterior draws as ArviZ's container."""

from __future__ import annotations

from typing import Any

import numpy as np

from glmmvi.errors import ArgumentError
from glmmvi.results.any_fit import AnyFit
from glmmvi.results.posterior_samples import posterior_predictive, posterior_samples
from glmmvi.unknown_arguments import names_arguments


@names_arguments
def to_arviz(
    fit: AnyFit, n: int = 1000, *, chains: int = 4, seed: int | None = None, predictive: bool = True
) -> Any:
    """Draws from the surrogate, for ArviZ's summaries and plots.

    Parameters
    ----------
    fit : LinearMixedFit or GeneralizedMixedFit
        By the structured engine.
    n : int
        Draws of every chain. All are independent; chains only give ArviZ its usual shape.
    chains : int
    seed : int, optional
        Same seed, same numbers.
    predictive : bool
        Whether to add draws of the response.

    Returns
    -------
    xarray.DataTree
        Of ArviZ 1.0 and later; ``arviz.InferenceData`` with an older one. Groups ``posterior``
        (``fixed`` by coefficient; each term's random effects by level and column),
        ``posterior_predictive`` and ``observed_data``.

    Raises
    ------
    ArgumentError
        If ArviZ is not installed.
    """
    az, major = _arviz()
    draws = posterior_samples(fit, n * chains, seed=seed)
    design = fit.design
    posterior = {"fixed": draws.fixed.to_numpy().reshape(chains, n, -1)}
    coords: dict[str, Any] = {"coefficient": list(design.column_names)}
    dims: dict[str, Any] = {"fixed": ["coefficient"]}
    for label, values in draws.random.items():
        posterior[label] = values.reshape(chains, n, *values.shape[1:])
        level, column = f"{label}_level", f"{label}_column"
        coords[level], coords[column] = list(draws.levels[label]), list(draws.columns[label])
        dims[label] = [level, column]
    groups: dict[str, dict[str, Any]] = {"posterior": posterior}
    if predictive:
        again = None if seed is None else seed + 1
        y = _numbers(fit, posterior_predictive(fit, n * chains, seed=again))
        coords["row"] = np.arange(design.n)
        dims["y"] = ["row"]
        groups["posterior_predictive"] = {"y": y.reshape(chains, n, design.n)}
        groups["observed_data"] = {"y": _observed(fit)}
    if major >= 1:
        return az.from_dict(groups, coords=coords, dims=dims)
    return az.from_dict(**groups, coords=coords, dims=dims)


def _numbers(fit: AnyFit, frame: Any) -> Any:
    """Responses as numbers, shape (draws, n): successes of ``cbind``, codes of a factor."""
    if fit.design.response_kind == "cbind":
        frame = frame.loc[:, frame.columns.get_level_values(1) == frame.columns[0][1]]
    if fit.design.response_kind == "factor":
        return np.stack([column.cat.codes.to_numpy() for _, column in frame.items()]).astype(float)
    return frame.to_numpy(dtype=np.float64).T


def _observed(fit: AnyFit) -> Any:
    design = fit.design
    return design.y if design.totals is None else np.round(design.y * design.totals)


def _arviz() -> tuple[Any, int]:
    """ArviZ (or its base package, which has the containers) and its major version."""
    try:
        import arviz_base
    except ImportError:
        try:
            import arviz
        except ImportError as error:
            raise ArgumentError(
                "to_arviz needs ArviZ, which is not installed: pip install arviz"
            ) from error
        return arviz, int(arviz.__version__.partition(".")[0])
    return arviz_base, 1
