"""From a density to a likelihood: adds the expectations under a Gaussian linear predictor."""

from __future__ import annotations

from glmmvi.inference.closed_forms import ExponentialKernel, ExponentialSumLikelihood
from glmmvi.inference.expectations import Density, Likelihood, QuadratureLikelihood


def make_likelihood(density: Density, *, nodes: int | None = None) -> Likelihood:
    """Return the likelihood of a density: in closed form where there is one.

    Parameters
    ----------
    density : Density
        A response and its weights bound to a family (``family.bind(y, weights)``).
    nodes : int, optional
        Fixed number of Gauss-Hermite nodes, also where there is a closed form. By default 9 to
        61, by the sd of the linear predictor.

    Returns
    -------
    Likelihood

    Examples
    --------
    >>> import numpy as np
    >>> from glmmvi.model.families import poisson
    >>> density = poisson().bind([2.0])
    >>> for nodes in (None, 31):
    ...     likelihood = make_likelihood(density, nodes=nodes)
    ...     print(likelihood.expect(np.zeros(1), np.ones(1), np.empty(0)).value.round(6))
    [-2.341868]
    [-2.341868]
    """
    if nodes is None and isinstance(density.kernel, ExponentialKernel):
        return ExponentialSumLikelihood(density, density.kernel)
    return QuadratureLikelihood(density, nodes)
