"""The response of every family as a TFP distribution, for the generative model of a fit.

Importing this module loads TensorFlow.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp
from numpy.typing import NDArray

from glmmvi.errors import ArgumentError
from glmmvi.model.families.beta_binomial_family import BetaBinomialFamily
from glmmvi.model.families.beta_family import BetaFamily
from glmmvi.model.families.binomial_family import BinomialFamily
from glmmvi.model.families.family import Family
from glmmvi.model.families.from_tfp import Parameters, TfpFamily
from glmmvi.model.families.gamma_family import GammaFamily
from glmmvi.model.families.gaussian_family import GaussianFamily
from glmmvi.model.families.inverse_gaussian_family import InverseGaussianFamily
from glmmvi.model.families.negative_binomial_family import NegativeBinomialFamily
from glmmvi.model.families.poisson_family import PoissonFamily
from glmmvi.model.families.student_t_family import StudentTFamily
from glmmvi.model.families.tfp_glm_family import TfpGlmFamily
from glmmvi.model.families.tfp_links import location, log_mean, log_probabilities
from glmmvi.model.families.tfp_tweedie import Tweedie
from glmmvi.model.families.tfp_zero_inflated import ZeroInflatedCounts
from glmmvi.model.families.tweedie_family import TweedieFamily
from glmmvi.model.families.weighted_distribution import WeightedDistribution
from glmmvi.model.families.zero_inflated_family import ZeroInflatedFamily
from glmmvi.model.response import gaussian_response

tfd = tfp.distributions
Array = NDArray[np.float64]


def response_distribution(
    family: Family,
    eta: Any,
    dispersion: Any,
    *,
    weights: Array | None = None,
    totals: Array | None = None,
    name: str = "y",
) -> Any:
    """Return the distribution of the response given the linear predictor.

    Its log density is that of ``family.bind(y, weights, totals)`` at every `eta`, weights and
    constants included, if `family` is the one that is fitted (``family.for_response(y)``); its
    draws are those of ``family.simulate``.

    Parameters
    ----------
    family : Family
        Any family.
    eta : float64 tensor, shape (..., n)
        Linear predictor.
    dispersion : float64 tensor, shape (..., k)
        Unconstrained dispersion parameters.
    weights, totals : float64, shape (n,), optional
        As in ``family.bind``. Weights that multiply a log density do so here too: then it is the
        density of no distribution, but what the fit maximises; draws ignore them.
    name : str
        Name of the variable.

    Returns
    -------
    tfp.distributions.Distribution
        Batch shape ``(..., n)``, scalar events.

    Examples
    --------
    >>> from glmmvi.model.families import binomial
    >>> eta = tf.zeros([2], tf.float64)
    >>> y = response_distribution(binomial(), eta, tf.zeros([0], tf.float64))
    >>> y.log_prob([1.0, 0.0]).numpy().round(6).tolist()
    [-0.693147, -0.693147]
    """
    eta = tf.convert_to_tensor(eta, tf.float64)
    dispersion = tf.convert_to_tensor(dispersion, tf.float64)
    parameters = [
        dispersion[..., j : j + 1] if dispersion.shape.rank > 1 else dispersion[j]
        for j in range(len(family.dispersion_names))
    ]
    trials = None
    if isinstance(family, BinomialFamily | BetaBinomialFamily) or (
        isinstance(family, TfpFamily) and family.arguments == 3
    ):
        trials, weights = (totals, weights) if totals is not None else (weights, None)
        trials = np.ones(eta.shape[-1]) if trials is None else np.asarray(trials, np.float64)
    if isinstance(family, GaussianFamily):
        ones = np.ones(eta.shape[-1])
        mean, sd = location(family.link_function, eta), tf.exp(dispersion[..., 0])
        precision = ones if weights is None else np.asarray(weights, np.float64)
        return gaussian_response(mean, sd, precision, name=name)
    if isinstance(family, GammaFamily | InverseGaussianFamily) and weights is not None:
        divisors = np.asarray(weights, np.float64)  # of the dispersion
        weights = (divisors > 0.0).astype(np.float64)
        parameters = [parameters[0] - 0.5 * np.log(np.where(divisors > 0.0, divisors, _CERTAIN))]
    base = _builder(family)(family, eta, parameters, trials)
    return WeightedDistribution(base, weights, trials, name=name)


_CERTAIN = 1e12  # weight of rows of weight 0 in draws: what comes is their mean
Builder = Callable[[Any, Any, Any, Any], Any]


def _builder(family: Family) -> Builder:
    for kind, builder in _BUILDERS.items():
        if isinstance(family, kind):
            return builder
    raise ArgumentError(f"the {family.name} family has no TFP distribution")


def _binomial(family: BinomialFamily, eta: Any, parameters: Any, trials: Any) -> Any:
    upper, lower = log_probabilities(family.link_function, eta)
    return tfd.Binomial(tf.constant(trials, tf.float64), logits=upper - lower)


def _beta_shapes(family: Family, eta: Any, parameters: Any) -> tuple[Any, Any]:
    upper, lower = log_probabilities(family.link_function, eta)
    floor = -650.0  # its exponential times any precision is a number
    return tuple(tf.exp(parameters[0] + tf.maximum(part, floor)) for part in (upper, lower))


def _beta(family: BetaFamily, eta: Any, parameters: Any, trials: Any) -> Any:
    return tfd.Beta(*_beta_shapes(family, eta, parameters))


def _beta_binomial(family: BetaBinomialFamily, eta: Any, parameters: Any, trials: Any) -> Any:
    shapes = _beta_shapes(family, eta, parameters)
    return tfd.BetaBinomial(tf.constant(trials, tf.float64), *shapes)


def _poisson(family: PoissonFamily, eta: Any, parameters: Any, trials: Any) -> Any:
    return tfd.Poisson(log_rate=log_mean(family.link_function, eta))


def _negative_binomial(
    family: NegativeBinomialFamily, eta: Any, parameters: Any, trials: Any
) -> Any:
    log_theta = (
        parameters[0]
        if family.theta is None
        else tf.math.log(tf.constant(family.theta, tf.float64))
    )
    return tfd.NegativeBinomial(
        tf.exp(log_theta), logits=log_mean(family.link_function, eta) - log_theta
    )


def _zero_inflated(family: ZeroInflatedFamily, eta: Any, parameters: Any, trials: Any) -> Any:
    base = _builder(family.base)(family.base, eta, parameters[:-1], trials)
    return ZeroInflatedCounts(base, parameters[-1])


def _gamma(family: GammaFamily, eta: Any, parameters: Any, trials: Any) -> Any:
    log_shape = -2.0 * parameters[0]
    log_rate = log_shape - log_mean(family.link_function, eta)
    return tfd.Gamma(tf.exp(log_shape), log_rate=log_rate)


def _inverse_gaussian(family: InverseGaussianFamily, eta: Any, parameters: Any, trials: Any) -> Any:
    mean = tf.exp(log_mean(family.link_function, eta))
    return tfd.InverseGaussian(mean, tf.exp(-2.0 * parameters[0]))


def _student_t(family: StudentTFamily, eta: Any, parameters: Any, trials: Any) -> Any:
    known = family.df is not None
    df = tf.constant(family.df, tf.float64) if known else tf.exp(parameters[1])
    return tfd.StudentT(df, location(family.link_function, eta), tf.exp(parameters[0]))


def _tweedie(family: TweedieFamily, eta: Any, parameters: Any, trials: Any) -> Any:
    known = family.power is not None
    power = tf.constant(family.power, tf.float64) if known else 1.0 + tf.sigmoid(parameters[1])
    return Tweedie(eta, tf.exp(2.0 * parameters[0]), power)


def _tfp(family: TfpFamily, eta: Any, parameters: Any, trials: Any) -> Any:
    natural = (
        {"real": tf.identity, "positive": tf.exp, "unit": tf.sigmoid}[support](value)
        if isinstance(support, str)
        else support.forward(value)
        for support, value in zip(family.supports.values(), parameters, strict=True)
    )
    phi = Parameters(zip(family.supports, natural, strict=True))
    return family.distribution(*(eta, phi, trials)[: family.arguments])


def _tfp_glm(family: TfpGlmFamily, eta: Any, parameters: Any, trials: Any) -> Any:
    return family.member.as_distribution(family._predictor(eta))


_BUILDERS: dict[type[Family], Builder] = {
    BinomialFamily: _binomial,
    BetaFamily: _beta,
    BetaBinomialFamily: _beta_binomial,
    PoissonFamily: _poisson,
    NegativeBinomialFamily: _negative_binomial,
    ZeroInflatedFamily: _zero_inflated,
    GammaFamily: _gamma,
    InverseGaussianFamily: _inverse_gaussian,
    StudentTFamily: _student_t,
    TweedieFamily: _tweedie,
    TfpFamily: _tfp,
    TfpGlmFamily: _tfp_glm,
}
