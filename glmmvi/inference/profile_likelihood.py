"""Profile likelihood: the deviance with one parameter held, everything else at its best.

Every evaluation has the exact gradient, by the held parameter too (the envelope theorem), so
that a bound of an interval is found by Newton's method on ``zeta``, the signed square root of
the rise of the deviance, and the path is followed with warm starts. The definition is that of
lme4's ``profile`` (Bates et al. 2015, J. Stat. Softw. 67(1), section 5.1), which interpolates
between points on a grid; here the bound itself is solved for.

With a parameter held, the deviance may have several minima over the others, above all under a
held correlation, which stops mattering where one of its sds is 0. Every point is therefore also
looked for from the points next to it and from the optima with such a sd at 0, and a point that
turns out to be no more than a local optimum is solved again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from glmmvi.inference.bounded_bfgs import minimize

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]

_ZETA = 1e-7  # how exactly zeta has to hit its target
_LOWER = 1e-6  # a deviance lower by this is another optimum


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
    vanishing : tuple of int
        Coordinates at whose 0 the held one stops mattering: the two sds of a correlation.
    """

    objective: Callable[[Vector], tuple[float, Vector]]
    optimum: Vector
    held: int
    lower: Vector
    bounds: tuple[float, float]
    steps: Vector
    mirrors: Mapping[int, NDArray[np.intp]] = field(default_factory=dict)
    tolerance: float = 1e-10
    vanishing: tuple[int, ...] = ()


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

    @cached_property
    def boundary_optima(self) -> tuple[tuple[float, Vector], ...]:
        """Deviance and coordinates of the optima with one of the vanishing coordinates at 0.

        Such a deviance can be reached at every value of the held parameter.
        """
        optima = []
        for k in self.target.vanishing:
            x = self.target.optimum.copy()
            x[k] = 0.0
            deviance, _, x = _minimum(self, x, (self.target.held, k))
            optima.append((deviance, x))
        return tuple(optima)


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


def _minimum(start: ProfileStart, x: Vector, fixed: Sequence[int]) -> tuple[float, Vector, Vector]:
    """Deviance, gradient and coordinates at the optimum over all coordinates but some."""
    target = start.target
    free = np.delete(np.arange(x.size), list(fixed))

    def whole(part: Vector) -> Vector:
        at = x.copy()
        at[free] = part
        return at

    begin = np.maximum(x[free], target.lower[free])
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
            target.lower[free],
            positive_definite(start.hessian[np.ix_(free, free)]),
            probe=target.steps[free],
            columns=mirrors,
            tolerance=target.tolerance,
        )
        begin = state.x
    found = whole(begin)
    return (*target.objective(found), found)


def _solved(start: ProfileStart, value: float, near: Vector) -> ProfilePoint:
    """Minimise over the other coordinates from one start."""
    i = start.target.held
    deviance, gradient, x = _minimum(start, _with_held(start, near, value), (i,))
    rise = max(deviance - start.deviance, 0.0)
    zeta = float(np.sign(value - start.estimate) * np.sqrt(rise))
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = float(gradient[i] / (2.0 * zeta)) if zeta else 1.0 / start.standard_error
    return ProfilePoint(float(value), zeta, slope, x)


def _with_held(start: ProfileStart, x: Vector, value: float) -> Vector:
    moved = x.copy()
    moved[start.target.held] = value
    return moved


def _lower_of(point: ProfilePoint, other: ProfilePoint) -> ProfilePoint:
    return other if other.zeta**2 < point.zeta**2 - _LOWER else point


def _improved(start: ProfileStart, point: ProfilePoint, neighbour: ProfilePoint) -> ProfilePoint:
    """The point, or a lower one, if a neighbour shows that there is one.

    It does if it is lower and further out. For a correlation it is also looked at whether the
    neighbour's coordinates are better at the point than its own.
    """
    estimate = start.estimate
    outside = abs(neighbour.value - estimate) > abs(point.value - estimate)
    shown = outside and neighbour.zeta**2 < point.zeta**2 - _LOWER
    if not shown and start.target.vanishing:
        deviance, _ = start.target.objective(_with_held(start, neighbour.x, point.value))
        shown = deviance < start.deviance + point.zeta**2 - _LOWER
    return _lower_of(point, _solved(start, point.value, neighbour.x)) if shown else point


def profile_point(start: ProfileStart, value: float, near: Vector) -> ProfilePoint:
    """Minimise over the other coordinates.

    Parameters
    ----------
    start : ProfileStart
    value : float
        Of the held parameter.
    near : float64, shape (k,)
        Where to start; an optimum on the boundary is another start where it is lower.

    Returns
    -------
    ProfilePoint
    """
    point = _solved(start, value, near)
    for deviance, x in start.boundary_optima:
        if deviance < start.deviance + point.zeta**2 - _LOWER:
            point = _lower_of(point, _solved(start, value, x))
    return point


def _with_point(
    start: ProfileStart, points: Sequence[ProfilePoint], value: float
) -> tuple[list[ProfilePoint], ProfilePoint]:
    """The points of one side with another one, ordered by their distance from the estimate.

    Points around it that it shows to be local optima are solved again.
    """
    distance = abs(value - start.estimate)
    nearer = [p for p in points if abs(p.value - start.estimate) < distance]
    further = [p for p in points if abs(p.value - start.estimate) >= distance]
    point = profile_point(start, value, _extrapolated(start, points, value))
    for neighbour in (*nearer[-1:], *further[:1]):
        point = _improved(start, point, neighbour)
    for side in (nearer, further):
        latest = point
        for k in range(len(side)) if side is further else range(len(side) - 1, -1, -1):
            again = _improved(start, side[k], latest)
            if again is side[k]:
                break
            side[k] = latest = again
    return [*nearer, point, *further], point


def tangent(start: ProfileStart, value: float) -> Vector:
    """Where the others go, to first order, when the held parameter moves from its estimate."""
    target, free, i = start.target, start.free, start.target.held
    x = target.optimum.copy()
    if free.size:
        inner = positive_definite(start.hessian[np.ix_(free, free)])
        x[free] -= np.linalg.solve(inner, start.hessian[free, i]) * (value - start.estimate)
    x[i] = value
    return np.maximum(x, target.lower)


def _extrapolated(start: ProfileStart, points: Sequence[ProfilePoint], value: float) -> Vector:
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
    points: list[ProfilePoint] = []
    for _ in range(60):
        value = float(edge) if step >= room else estimate + side * step
        points, point = _with_point(start, points, value)
        inside, outside = _bracket(start, points, goal)
        zeta = abs(point.zeta)
        if abs(zeta - goal) <= _ZETA and inside <= step:
            return value
        if inside >= room:
            return float(edge)
        slope = point.slope
        wanted = step + (goal - zeta) / slope if slope > 0.0 and np.isfinite(slope) else np.nan
        step = _bracketed(wanted, inside, outside, room)
        if outside - inside <= 1e-12 * max(1.0, abs(estimate)):
            break
    return estimate + side * step


def _bracket(
    start: ProfileStart, points: Sequence[ProfilePoint], goal: float
) -> tuple[float, float]:
    """The furthest distance with a zeta below the goal, and the next one with a zeta above."""
    inside, outside = 0.0, np.inf
    for point in points:
        distance = abs(point.value - start.estimate)
        if abs(point.zeta) < goal:
            inside, outside = distance, np.inf
        else:
            outside = min(outside, distance)
    return inside, outside


def _bracketed(wanted: float, inside: float, outside: float, room: float) -> float:
    """The next distance: Newton's, if it stays in the bracket and does not run away."""
    if np.isfinite(outside):
        if inside < wanted < outside:
            return wanted
        return 0.5 * (inside + outside)
    furthest = 4.0 * inside
    step = wanted if np.isfinite(wanted) and inside < wanted < furthest else 0.5 * furthest
    return min(step, room)


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
        points: list[ProfilePoint] = []
        while len(points) < max_points:
            before, last = [centre, centre, *points][-2:]
            if abs(last.zeta) >= cutoff or last.value == edge:
                break
            slope = last.slope if last.slope > 0.0 and np.isfinite(last.slope) else 1.0 / error
            previous = abs(last.value - before.value) if points else spacing * error
            value = last.value + side * min(spacing / slope, 10.0 * previous)
            value = min(value, edge) if side > 0 else max(value, edge)
            points, _ = _with_point(start, points, value)
        sides.append(_rising(points))
    return [*reversed(sides[0]), centre, *sides[1]]


def _rising(points: Sequence[ProfilePoint]) -> list[ProfilePoint]:
    """The points of one side, none with a larger ``|zeta|`` than those further out.

    Where the profile really falls again, `zeta` is that of the best value at least as far out.
    """
    lowest = np.minimum.accumulate([abs(point.zeta) for point in reversed(points)])[::-1]
    return [
        replace(point, zeta=float(np.copysign(zeta, point.zeta)))
        for point, zeta in zip(points, lowest, strict=True)
    ]
