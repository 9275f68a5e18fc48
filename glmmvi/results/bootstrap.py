"""``bootMer``: model-based bootstrap of any statistic of a fit."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_all_start_methods, get_context
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

from glmmvi.errors import ArgumentError, GlmmviError, GlmmviWarning
from glmmvi.results.any_fit import AnyFit
from glmmvi.results.generalized_fit import GeneralizedMixedFit
from glmmvi.results.intervals.bootstrap import bootstrap_intervals
from glmmvi.results.intervals.parameters import tails
from glmmvi.results.new_response import with_numbers
from glmmvi.results.refit import check_engine, refit_design
from glmmvi.results.rendering.bootstrap import render_bootstrap
from glmmvi.results.simulation import NOTHING, fitted_response, simulated
from glmmvi.results.tables import ConfidenceIntervals
from glmmvi.unknown_arguments import names_arguments

Vector = NDArray[np.float64]
Statistic = Callable[[Any], Any]


@dataclass(frozen=True)
class Bootstrap:
    """A bootstrap of a statistic, as R's class ``bootMer``.

    ``print`` shows what R's package boot shows.

    Attributes
    ----------
    t0 : Series, length k
        The statistic of the fit itself.
    t : DataFrame, shape (nsim, k)
        Of the refits; NaN where a refit failed.
    sim : {"parametric", "semiparametric"}
    seed : int or None
    use_u : bool
    messages : dict of str to int
        What went wrong, and how often.
    call : tuple of str
        Function and arguments, as the printout repeats them.
    """

    t0: pd.Series
    t: pd.DataFrame
    sim: str
    seed: int | None
    use_u: bool
    messages: dict[str, int]
    call: tuple[str, ...]

    @property
    def R(self) -> int:
        """Number of simulations."""
        return len(self.t)

    def statistics(self) -> pd.DataFrame:
        """``original``, ``bias`` and ``std. error`` of every statistic."""
        return pd.DataFrame(
            {
                "original": self.t0,
                "bias": self.t.mean() - self.t0,
                "std. error": self.t.std(ddof=1),
            }
        )

    def confint(
        self, level: float = 0.95, *, type: Literal["perc", "norm", "basic"] = "perc"
    ) -> ConfidenceIntervals:
        """Intervals, as R's ``boot.ci``.

        Parameters
        ----------
        level : float
        type : {"perc", "norm", "basic"}
            Percentiles; normal with the bias taken off; percentiles mirrored at the estimate
            (Davison and Hinkley 1997, section 5.2).

        Returns
        -------
        ConfidenceIntervals
        """
        names = [str(name) for name in self.t.columns]
        if type == "norm":
            centre = 2.0 * self.t0.to_numpy() - self.t.mean().to_numpy()
            error = self.t.std(ddof=1).to_numpy()
            low, high = (centre + ndtri(tail) * error for tail in tails(level))
            return ConfidenceIntervals(tuple(names), low, high, level)
        if type not in ("perc", "basic"):
            raise ArgumentError(f"confint: type={type!r} is none of 'perc', 'norm' and 'basic'")
        found = bootstrap_intervals(self.t.to_numpy(), names, level)
        if type == "perc":
            return found
        twice = 2.0 * self.t0.to_numpy()
        return ConfidenceIntervals(tuple(names), twice - found.upper, twice - found.lower, level)

    def __str__(self) -> str:
        return render_bootstrap(self.sim, self.call, self.statistics())

    def __repr__(self) -> str:
        return str(self)


@names_arguments
def bootMer(
    fit: AnyFit,
    FUN: Statistic,
    nsim: int = 1,
    *,
    seed: int | None = None,
    use_u: bool = False,
    re_form: Any = NOTHING,
    type: Literal["parametric", "semiparametric"] = "parametric",
    ncpus: int | None = None,
    fun_name: str | None = None,
) -> Bootstrap:
    """Model-based bootstrap, as lme4's ``bootMer``.

    Responses are simulated from the fit, the model is refitted to each (the design is reused,
    the optimiser starts from the fit), and the statistic is taken of each refit. All responses
    are simulated first, in one place, so that the result does not depend on `ncpus`.

    Parameters
    ----------
    fit : LinearMixedFit or GeneralizedMixedFit
    FUN : callable
        From a fit to a number, an array, a mapping or a Series; its names are kept.
    nsim : int
        Number of simulations.
    seed : int, optional
        Same seed, same numbers.
    use_u : bool
        Whether the random effects stay as they are estimated, instead of being drawn.
    re_form : None, NaN, "~0", or a formula
        See :func:`glmmvi.results.simulation.simulate`.
    type : {"parametric", "semiparametric"}
        Draw errors from the model, or (with ``use_u=True``) from the residuals.
    ncpus : int, optional
        Processes; all cores by default. Where the system cannot fork a process there is one.
    fun_name : str, optional
        Of `FUN`, for the printout.

    Returns
    -------
    Bootstrap

    Raises
    ------
    ArgumentError
        For the semiparametric bootstrap with ``use_u=False``, as lme4; if `FUN` does not
        give numbers; or for a fit that cannot be refitted (with priors, from a file, ...).

    Warns
    -----
    GlmmviWarning
        If refits failed: their rows of ``t`` are NaN.

    Examples
    --------
    >>> import glmmvi as gv
    >>> fit = gv.lmer("Yield ~ 1 + (1 | Batch)", gv.load_dataset("Dyestuff"), REML=False)
    >>> boot = bootMer(fit, lambda f: f.fixef(), nsim=20, seed=1, ncpus=1)
    >>> boot.t.shape, round(float(boot.t0["(Intercept)"]), 1)
    ((20, 1), 1527.5)
    """
    if type not in ("parametric", "semiparametric"):
        raise ArgumentError(f"bootMer: type={type!r} is neither 'parametric' nor 'semiparametric'")
    check_engine(fit)
    t0 = as_series(FUN(fit))
    rng = np.random.default_rng(seed)
    if type == "parametric":
        if use_u:
            re_form = None
        responses, _ = simulated(fit, nsim, rng, re_form=re_form)
    elif use_u:
        if isinstance(fit, GeneralizedMixedFit):
            warnings.warn(
                "semiparametric bootstrapping is questionable for GLMMs: residuals do not have "
                "one distribution",
                GlmmviWarning,
                stacklevel=2,
            )
        mean = fitted_response(fit)
        responses = mean + rng.choice(fit.design.y - mean, size=(nsim, len(mean)))
    else:
        raise ArgumentError("semiparametric bootstrapping with use.u=FALSE not yet implemented")
    rows = list(_statistics(fit, FUN, responses, t0, _processes(ncpus, nsim)))
    messages: dict[str, int] = {}
    for _, problem in rows:
        if problem is not None:
            messages[problem] = messages.get(problem, 0) + 1
    if messages:
        failed = sum(messages.values())
        warnings.warn(
            f"some bootstrap runs failed ({failed}/{nsim}): {next(iter(messages))}",
            GlmmviWarning,
            stacklevel=2,
        )
    table = pd.DataFrame([values for values, _ in rows], columns=t0.index)
    name = fun_name or str(getattr(FUN, "__name__", "FUN"))
    return Bootstrap(t0, table, type, seed, use_u, messages, _call(name, nsim, seed, use_u, type))


def _call(name: str, nsim: int, seed: int | None, use_u: bool, type: str) -> tuple[str, ...]:
    parts = ["x = fit", f"FUN = {name}", f"nsim = {nsim}"]
    if seed is not None:
        parts.append(f"seed = {seed}")
    if use_u:
        parts.append("use.u = TRUE")
    if type != "parametric":
        parts.append(f'type = "{type}"')
    return ("bootMer", *parts)


def as_series(value: Any) -> pd.Series:
    """A statistic as numbers with names.

    Examples
    --------
    >>> as_series({"a": 1}).to_dict(), as_series([2.0, 3.0]).index.tolist()
    ({'a': 1.0}, ['t1', 't2'])
    """
    if isinstance(value, (pd.Series, dict)):
        made = pd.Series(value)
    else:
        flat = np.atleast_1d(np.asarray(value)).reshape(-1)
        made = pd.Series(flat, index=[f"t{i}" for i in range(1, len(flat) + 1)])
    try:
        return made.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise ArgumentError(
            f"bootMer: FUN gave {value!r}; numbers were expected (an array, a dict or a Series)"
        ) from error


Row = tuple[Vector, "str | None"]


def _one(fit: Any, statistic: Statistic, response: Vector, k: int) -> Row:
    """The statistic of one refit, or what went wrong."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            design = with_numbers(fit.design, response)
            values = as_series(statistic(refit_design(fit, design))).to_numpy()
    except (GlmmviError, ArithmeticError, ValueError, np.linalg.LinAlgError) as error:
        return np.full(k, np.nan), f"{error.__class__.__name__}: {error}"
    if len(values) != k:
        return np.full(k, np.nan), f"FUN gave {len(values)} values, not {k}"
    return values, None


def _statistics(
    fit: Any, statistic: Statistic, responses: NDArray[np.float64], t0: pd.Series, processes: int
) -> Iterable[Row]:
    k = len(t0)
    if processes <= 1:
        return [_one(fit, statistic, response, k) for response in responses]
    _SHARED[0] = (fit, statistic, k)  # children inherit it: FUN may be a lambda
    try:
        with ProcessPoolExecutor(processes, mp_context=get_context("fork")) as pool:
            parts = np.array_split(responses, min(len(responses), 4 * processes))
            return [row for rows in pool.map(_part, parts) for row in rows]
    finally:
        _SHARED.clear()


_SHARED: dict[int, tuple[Any, Statistic, int]] = {}


def _part(responses: Sequence[Vector]) -> list[Row]:
    fit, statistic, k = _SHARED[0]
    return [_one(fit, statistic, response, k) for response in responses]


def _processes(ncpus: int | None, nsim: int) -> int:
    """How many processes to use."""
    if ncpus is not None and (not isinstance(ncpus, (int, np.integer)) or ncpus < 1):
        raise ArgumentError(f"bootMer: ncpus={ncpus!r} is no positive number of processes")
    if "fork" not in get_all_start_methods():
        return 1
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    return max(1, min(int(ncpus or cores), nsim))
