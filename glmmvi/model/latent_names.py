"""Names of latent variables that TensorFlow and Python both accept."""

from __future__ import annotations

import re
from collections.abc import Iterable


def latent_names(labels: Iterable[str], prefix: str) -> tuple[str, ...]:
    """Name one latent variable per term.

    Everything that is not an ASCII letter, a digit or an underscore becomes an underscore
    (Keras rejects ``/``, keyword arguments reject the rest); names that would then collide are
    numbered.

    Parameters
    ----------
    labels : iterable of str
        Labels of the terms, in the model's order.
    prefix : str
        ``"u"`` for spherical random effects, ``"b"`` for those on the link scale, ...

    Returns
    -------
    tuple of str
        One name a label, all different.

    Examples
    --------
    >>> latent_names(["Subject", "Subject.1", "cask:batch"], "u")
    ('u_Subject', 'u_Subject_1', 'u_cask_batch')
    >>> latent_names(["a:b", "a_b"], "u")
    ('u_a_b', 'u_a_b_2')
    """
    names: list[str] = []
    for label in labels:
        base = name = f"{prefix}_" + re.sub(r"[^A-Za-z0-9_]", "_", label)
        number = 2
        while name in names:
            name = f"{base}_{number}"
            number += 1
        names.append(name)
    return tuple(names)
