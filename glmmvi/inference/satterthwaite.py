"""Satterthwaite's degrees of freedom for tests of the fixed effects of a linear mixed model.

The variance of an estimate is itself estimated: it is a function of the covariance parameters,
whose covariance matrix is twice the inverse Hessian of the criterion. Matching the first two
moments of a scaled chi-square gives the degrees of freedom (Satterthwaite 1946; Giesbrecht and
Burns 1985, Biometrics 41(2)); tests of several contrasts at once follow Fai and Cornelius
(1996) as lmerTest does (Kuznetsova et al. 2017, J. Stat. Softw. 82(13)).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from glmmvi.inference.gaussian_deviance import gaussian_deviance
from glmmvi.inference.linear_mixed import LinearMixedProblem, LinearMixedSolution
from glmmvi.inference.profile_likelihood import ProfileTarget, difference_hessian
from glmmvi.inference.profiled_deviance import pack, unpack

Matrix = NDArray[np.float64]
Vector = NDArray[np.float64]

_STEP = 0.003  # of a difference, in units of a rough standard error
_FLAT = 1e-8  # eigenvalues of the Hessian below this, relative to the largest, are 0


@dataclass(frozen=True)
class CovarianceSensitivity:
    """How the covariance matrix of the fixed effects depends on the covariance parameters.

    Attributes
    ----------
    beta_cov : float64, shape (p, p)
        Covariance matrix of the fixed effects.
    jacobian : float64, shape (k, p, p)
        Its derivatives by the covariance parameters.
    parameter_cov : float64, shape (k, k)
        Covariance matrix of the covariance parameters.
    """

    beta_cov: Matrix
    jacobian: Matrix
    parameter_cov: Matrix

    def df(self, contrast: Vector) -> float:
        """Satterthwaite's degrees of freedom of ``contrast @ beta``."""
        variance = float(contrast @ self.beta_cov @ contrast)
        gradient = np.einsum("i,kij,j->k", contrast, self.jacobian, contrast)
        noise = float(gradient @ self.parameter_cov @ gradient)
        return 2.0 * variance**2 / noise if noise > 0.0 else float("inf")


@dataclass(frozen=True)
class FTest:
    """An F test.

    Attributes
    ----------
    statistic : float
    num_df, den_df : float
        nan where there was nothing to test.
    """

    statistic: float
    num_df: float
    den_df: float


def covariance_sensitivity(
    problem: LinearMixedProblem, solution: LinearMixedSolution
) -> CovarianceSensitivity:
    """Sensitivity at the optimum, by differences of the exact gradient.

    Parameters
    ----------
    problem : LinearMixedProblem
        Its own criterion counts: REML or ML.
    solution : LinearMixedSolution

    Returns
    -------
    CovarianceSensitivity
    """
    structure, basis = problem.structure, problem.basis
    p = structure.p
    X_inv = basis.y_scale * solve_triangular(basis.X_factor, np.eye(p))

    def objective(x: Vector) -> tuple[float, Vector]:
        at = gaussian_deviance(problem, unpack(x[:-1], structure.d), float(x[-1]))
        return at.value, np.append(pack(at.by_factor), at.by_log_sigma)

    def beta_cov(x: Vector) -> Matrix:
        at = gaussian_deviance(problem, unpack(x[:-1], structure.d), float(x[-1]))
        inverse = np.linalg.inv(at.factorization.fixed[:p, :p])
        return np.exp(2.0 * x[-1]) * (X_inv @ inverse @ X_inv.T)

    theta = pack(solution.factorization.factors)
    optimum = np.append(theta, np.log(solution.sigma / basis.y_scale))
    spread = np.repeat(
        [1.0 / np.sqrt(2.0 * L) for L in structure.n_levels],
        [size * (size + 1) // 2 for size in structure.d],
    )
    steps = _STEP * np.append(spread, 1.0 / np.sqrt(2.0 * problem.products.n))
    anywhere = np.full(optimum.size, -np.inf)  # the criterion goes on behind the bounds
    target = ProfileTarget(objective, optimum, 0, anywhere, (-np.inf, np.inf), steps)
    jacobian = np.stack(
        [
            (beta_cov(optimum + step) - beta_cov(optimum - step)) / (2.0 * step.sum())
            for step in np.diag(steps)
        ]
    )
    return CovarianceSensitivity(
        solution.beta_cov, jacobian, 2.0 * _positive_inverse(difference_hessian(target))
    )


def _positive_inverse(hessian: Matrix) -> Matrix:
    """Inverse over the directions in which the criterion has a curvature."""
    values, vectors = np.linalg.eigh(hessian)
    curved = values > _FLAT * max(float(values.max()), 0.0)
    kept = vectors[:, curved]
    return np.asarray((kept / values[curved]) @ kept.T)


def f_test(
    sensitivity: CovarianceSensitivity, beta: Vector, contrasts: Matrix, rhs: Vector | None = None
) -> FTest:
    """Test ``contrasts @ beta = rhs``, as lmerTest's ``contestMD``.

    Parameters
    ----------
    sensitivity : CovarianceSensitivity
    beta : float64, shape (p,)
    contrasts : float64, shape (m, p)
        Dependent rows count once.
    rhs : float64, shape (m,), optional
        Zeros by default.

    Returns
    -------
    FTest
    """
    nothing = FTest(float("nan"), float("nan"), float("nan"))
    if not contrasts.shape[0]:
        return nothing
    distance = contrasts @ beta - (0.0 if rhs is None else rhs)
    values, vectors = np.linalg.eigh(contrasts @ sensitivity.beta_cov @ contrasts.T)
    values, vectors = values[::-1], vectors[:, ::-1]
    positive = values > max(np.sqrt(np.finfo(float).eps) * values[0], 0.0)
    q = int(positive.sum())
    if q == 0:
        return nothing
    rotated = vectors[:, :q].T @ contrasts
    squares = (vectors[:, :q].T @ distance) ** 2 / values[:q]
    return FTest(
        float(squares.sum() / q), float(q), joint_df([sensitivity.df(row) for row in rotated])
    )


def joint_df(each: list[float]) -> float:
    """Denominator degrees of freedom of an F test from those of independent t tests.

    Examples
    --------
    >>> joint_df([10.0, 10.0]), round(joint_df([8.0, 16.0]), 3), joint_df([1.5, 30.0])
    (10.0, 10.4, 2.0)
    """
    df = np.array(each)
    if df.size == 1 or (np.abs(np.diff(df)) < 1e-8).all():
        return float(df.mean())
    if (df <= 2.0).any():
        return 2.0
    with np.errstate(invalid="ignore"):
        expected = float(np.where(np.isinf(df), 1.0, df / (df - 2.0)).sum())
    return 2.0 * expected / (expected - df.size) if expected > df.size else float("inf")
