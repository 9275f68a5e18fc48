"""Trainable surrogates of a Bayesian model: affine maps of standard normals, then constraints.

Importing this module loads TensorFlow.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp
from numpy.typing import NDArray
from tensorflow_probability import bijectors as tfb
from tensorflow_probability import distributions as tfd

from glmmvi.errors import ArgumentError
from glmmvi.model.bayesian_joint_distribution import BayesianModel, LatentVariable
from glmmvi.model.starting_values import StartingValues
from glmmvi.model.surrogate_kind import SurrogateKind

Array = NDArray[np.float64]

INITIAL_SD = 0.5  # of every standardised coordinate
MAX_TRIANGLE = 300  # rows of the full triangle of a structured surrogate


@dataclass(frozen=True)
class Coordinates:
    """Where one latent variable sits among the standardised coordinates of a surrogate.

    ``value = constrain(loc + scale * x[start:stop].reshape(shape))``.

    Attributes
    ----------
    variable : LatentVariable
    start, stop : int
    loc, scale : float64
        In the shape of the unconstrained variable.
    constrain : tfp.bijectors.Bijector
        From the reals to the variable's own space.
    """

    variable: LatentVariable
    start: int
    stop: int
    loc: Array
    scale: Array
    constrain: Any


@dataclass(frozen=True)
class AdviSurrogate:
    """A trainable Gaussian in standardised coordinates, pushed to the space of the model.

    Attributes
    ----------
    kind : str
        ``"mean_field"``, ``"full_rank"`` or ``"structured"``.
    coordinates : tuple of Coordinates
    normal : tfp.distributions.Distribution
        The Gaussian over all standardised coordinates, shape ``(D,)``.
    distribution : tfp.distributions.TransformedDistribution
        The surrogate: draws are dicts with the names of the model's latent variables.
    stopped_distribution : tfp.distributions.TransformedDistribution
        The same distribution, through which no gradient reaches the parameters.
    rows : callable
        ``Coordinates -> float64 (N, k, m)``: rows of the current scale matrix of one variable,
        as `N` groups of `k` coordinates: a level's `d` random effects, or all of another
        variable (``N = 1``). ``rows @ rows'`` is the covariance matrix of a group.
    """

    kind: str
    coordinates: tuple[Coordinates, ...]
    normal: Any
    distribution: Any
    stopped_distribution: Any
    rows: Callable[[Coordinates], Array]


def build_advi_surrogate(
    model: BayesianModel,
    kind: SurrogateKind = "mean_field",
    start: StartingValues | None = None,
    *,
    seed: int = 0,
) -> AdviSurrogate:
    """Build a trainable surrogate.

    All three are Gaussian in the unconstrained space (softplus for sds, as in TFP's tutorial;
    TFP's ``CorrelationCholesky`` for correlations):

    - ``"mean_field"``: every coordinate on its own; ``2 D`` parameters.
    - ``"full_rank"``: one lower triangle; ``D (D + 3) / 2`` parameters.
    - ``"structured"``: a full triangle for the global parameters and, while that triangle has
      no more than 300 rows, the random effects of all terms but the largest; then, for each
      level of what is left, the regression of its random effects on those with its own
      ``d x d`` triangle. Levels are independent given what came before, as they are a
      posteriori where one term is left. About ``D (1 + g)`` parameters, ``g`` the rows of the
      triangle.

    Parameters
    ----------
    model : BayesianModel
    kind : str
    start : StartingValues, optional
        Starting point and the units of each coordinate. Without it: the tutorial's random
        start, uniform on ``(-2, 2)``, with sds uniform on ``(0.01, 1)``, no rescaling.
    seed : int
        Of the random start.

    Returns
    -------
    AdviSurrogate
    """
    if kind not in get_args(SurrogateKind):
        choices = ", ".join(map(repr, get_args(SurrogateKind)))
        raise ArgumentError(f"surrogate={kind!r} is unknown; use one of {choices}")
    coordinates = _lay_out(model, start)
    size = coordinates[-1].stop
    loc, sds = np.zeros(size), np.full(size, INITIAL_SD)
    if start is None:
        rng = np.random.default_rng(seed)
        loc, sds = rng.uniform(-2.0, 2.0, size), rng.uniform(0.01, 1.0, size)
    parameters, make_operator, rows = {
        "mean_field": _mean_field,
        "full_rank": _full_rank,
        "structured": _structured,
    }[kind](coordinates, sds)
    mean = tf.Variable(loc, dtype=tf.float64, name="loc")
    to_model_space = _to_model_space(coordinates)

    def gaussian(mean: Any, parameters: list[Any]) -> tuple[Any, Any]:
        normal = tfd.MultivariateNormalLinearOperator(
            loc=mean, scale=make_operator(parameters), name="standardised"
        )
        return normal, tfd.TransformedDistribution(
            normal, to_model_space, name="surrogate_posterior"
        )

    normal, distribution = gaussian(mean, parameters)
    _, stopped = gaussian(_stop(mean), [_stop(parameter) for parameter in parameters])
    return AdviSurrogate(kind, coordinates, normal, distribution, stopped, rows)


def _stop(parameter: Any) -> Any:
    """Read a parameter without letting a gradient through."""
    return tfp.util.DeferredTensor(parameter, tf.stop_gradient)


def _lay_out(model: BayesianModel, start: StartingValues | None) -> tuple[Coordinates, ...]:
    """Global variables first, then the random effects, column-major, the smallest term first."""
    ordered = [v for v in model.latents if v.kind != "effects"]
    effects = [v for v in model.latents if v.kind == "effects"]
    ordered += sorted(effects, key=lambda v: v.shape[0] * v.shape[1])
    out: list[Coordinates] = []
    position = 0
    for variable in ordered:
        constrain, loc, scale = _space(variable, model, start)
        out.append(Coordinates(variable, position, position + loc.size, loc, scale, constrain))
        position += loc.size
    return tuple(out)


def _space(
    variable: LatentVariable, model: BayesianModel, start: StartingValues | None
) -> tuple[Any, Array, Array]:
    """Constraint, starting point and unit of a variable, unconstrained scale."""
    r = variable.term
    if variable.kind == "cholesky":
        size = variable.shape[0] * (variable.shape[0] - 1) // 2
        return tfb.CorrelationCholesky(), np.zeros(size), np.ones(size)
    positive = variable.kind in ("sds", "sigma")
    if start is None:
        zeros, ones = np.zeros(variable.shape), np.ones(variable.shape)
        return (tfb.Softplus() if positive else tfb.Identity()), zeros, ones
    if positive:
        value = np.asarray(start.sigma if r is None else start.sds[r])
        inverse_softplus_of_one = float(np.log(np.expm1(1.0)))
        unit = tf.constant(value, tf.float64)
        scale = np.full(variable.shape, 0.2)
        return (
            tfb.Chain([tfb.Scale(unit), tfb.Softplus()]),
            np.full(variable.shape, inverse_softplus_of_one),
            scale,
        )
    if variable.kind == "beta":
        return tfb.Identity(), start.beta, start.beta_sd
    if variable.kind == "dispersion":
        return tfb.Identity(), start.dispersion, start.dispersion_sd
    assert r is not None
    if model.centred:
        return tfb.Identity(), start.b[r], start.b_sd[r]
    return tfb.Identity(), start.b[r] / start.sds[r], start.b_sd[r] / start.sds[r]


def _to_model_space(coordinates: tuple[Coordinates, ...]) -> Any:
    """Bijector from the standardised vector to a dict of the model's latent variables."""
    names = [c.variable.name for c in coordinates]
    own = {}
    for c in coordinates:
        steps: list[Any] = [c.constrain]
        steps += [tfb.Shift(tf.constant(c.loc)), tfb.Scale(tf.constant(c.scale))]
        if not c.variable.shape:
            steps.append(tfb.Reshape([], event_shape_in=[1]))
        if c.variable.kind == "effects":  # column-major: (d L,) -> (d, L) -> (L, d)
            L, d = c.variable.shape
            steps += [tfb.Transpose(perm=[1, 0]), tfb.Reshape([d, L])]
        own[c.variable.name] = tfb.Chain(steps)
    sizes = [c.stop - c.start for c in coordinates]
    # a sequence of names in the order of the split
    restructure = tfb.Restructure(
        {name: position for position, name in enumerate(names)}, list(range(len(names)))
    )
    return tfb.Chain([tfb.JointMap(own), restructure, tfb.Split(sizes)])


def _positive(values: Array, name: str) -> Any:
    return tfp.util.TransformedVariable(
        tf.constant(values, tf.float64), tfb.Softplus(), name=name, dtype=tf.float64
    )


def _triangle(sds: Array, name: str) -> Any:
    """Lower triangle with a positive diagonal, diagonal at the start."""
    return tfp.util.TransformedVariable(
        tf.constant(np.diag(sds), tf.float64),
        tfb.FillScaleTriL(diag_bijector=tfb.Softplus(), diag_shift=None),
        name=name,
        dtype=tf.float64,
    )


def _value(parameter: Any) -> Array:
    return np.asarray(tf.convert_to_tensor(parameter))


def _grouped(c: Coordinates, rows: Array) -> Array:
    """Rows of a variable (size, m) as groups (N, k, m); random effects are column-major."""
    if c.variable.kind != "effects":
        return rows[None]
    L, d = c.variable.shape
    return rows.reshape(d, L, -1).transpose(1, 0, 2)


# Each of the following returns: the parameters, how they make the scale operator, and the rows
# of that operator that belong to a variable.
Scale = tuple[list[Any], Callable[[list[Any]], Any], Callable[[Coordinates], Array]]


def _mean_field(coordinates: tuple[Coordinates, ...], sds: Array) -> Scale:
    diagonal = _positive(sds, "scale_diag")

    def rows(c: Coordinates) -> Array:
        own = _grouped(c, _value(diagonal)[c.start : c.stop, None])  # (N, k, 1)
        return own * np.eye(own.shape[1])

    return (
        [diagonal],
        lambda given: tf.linalg.LinearOperatorDiag(given[0], is_non_singular=True),
        rows,
    )


def _full_rank(coordinates: tuple[Coordinates, ...], sds: Array) -> Scale:
    matrix = _triangle(sds, "scale_tril")
    return (
        [matrix],
        lambda given: tf.linalg.LinearOperatorLowerTriangular(given[0], is_non_singular=True),
        lambda c: _grouped(c, _value(matrix)[c.start : c.stop]),
    )


def _structured(coordinates: tuple[Coordinates, ...], sds: Array) -> Scale:
    effects = [c for c in coordinates if c.variable.kind == "effects"]
    n_global = effects[0].start if effects else sds.size
    while len(effects) > 1 and effects[0].stop <= MAX_TRIANGLE:
        n_global = effects.pop(0).stop
    parameters = [_triangle(sds[:n_global], "global_scale_tril")]
    # one row of blocks for each column of each term: its regression on the globals, then its
    # links to the earlier columns of the same term, then its own scale
    layout: list[tuple[int, int, list[int]]] = []  # L, rows before the term, parameters
    first_row: dict[str, int] = {}
    for c in effects:
        L, d = c.variable.shape
        before = first_row[c.variable.name] = len(layout)
        for column in range(d):
            at = c.start + column * L
            name = f"{c.variable.name}_{column}"
            own: list[Any] = [tf.Variable(tf.zeros([L, n_global], tf.float64), name=f"{name}_on")]
            own += [
                tf.Variable(tf.zeros([L], tf.float64), name=f"{name}_on_{k}") for k in range(column)
            ]
            own.append(_positive(sds[at : at + L], f"{name}_scale"))
            layout.append((L, before, list(range(len(parameters), len(parameters) + len(own)))))
            parameters += own

    def make_operator(given: list[Any]) -> Any:
        first = tf.linalg.LinearOperatorLowerTriangular(given[0], is_non_singular=True)
        blocks: list[list[Any]] = [[first]]
        for L, before, (regression, *links, scale) in layout:
            block = [tf.linalg.LinearOperatorFullMatrix(given[regression])]
            block += [_zero_block(L, earlier_L) for earlier_L, _, _ in layout[:before]]
            block += [tf.linalg.LinearOperatorDiag(given[link]) for link in links]
            block.append(tf.linalg.LinearOperatorDiag(given[scale], is_non_singular=True))
            blocks.append(block)
        return tf.linalg.LinearOperatorBlockLowerTriangular(blocks, is_non_singular=True)

    def rows(c: Coordinates) -> Array:
        if c.stop <= n_global:
            return _grouped(c, _value(parameters[0])[c.start : c.stop])
        L, d = c.variable.shape
        out = np.zeros((L, d, n_global + d))
        for column in range(d):
            regression, *rest = layout[first_row[c.variable.name] + column][2]
            out[:, column, :n_global] = _value(parameters[regression])
            for k, parameter in enumerate(rest):
                out[:, column, n_global + k] = _value(parameters[parameter])
        return out

    return parameters, make_operator, rows


def _zero_block(rows: int, columns: int) -> Any:
    return tf.linalg.LinearOperatorZeros(
        rows, columns, is_square=rows == columns, is_self_adjoint=False, dtype=tf.float64
    )
