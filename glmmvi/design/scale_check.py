"""lme4's check of the scales of the predictors."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from glmmvi.caller import Action, act

_MOST = 1000.0


def check_scales(X: NDArray[np.float64], action: Action) -> None:
    """Say that predictors are on very different scales, in lme4's words.

    The columns are made orthonormal inside the fit, so that it does not matter here; hence the
    check is off unless asked for.

    Parameters
    ----------
    X : float64, shape (n, p)
    action : {"ignore", "message", "warning", "stop"}
        lme4's ``check.scaleX``.

    Raises
    ------
    DataError
        With ``action="stop"``, if sds of columns that are not 0 or 1 alone differ by more than a
        factor of 1000, or from 1 by that (lme4 1.1-31, ``checkScaleX``).
    """
    if action == "ignore":
        return
    numbers = [column for column in X.T if not np.isin(column, (0.0, 1.0)).all()]
    logs = np.log([float(np.std(column, ddof=1)) for column in numbers] or [1.0])
    if max(float(np.ptp(logs)), float(np.abs(logs).max())) > np.log(_MOST):
        act(action, "Some predictor variables are on very different scales: consider rescaling")
