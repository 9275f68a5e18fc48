"""``getME``: the components of a fit under lme4's names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from scipy.linalg import solve_triangular

from glmmvi.design.sparse_columns import sparse_columns
from glmmvi.errors import ArgumentError, GlmmviError, nearest_hint
from glmmvi.model.families.negative_binomial_family import NegativeBinomialFamily
from glmmvi.results.any_fit import AnyFit
from glmmvi.results.deviance_function import deviance_function
from glmmvi.results.fit import LinearMixedFit
from glmmvi.results.generalized_fit import GeneralizedMixedFit
from glmmvi.results.prediction import linear_predictor
from glmmvi.results.tidy import residual_deviance
from glmmvi.unknown_arguments import names_arguments

Matrix = NDArray[np.float64]

_LARGEST = 5000  # random effects up to which L is formed


@names_arguments
def getME(fit: AnyFit, name: str | list[str]) -> Any:
    """A component of a fit, by lme4's name of it.

    Parameters
    ----------
    fit : LinearMixedFit or GeneralizedMixedFit
    name : str or list of str
        ``"X"``, ``"Z"``, ``"theta"``, ...: see `NAMES`, all 45 of lme4 1.1-31. A list gives a
        dict, ``"ALL"`` one with all of them, None where this fit has no such component.

    Returns
    -------
    object
        Matrices of random effects are sparse. Unlike lme4's, `L` and `RZX` are without a
        fill-reducing permutation.

    Raises
    ------
    ArgumentError
        If there is no such component, or this fit does not have it: the message says why.

    Examples
    --------
    >>> import glmmvi as gv
    >>> fit = gv.lmer("Reaction ~ Days + (Days | Subject)", gv.load_dataset("sleepstudy"))
    >>> getME(fit, "theta").round(3).to_dict()
    {'Subject.(Intercept)': 0.967, 'Subject.Days.(Intercept)': 0.015, 'Subject.Days': 0.231}
    >>> getME(fit, "Lambda").shape, getME(fit, "cnms")
    ((36, 36), {'Subject': ('(Intercept)', 'Days')})
    """
    if name == "ALL":
        return {each: _or_nothing(fit, each) for each in NAMES}
    if isinstance(name, list):
        return {each: getME(fit, each) for each in name}
    if name not in NAMES:
        raise ArgumentError(
            f"getME: there is no {name!r}{nearest_hint(str(name), NAMES)}; there are "
            f"{', '.join(NAMES)}"
        )
    return NAMES[name](fit)


def _or_nothing(fit: AnyFit, name: str) -> Any:
    try:
        return getME(fit, name)
    except GlmmviError:
        return None


def _z(fit: AnyFit) -> sparse.csr_array:
    return sparse_columns(fit.design.terms)


def _lambda(fit: AnyFit) -> sparse.csr_array:
    blocks = [
        sparse.kron(sparse.eye_array(term.L), factor)
        for term, factor in zip(fit.design.terms, fit.estimates.Lambda, strict=True)
    ]
    made = sparse.csr_array(sparse.block_diag(blocks, format="csr"))
    made.eliminate_zeros()
    return made


def _lind(fit: AnyFit) -> NDArray[np.intp]:
    """For each non-zero of ``Lambdat`` (by column), the element of theta, counted from 1."""
    parts, start = [], 1
    for term in fit.design.terms:
        k = term.d * (term.d + 1) // 2
        number = np.zeros((term.d, term.d), dtype=np.intp)
        number.T[np.triu_indices(term.d)] = np.arange(start, start + k)
        by_column = number[np.tril_indices(term.d)]  # of Lambda' by column: Lambda by row
        parts.append(np.tile(by_column, term.L))
        start += k
    return np.concatenate(parts)


def theta_names(fit: AnyFit) -> list[str]:
    """lme4's names of ``theta``."""
    return [
        f"{term.group}.{name}" if i == j else f"{term.group}.{term.column_names[i]}.{name}"
        for term in fit.design.terms
        for j, name in enumerate(term.column_names)
        for i in range(j, term.d)
    ]


def _theta(fit: AnyFit) -> pd.Series:
    return pd.Series(fit.estimates.theta, index=theta_names(fit))


def _lower(fit: AnyFit) -> pd.Series:
    diagonal = [
        i == j for term in fit.design.terms for j in range(term.d) for i in range(j, term.d)
    ]
    return pd.Series(np.where(diagonal, 0.0, -np.inf), index=theta_names(fit))


def _b(fit: AnyFit) -> Matrix:
    return np.concatenate([b.reshape(-1) for b in fit.estimates.b_mean])


def _u(fit: AnyFit) -> Matrix:
    solution = getattr(fit.posterior, "solution", None)
    means = getattr(solution, "u_mean", None)
    if means is None:
        means = getattr(getattr(fit.posterior, "effects", None), "u_mean", None)
    if means is None:
        raise ArgumentError("getME: the spherical effects 'u' are of the structured engine")
    return np.concatenate([u.reshape(-1) for u in means])


def _weights(fit: AnyFit) -> Matrix:
    """Of the rows in the penalised least-squares system: working weights of a glmer fit."""
    if isinstance(fit, LinearMixedFit):
        return fit.design.weights
    solution = getattr(fit.posterior, "solution", None)
    if solution is None:
        raise ArgumentError("getME: L, RX and RZX of a glmer fit need the structured engine")
    return np.asarray(solution.state.curvature)


def _l(fit: AnyFit) -> sparse.csc_array:
    A = _lambda(fit).T @ _z(fit).T
    q = A.shape[0]
    if q > _LARGEST:
        raise ArgumentError(
            f"getME: L of {q} random effects is not formed (at most {_LARGEST}); fit.ranef() and "
            "fit.predict(se_fit=True) do not need it"
        )
    system = (A * _weights(fit)) @ A.T
    return sparse.csc_array(np.linalg.cholesky(system.toarray() + np.eye(q)))


def _rzx(fit: AnyFit) -> Matrix:
    A = _lambda(fit).T @ _z(fit).T
    right = A @ (_weights(fit)[:, None] * fit.design.X)
    return np.asarray(solve_triangular(_l(fit).toarray(), right, lower=True))


def _rx(fit: AnyFit) -> Matrix:
    X, w = fit.design.X, _weights(fit)
    if isinstance(fit, LinearMixedFit):
        cross = np.linalg.inv(fit.estimates.beta_cov) * fit.estimates.sigma**2
    else:
        half = _rzx(fit)
        cross = X.T @ (w[:, None] * X) - half.T @ half
    return np.asarray(np.linalg.cholesky(cross).T)


def _by_term(value: Callable[[Any], int]) -> Callable[[AnyFit], pd.Series]:
    return lambda fit: pd.Series(
        [value(term) for term in fit.design.terms], index=[term.text for term in fit.design.terms]
    )


def _flist(fit: AnyFit) -> pd.DataFrame:
    return pd.DataFrame(
        {
            term.group: pd.Categorical.from_codes(term.codes, categories=pd.Index(term.levels))
            for term in fit.design.terms
        }
    )


def _mu(fit: AnyFit) -> Matrix:
    eta = linear_predictor(fit.design, fit.estimates)
    return fit.family.inverse_link(eta) if isinstance(fit, GeneralizedMixedFit) else eta


def _reml(fit: AnyFit) -> int:
    return fit.design.p if isinstance(fit, LinearMixedFit) and fit.reml else 0


def _gp(fit: AnyFit) -> NDArray[np.intp]:
    return np.cumsum([0, *(term.L * term.d for term in fit.design.terms)])


def _tp(fit: AnyFit) -> pd.Series:
    """Where each term's part of theta begins, lme4's ``Tp``."""
    sizes = [term.d * (term.d + 1) // 2 for term in fit.design.terms]
    labels = ["beg__", *(term.label for term in fit.design.terms)]
    return pd.Series(np.cumsum([0, *sizes]), index=labels)


def _st(fit: AnyFit) -> dict[str, Matrix]:
    """``Lambda = T S``: `S` on the diagonal, the unit triangle `T` below it (lme4's ``ST``)."""
    found = {}
    for term, factor in zip(fit.design.terms, fit.estimates.Lambda, strict=True):
        scale = np.diag(factor)
        with np.errstate(divide="ignore", invalid="ignore"):
            unit = np.where(scale > 0.0, factor / scale, 0.0)
        found[term.label] = np.tril(unit, -1) + np.diag(scale)
    return found


def _nb_theta(fit: AnyFit) -> float:
    """``theta`` of a negative binomial fit, nan (R's ``NA``) of others."""
    if isinstance(fit, GeneralizedMixedFit) and isinstance(fit.family, NegativeBinomialFamily):
        return fit.family.theta_of(fit.dispersion)
    return float("nan")


def devcomp(fit: AnyFit) -> dict[str, dict[str, float]]:
    """lme4's ``devcomp``: components of the deviance, and dimensions."""
    design, linear = fit.design, isinstance(fit, LinearMixedFit)
    u, reml = _u(fit), _reml(fit)
    q = len(u)
    cmp = {
        "ldL2": 2.0 * float(np.log(_l(fit).diagonal()).sum()),
        "ldRX2": 2.0 * float(np.log(np.diag(_rx(fit))).sum()),
    }
    if isinstance(fit, LinearMixedFit):
        wrss = float(design.weights @ (design.y - _mu(fit)) ** 2)
    else:
        mu = _mu(fit)
        variance = fit.family.variance(mu, fit.dispersion)
        wrss = float((design.weights * (design.y - mu) ** 2 / variance).sum())
    ussq = float(u @ u)
    pwrss, n = wrss + ussq, design.n_used
    cmp.update({"wrss": wrss, "ussq": ussq, "pwrss": pwrss})
    if isinstance(fit, LinearMixedFit):
        cmp["REML" if reml else "dev"] = fit.deviance(REML=bool(reml))
        cmp["sigmaML"] = float(np.sqrt(pwrss / n))
        cmp["sigmaREML"] = float(np.sqrt(pwrss / (n - design.p)))
    else:
        cmp["dev"] = residual_deviance(fit)
        cmp["aic"] = fit.AIC()
    dims: dict[str, float] = {
        "N": design.n,
        "n": n,
        "p": design.p,
        "nmp": n - design.p,
        "q": q,
        "nth": fit.estimates.theta.size,
        "useSc": int(isinstance(fit, LinearMixedFit) or fit.family.uses_scale),
        "reTrms": len(design.terms),
        "REML": reml,
        "GLMM": int(not linear),
        "NLMM": 0,
    }
    return {"cmp": cmp, "dims": dims}


NAMES: dict[str, Callable[[Any], Any]] = {
    "X": lambda fit: pd.DataFrame(fit.design.X, columns=list(fit.design.column_names)),
    "Z": _z,
    "Zt": lambda fit: sparse.csr_array(_z(fit).T),
    "Ztlist": lambda fit: {
        f"{term.group}.{name}": sparse.csr_array(sparse_columns(term)[:, j :: term.d].T)
        for term in fit.design.terms
        for j, name in enumerate(term.column_names)
    },
    "mmList": lambda fit: {
        term.text: pd.DataFrame(term.Z, columns=list(term.column_names))
        for term in fit.design.terms
    },
    "y": lambda fit: fit.design.y,
    "mu": _mu,
    "u": _u,
    "b": _b,
    "Gp": _gp,
    "Tp": _tp,
    "L": _l,
    "Lambda": _lambda,
    "Lambdat": lambda fit: sparse.csr_array(_lambda(fit).T),
    "Lind": _lind,
    "Tlist": lambda fit: {
        term.label: factor
        for term, factor in zip(fit.design.terms, fit.estimates.Lambda, strict=True)
    },
    "A": lambda fit: sparse.csr_array(_lambda(fit).T @ _z(fit).T),
    "RX": _rx,
    "RZX": _rzx,
    "sigma": lambda fit: fit.sigma(),
    "flist": _flist,
    "fixef": lambda fit: fit.fixef(),
    "beta": lambda fit: fit.estimates.beta,
    "theta": _theta,
    "REML": _reml,
    "is_REML": lambda fit: _reml(fit) > 0,
    "n_rtrms": lambda fit: len(fit.design.terms),
    "n_rfacs": lambda fit: len({term.group for term in fit.design.terms}),
    "N": lambda fit: fit.design.n,
    "n": lambda fit: fit.design.n_used,
    "p": lambda fit: fit.design.p,
    "q": lambda fit: sum(term.L * term.d for term in fit.design.terms),
    "p_i": _by_term(lambda term: term.d),
    "l_i": lambda fit: pd.Series({term.group: term.L for term in fit.design.terms}),
    "q_i": _by_term(lambda term: term.d * term.L),
    "k": lambda fit: len(fit.design.terms),
    "m_i": _by_term(lambda term: term.d * (term.d + 1) // 2),
    "m": lambda fit: fit.estimates.theta.size,
    "cnms": lambda fit: {term.label: term.column_names for term in fit.design.terms},
    "devcomp": devcomp,
    "offset": lambda fit: fit.design.offset,
    "lower": _lower,
    "ST": _st,
    "devfun": deviance_function,
    "glmer.nb.theta": _nb_theta,
}
"""All of lme4's names (1.1-31, ``getME(fit, "ALL")``)."""
