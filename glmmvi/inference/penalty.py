"""Log priors of coefficients, covariance matrices and dispersions, with exact gradients.

What a structured engine adds to its ELBO. Arrays and callables only: a scalar log density is a
function from a number to its value and derivative.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

Matrix = NDArray[np.float64]
Vector = NDArray[np.float64]
ScalarLogDensity = Callable[[float], tuple[float, float]]


@dataclass(frozen=True)
class CoefficientPrior:
    """Independent normal, Student t and flat priors of linear functions of a vector.

    The coefficients of the priors are ``shift + to_user @ x``.

    Attributes
    ----------
    loc, scale, df : float64, shape (p,)
        Centres, scales (``inf`` where flat) and degrees of freedom (``inf`` where normal).
    to_user : float64, shape (p, p)
    shift : float64, shape (p,)
    """

    loc: Vector
    scale: Vector
    df: Vector
    to_user: Matrix
    shift: Vector

    def moved(self, to_user: Matrix, shift: Vector | None = None) -> CoefficientPrior:
        """The same priors over other coordinates."""
        at = np.zeros(len(self.loc)) if shift is None else shift
        return CoefficientPrior(self.loc, self.scale, self.df, to_user, at)

    def distance(self, x: Vector) -> Vector:
        """Coefficients minus their centres, shape (p,)."""
        return self.shift + self.to_user @ x - self.loc

    def log_density(self, x: Vector) -> float:
        """Log density of the coefficients, nats."""
        return float(self.tangent(self.distance(x) ** 2)[0].sum())

    def gradient(self, x: Vector) -> Vector:
        """Its derivative by `x`, shape (p,)."""
        distance = self.distance(x)
        return -self.to_user.T @ (self.tangent(distance**2)[1] * distance)

    def precision(self, x: Vector) -> Matrix:
        """A positive curvature that the log density's never exceeds, by `x`, shape (p, p)."""
        return self.precision_at(self.tangent(self.distance(x) ** 2)[1])

    def precision_at(self, by_coefficient: Vector) -> Matrix:
        """Precisions of the coefficients as a quadratic form of `x`, shape (p, p)."""
        return self.to_user.T @ (by_coefficient[:, None] * self.to_user)

    def tangent(self, square: Vector) -> tuple[Vector, Vector]:
        """Log densities at squared distances, and the normal precisions that touch there.

        A t log density is convex in the squared distance, so that its tangent, a normal's, is
        a lower bound everywhere (Jaakkola and Jordan 2000, Stat. Comput. 10).

        Returns
        -------
        value, precision : float64, shape (p,)
        """
        value, precision = np.zeros(len(square)), np.zeros(len(square))
        normal = np.isfinite(self.scale) & np.isinf(self.df)
        s = self.scale[normal]
        precision[normal] = 1.0 / s**2
        value[normal] = -0.5 * square[normal] / s**2 - np.log(s) - 0.5 * np.log(2.0 * np.pi)
        t = np.isfinite(self.scale) & np.isfinite(self.df)
        s, df, z2 = self.scale[t], self.df[t], square[t] / self.scale[t] ** 2
        precision[t] = (df + 1.0) / (df + z2) / s**2
        constant = gammaln(0.5 * (df + 1.0)) - gammaln(0.5 * df) - 0.5 * np.log(np.pi * df)
        value[t] = constant - np.log(s) - 0.5 * (df + 1.0) * np.log1p(z2 / df)
        return value, precision

    @property
    def flat(self) -> bool:
        """Whether there is nothing to add."""
        return bool(np.isinf(self.scale).all())


@dataclass(frozen=True)
class TermPrior:
    """Priors of the covariance matrix of one term.

    Attributes
    ----------
    sds : tuple of callable, length d
        Log densities of the sds.
    concentration : float
        LKJ's, of the correlation matrix; 1 where it is uniform.
    log_normalizer : float
        LKJ's.
    """

    sds: tuple[ScalarLogDensity, ...]
    concentration: float = 1.0
    log_normalizer: float = 0.0

    def log_density(self, factor: Matrix) -> tuple[float, Matrix]:
        """Log density of the sds and the correlation matrix of ``factor factor'``.

        Parameters
        ----------
        factor : float64, shape (d, d)
            Any square root of the covariance matrix.

        Returns
        -------
        value : float
            Nats; ``-inf`` where a correlation matrix is singular and `concentration` above 1.
        gradient : float64, shape (d, d)
            By the elements of `factor`.
        """
        sds = np.linalg.norm(factor, axis=1)
        unit = np.eye(len(sds))
        positive = sds > 0.0
        unit[positive] = factor[positive] / sds[positive, None]
        value, gradient = -self.log_normalizer, np.zeros_like(unit)
        for j, density in enumerate(self.sds):
            part, slope = density(float(sds[j]))
            value += part
            gradient[j] += slope * unit[j]
        extra = self.concentration - 1.0
        if extra != 0.0:
            sign, log_det = np.linalg.slogdet(unit)
            if sign == 0.0 or log_det < -300.0 or not positive.all():
                return -np.inf * np.sign(extra), gradient
            value += 2.0 * extra * float(log_det)
            gradient += 2.0 * extra * (np.linalg.inv(unit).T - unit) / sds[:, None]
        return value, gradient


@dataclass(frozen=True)
class Penalty:
    """All log priors of a model, on the user's scale.

    Attributes
    ----------
    beta : CoefficientPrior
        Over the user's coefficients.
    terms : tuple of TermPrior
        Of the covariance matrices, link scale.
    sigma : callable, optional
        Log density of the residual sd of a linear mixed model.
    dispersion : tuple of callable
        Log densities over the unconstrained dispersion parameters of a family.
    """

    beta: CoefficientPrior
    terms: tuple[TermPrior, ...]
    sigma: ScalarLogDensity | None = None
    dispersion: tuple[ScalarLogDensity, ...] = ()

    def of_covariance(self, factors: Sequence[Matrix]) -> tuple[float, list[Matrix]]:
        """Log density of all covariance matrices, and its gradient by their square roots."""
        parts = [term.log_density(f) for term, f in zip(self.terms, factors, strict=True)]
        return sum(value for value, _ in parts), [gradient for _, gradient in parts]

    def of_dispersion(self, dispersion: Vector) -> tuple[float, Vector]:
        """Log density of the dispersion parameters, and its gradient."""
        parts = [f(float(x)) for f, x in zip(self.dispersion, dispersion, strict=True)]
        return sum(value for value, _ in parts), np.array([slope for _, slope in parts])
