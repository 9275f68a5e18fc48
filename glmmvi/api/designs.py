"""From the formula and the data to checked design matrices."""

from __future__ import annotations

from functools import partial
from typing import Any

from glmmvi.design import DesignMatrices, build_design, check_random_terms
from glmmvi.design.scale_check import check_scales
from glmmvi.formula import ModelFormula, parse_formula
from glmmvi.inference.blas_threads import with_one_blas_thread
from glmmvi.results.control import Control, LmerControl


def linear_design(
    formula: str | ModelFormula, data: Any, control: LmerControl, **arguments: Any
) -> DesignMatrices:
    """Parse the formula, build the design of a linear mixed model, check it as lme4 does."""
    return mixed_design(formula, data, control, response_kind="numeric", **arguments)


@with_one_blas_thread
def mixed_design(
    formula: str | ModelFormula,
    data: Any,
    control: Control,
    *,
    allow_n: bool = False,
    **arguments: Any,
) -> DesignMatrices:
    """Parse the formula, build the design, check its random-effects terms as lme4 does."""
    parsed = parse_formula(formula) if isinstance(formula, str) else formula
    check = partial(check_random_terms, allow_n=allow_n, actions=control.term_actions)
    design = build_design(
        parsed, data, check_terms=check, rank_action=control.rank_action, **arguments
    )
    check_scales(design.X, control.check_scaleX)
    return design
