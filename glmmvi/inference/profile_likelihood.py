"""Profile likelihood: the deviance with one parameter held, everything else at its best.

Every evaluation has the exact gradient, by the held parameter too (the envelope theorem), so
that a bound of an interval is found by Newton's method on ``zeta``, the signed square root of
the rise of the deviance, and the path is followed with warm starts. The definition is that of
lme4's ``profile`` (Bates et al. 2015, J. Stat. Softw. 67(1), section 5.1), which interpolates
between points on a grid; here the bound itself is solved for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from glmmvi.inference.bounded_bfgs import minimize

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]

_ZETA = 1e-7  # how exactly zeta has to hit its target
_TOO_LOW = 1e-4  # a deviance this much below that of the fit means that the fit is no optimum


@dataclass(frozen=True)
class ProfileTarget:
    """A deviance over some coordinates, one of which is to be profiled.

    Attributes
    ----------
    objective : callable
        ``x -> (deviance, gradient)``, the gradient by the held coordinate included.
    optimum : float64, shape (k,)
    held : int
        Which coordinate is profiled.
    lower : float64, shape (k,)
        Lower bounds of the coordinates.
    bounds : tuple of float
        Smallest and largest value of the held coordinate.
    steps : float64, shape (k,)
        Distances for differences of the gradient.
    mirrors : mapping of int to intp
        See :func:`glmmvi.inference.bounded_bfgs.minimize`, in all coordinates.
    tolerance : float
        Of the minimisation over the others, in units of the deviance.
    """

    objective: Callable[[Vector], tuple[float, Vector]]
    optimum: Vector
    held: int
    lower: Vector
    bounds: tuple[float, float]
    steps: Vector
    mirrors: Mapping[int, NDArray[np.intp]] = field(default_factory=dict)
    tolerance: float = 1e-10


@dataclass(frozen=True)
class ProfilePoint:
    """One point of a profile.

    Attributes
    ----------
    value : float
        Of the held parameter.
    zeta : float
        Signed square root of the rise of the deviance over its minimum.
    slope : float
        Derivative of `zeta` by the value.
    x : float64, shape (k,)
        All coordinates.
    """

    value: float
    zeta: float
    slope: float
    x: Vector


@dataclass(frozen=True)
class ProfileStart:
    """What every point of a profile is measured against.

    Attributes
    ----------
    target : ProfileTarget
    deviance : float
        At the optimum.
    hessian : float64, shape (k, k)
        Of the deviance at the optimum.
    standard_error : float
        Of the held parameter, from the Hessian.
    """

    target: ProfileTarget
    deviance: float
    hessian: Matrix
    standard_error: float

    @property
    def estimate(self) -> float:
        """Of the held parameter."""
        return float(self.target.optimum[self.target.held])

    @property
    def free(self) -> NDArray[np.intp]:
        """The other coordinates."""
        return np.delete(np.arange(self.target.optimum.size), self.target.held)


def difference_hessian(target: ProfileTarget) -> Matrix:
    """Hessian of the deviance at the optimum, by differences of its gradient.

    Central differences; on a bound the other side is the mirror image, so one side does.
    """
    x, k = target.optimum, target.optimum.size
    hessian = np.zeros((k, k))
    centre: Vector | None = None
    for i in range(k):
        up = x.copy()
        up[i] += target.steps[i]
        if x[i] - target.steps[i] < target.lower[i]:
            if centre is None:
                centre = target.objective(x)[1]
            hessian[i] = (target.objective(up)[1] - centre) / target.steps[i]
            continue
        down = x.copy()
        down[i] -= target.steps[i]
        rise = target.objective(up)[1] - target.objective(down)[1]
        hessian[i] = rise / (2.0 * target.steps[i])
    return 0.5 * (hessian + hessian.T)


def positive_definite(matrix: Matrix) -> Matrix:
    """The matrix with eigenvalues kept away from 0, in units of its own diagonal."""
    if not matrix.size:
        return matrix
    scale = np.sqrt(np.maximum(np.abs(np.diag(matrix)), 1e-12))
    values, vectors = np.linalg.eigh(matrix / np.outer(scale, scale))
    lifted = (vectors * np.maximum(np.abs(values), 1e-6)) @ vectors.T
    return np.asarray(lifted * np.outer(scale, scale))


def start_profile(target: ProfileTarget) -> ProfileStart:
    """Deviance and Hessian at the optimum."""
    hessian = difference_hessian(target)
    deviance, _ = target.objective(target.optimum)
    i = target.held
    rest = np.delete(np.arange(hessian.shape[0]), i)
    inner = positive_definite(hessian[np.ix_(rest, rest)])
    curvature = hessian[i, i]
    if rest.size:
        curvature = curvature - hessian[i, rest] @ np.linalg.solve(inner, hessian[rest, i])
    error = float(np.sqrt(2.0 / curvature)) if curvature > 0.0 else float("nan")
    return ProfileStart(target, float(deviance), hessian, error)


def profile_point(start: ProfileStart, value: float, near: Vector) -> ProfilePoint:
    """Minimise over the other coordinates.

    Parameters
    ----------
    start : ProfileStart
    value : float
        Of the held parameter.
    near : float64, shape (k,)
        Where to start.

    Returns
    -------
    ProfilePoint
    """
    target, free, i = start.target, start.free, start.target.held

    def whole(part: Vector) -> Vector:
        x = np.empty(target.optimum.size)
        x[free], x[i] = part, value
        return x

    lower = target.lower[free]
    begin = np.maximum(near[free], lower)
    if free.size:
        places = {int(k): position for position, k in enumerate(free)}
        mirrors = {
            places[k]: np.array([places[int(j)] for j in rest], dtype=np.intp)
            for k, rest in target.mirrors.items()
            if k in places and all(int(j) in places for j in rest)
        }

        def objective(part: Vector) -> tuple[float, Vector]:
            deviance, gradient = target.objective(whole(part))
            return deviance, gradient[free]

        state, _ = minimize(
            objective,
            begin,
            lower,
            positive_definite(start.hessian[np.ix_(free, free)]),
            probe=target.steps[free],
            columns=mirrors,
            tolerance=target.tolerance,
        )
        begin = state.x
    x = whole(begin)
    deviance, gradient = target.objective(x)
    rise = max(deviance - start.deviance, 0.0)
    zeta = float(np.sign(value - start.estimate) * np.sqrt(rise))
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = float(gradient[i] / (2.0 * zeta)) if zeta else 1.0 / start.standard_error
    return ProfilePoint(float(value), zeta, slope, x)


def tangent(start: ProfileStart, value: float) -> Vector:
    """Where the others go, to first order, when the held parameter moves from its estimate."""
    target, free, i = start.target, start.free, start.target.held
    x = target.optimum.copy()
    if free.size:
        inner = positive_definite(start.hessian[np.ix_(free, free)])
        x[free] -= np.linalg.solve(inner, start.hessian[free, i]) * (value - start.estimate)
    x[i] = value
    return np.maximum(x, target.lower)


def _extrapolated(start: ProfileStart, points: list[ProfilePoint], value: float) -> Vector:
    """Where to start at a value: on the line through the two points nearest to it."""
    known = sorted(
        [(abs(p.value - value), p.value, p.x) for p in points]
        + [(abs(start.estimate - value), start.estimate, start.target.optimum)],
        key=lambda entry: entry[0],
    )
    if len(known) < 2:
        return tangent(start, value)
    (_, v1, x1), (_, v2, x2) = known[:2]
    if v1 == v2:
        return x1
    return np.maximum(x1 + (x1 - x2) * (value - v1) / (v1 - v2), start.target.lower)


def profile_bound(start: ProfileStart, z: float) -> float:
    """The value at which ``zeta = z``: one end of an interval.

    Parameters
    ----------
    start : ProfileStart
    z : float
        Negative for a lower bound, such as ``-1.96``.

    Returns
    -------
    float
        The bound of the parameter itself where the profile does not reach `z` before it.
    """
    side, goal = np.sign(z), abs(z)
    edge = start.target.bounds[1] if side > 0 else start.target.bounds[0]
    estimate = start.estimate
    room = abs(edge - estimate)
    if room == 0.0:
        return float(edge)
    if not np.isfinite(start.standard_error) and not np.isfinite(estimate):
        return float("nan")
    error = start.standard_error if np.isfinite(start.standard_error) else 0.5 * abs(estimate)
    step = min(goal * max(error, 1e-12), 0.7 * room)
    inside, outside = 0.0, np.inf  # distances from the estimate, zeta below and above the goal
    edge_known = False
    points: list[ProfilePoint] = []
    for _ in range(60):
        value = float(edge) if step >= room else estimate + side * step
        point = profile_point(start, value, _extrapolated(start, points, value))
        points.append(point)
        zeta = abs(point.zeta)
        if abs(zeta - goal) <= _ZETA:
            return value
        if zeta < goal:
            inside = step
            if step >= room:
                return float(edge)
        else:
            outside = step
            edge_known = edge_known or step >= room
        slope = point.slope
        wanted = step + (goal - zeta) / slope if slope > 0.0 and np.isfinite(slope) else np.nan
        step = _bracketed(wanted, inside, outside, room, edge_known)
        if outside - inside <= 1e-12 * max(1.0, abs(estimate)):
            break
    return estimate + side * step


def _bracketed(
    wanted: float, inside: float, outside: float, room: float, edge_known: bool
) -> float:
    """The next distance: Newton's, if it stays in the bracket and does not run away."""
    if np.isfinite(outside):
        if inside < wanted < outside:
            return wanted
        return 0.5 * (inside + outside)
    furthest = 4.0 * inside
    step = wanted if np.isfinite(wanted) and inside < wanted < furthest else 0.5 * furthest
    return min(step, room) if not edge_known else min(step, 0.5 * (inside + room))


def trace_profile(
    start: ProfileStart, *, cutoff: float, spacing: float, max_points: int = 100
) -> list[ProfilePoint]:
    """Points of the profile from one cutoff of ``zeta`` to the other, about evenly spaced.

    Parameters
    ----------
    start : ProfileStart
    cutoff : float
        How far ``|zeta|`` has to go.
    spacing : float
        Of ``zeta``.
    max_points : int
        On either side.

    Returns
    -------
    list of ProfilePoint
        In the order of the values; the estimate is one of them.
    """
    estimate = start.estimate
    error = start.standard_error if np.isfinite(start.standard_error) else 1.0
    centre = ProfilePoint(estimate, 0.0, 1.0 / error, start.target.optimum)
    sides: list[list[ProfilePoint]] = []
    for side, edge in zip((-1.0, 1.0), start.target.bounds, strict=True):
        points = [centre]
        while len(points) <= max_points:
            last = points[-1]
            if abs(last.zeta) >= cutoff or last.value == edge:
                break
            slope = last.slope if last.slope > 0.0 and np.isfinite(last.slope) else 1.0 / error
            step = min(spacing / slope, 10.0 * _last_step(points, spacing * error))
            value = last.value + side * step
            value = min(value, edge) if side > 0 else max(value, edge)
            points.append(profile_point(start, value, _extrapolated(start, points, value)))
        sides.append(points[1:])
    return [*reversed(sides[0]), centre, *sides[1]]


def _last_step(points: list[ProfilePoint], first: float) -> float:
    return abs(points[-1].value - points[-2].value) if len(points) > 1 else first
