"""The parameters that ``confint`` reports, by lme4's names, and the choice among them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from glmmvi.design.random_term import RandomTerm
from glmmvi.errors import ArgumentError, nearest_hint
from glmmvi.inference.linear_profile import CovarianceParameter, covariance_parameters


@dataclass(frozen=True)
class IntervalParameter:
    """A parameter of a fit.

    Attributes
    ----------
    name : str
        ``".sig01"``, ``"sd_(Intercept)|Subject"``, ``".sigma"``, ``"Days"``.
    covariance : CovarianceParameter or None
        What it is, if it is a covariance parameter.
    column : int or None
        Which column of ``X``, if it is a fixed effect.
    """

    name: str
    covariance: CovarianceParameter | None = None
    column: int | None = None


def interval_parameters(
    terms: Sequence[RandomTerm],
    column_names: Sequence[str],
    *,
    residual: bool,
    oldNames: bool = True,
) -> list[IntervalParameter]:
    """All parameters in lme4's order (1.1-31: sds, correlations, sigma, fixed effects).

    Parameters
    ----------
    terms : sequence of RandomTerm
    column_names : sequence of str
        Of the fixed effects.
    residual : bool
        Whether there is a residual sd.
    oldNames : bool
        ``.sig01`` and ``.sigma``, or ``sd_(Intercept)|Subject`` and ``sigma``.

    Returns
    -------
    list of IntervalParameter

    Examples
    --------
    >>> import numpy as np
    >>> term = RandomTerm("g", "g", ("(Intercept)", "x"), ("a",), np.array([0]), np.ones((1, 2)))
    >>> found = interval_parameters([term], ["x"], residual=True, oldNames=False)
    >>> [parameter.name for parameter in found]
    ['sd_(Intercept)|g', 'cor_x.(Intercept)|g', 'sd_x|g', 'sigma', 'x']
    """
    found = []
    covariances = covariance_parameters([term.d for term in terms], residual=residual)
    for number, parameter in enumerate(covariances, start=1):
        if parameter.term is None:
            name = ".sigma" if oldNames else "sigma"
        elif oldNames:
            name = f".sig{number:02d}"
        else:
            term = terms[parameter.term]
            kind = "sd" if len(parameter.columns) == 1 else "cor"
            names = ".".join(term.column_names[c] for c in parameter.columns)
            name = f"{kind}_{names}|{term.group}"
        found.append(IntervalParameter(name, covariance=parameter))
    return found + [IntervalParameter(name, column=j) for j, name in enumerate(column_names)]


def chosen_parameters(
    parameters: Sequence[IntervalParameter], parm: str | Sequence[str] | None
) -> list[IntervalParameter]:
    """Those that ``parm=`` names.

    Parameters
    ----------
    parameters : sequence of IntervalParameter
    parm : str, sequence of str, or None
        Names; ``"theta_"`` is all covariance parameters, ``"beta_"`` all fixed effects.

    Returns
    -------
    list of IntervalParameter
        In the order of `parameters`.

    Raises
    ------
    ArgumentError
        If a name is unknown.
    """
    if parm is None:
        return list(parameters)
    wanted = [parm] if isinstance(parm, str) else list(parm)
    names = [parameter.name for parameter in parameters]
    for name in wanted:
        if not isinstance(name, str) or name not in (*names, "theta_", "beta_"):
            raise ArgumentError(
                f"parm: there is no parameter {name!r}; there are {', '.join(names)}, "
                f"'theta_' and 'beta_'{nearest_hint(str(name), names)}"
            )
    return [
        parameter
        for parameter in parameters
        if parameter.name in wanted
        or ("theta_" if parameter.covariance is not None else "beta_") in wanted
    ]


def tails(level: float) -> tuple[float, float]:
    """Probabilities of the lower and the upper bound.

    Examples
    --------
    >>> tails(0.9)
    (0.05, 0.95)
    """
    if not isinstance(level, (int, float)) or not 0.0 < level < 1.0:
        raise ArgumentError(f"level={level!r} is not a probability between 0 and 1")
    return round((1.0 - level) / 2.0, 12), round(1.0 - (1.0 - level) / 2.0, 12)
