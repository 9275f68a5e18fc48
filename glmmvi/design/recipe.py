"""Rebuild a design for new data by the same recipe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from glmmvi.design.column_plan import ColumnPlan, fill_columns
from glmmvi.design.columns import read_columns
from glmmvi.design.evaluate import Evaluator, Memory
from glmmvi.design.formulaic_bridge import materialise, required_variables
from glmmvi.design.grouping import grouping_factor
from glmmvi.design.model_frame import to_factor_levels
from glmmvi.design.random_term import RandomTerm
from glmmvi.design.row_arguments import offset_values, row_values
from glmmvi.design.values import Factor, Value, kind_of, length_of
from glmmvi.errors import ArgumentError, DataError
from glmmvi.formula.expression import Expression
from glmmvi.formula.model_formula import ModelFormula


@dataclass(frozen=True, eq=False)
class TermRecipe:
    """How one random-effects term is rebuilt."""

    group: Expression
    name: str
    label: str
    text: str
    plan: ColumnPlan
    levels: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class NewDesign:
    """A design for new data.

    Attributes
    ----------
    X : float64, shape (n, p)
        Under the names of the fit; NaN in rows with a missing value.
    terms : tuple of RandomTerm
        In the order of the fit, on the levels of the fit; the code of an unseen or missing
        level is -1.
    offset : float64, shape (n,)
        The offset.
    index : Index
        Row labels of the new data.
    new_levels : dict of str to tuple of str
        Unseen levels, by grouping factor; ``"NA"`` for rows where it is missing.
    """

    X: NDArray[np.float64]
    terms: tuple[RandomTerm, ...]
    offset: NDArray[np.float64]
    index: pd.Index
    new_levels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class DesignRecipe:
    """What was learned from the data of a fit; the data themselves are not in it.

    Attributes
    ----------
    formula : ModelFormula
        The formula.
    plan : ColumnPlan
        The fixed-effects columns, dependent ones included.
    kept : tuple of int
        Which of them are in `X`.
    variables : dict of str to Expression
        The variables of the columns, by R's name.
    levels : dict of str to tuple of str
        Levels of the factors among them.
    kinds : dict of str to str
        R's class of each.
    random : tuple of TermRecipe
        The random-effects terms, in lme4's order.
    offsets : tuple of Expression
        Arguments of the ``offset()`` terms.
    offset_argument : Expression or None
        The ``offset=`` argument, if it was a name or an expression.
    offset_was_array : bool
        Whether it was an array (then new data need a new one).
    memory : dict
        State of the data-dependent functions.
    env : dict
        Functions and constants of the caller's that the formula uses.
    encoder : formulaic.ModelSpec or None
        Makes the fixed columns, if the fixed part was a ``formulaic.Formula``.
    """

    formula: ModelFormula
    plan: ColumnPlan
    kept: tuple[int, ...]
    variables: Mapping[str, Expression]
    levels: Mapping[str, tuple[str, ...]]
    kinds: Mapping[str, str]
    random: tuple[TermRecipe, ...]
    offsets: tuple[Expression, ...]
    offset_argument: Expression | None
    offset_was_array: bool
    memory: Memory
    env: Mapping[str, Any]
    encoder: Any = None

    def columns_alone(self, plan: ColumnPlan | None = None) -> DesignRecipe:
        """The recipe of all columns of a plan, dependent ones included, without an offset.

        Parameters
        ----------
        plan : ColumnPlan, optional
            By default that of the fixed columns.

        Returns
        -------
        DesignRecipe
        """
        chosen = self.plan if plan is None else plan
        return replace(
            self,
            plan=chosen,
            kept=tuple(range(len(chosen.names))),
            offsets=(),
            offset_argument=None,
            offset_was_array=False,
            encoder=self.encoder if plan is None else None,
        )

    def rebuild(
        self,
        data: Any,
        *,
        offset: Any = None,
        env: Mapping[str, Any] | None = None,
        fixed: bool = True,
        random: bool | Sequence[str] = True,
    ) -> NewDesign:
        """Build the columns of new data.

        Parameters
        ----------
        data : data frame
            The new data; only the columns that are needed have to be there.
        offset : array or str, optional
            Replaces the ``offset=`` argument of the fit.
        env : mapping, optional
            Added to what the recipe kept of the fit's.
        fixed : bool
            Whether `X` and the offset are wanted (else `X` has no columns).
        random : bool or sequence of str
            Which terms are wanted: all, none, or those with these labels or groups.

        Returns
        -------
        NewDesign
            Every row of the data, also those with missing values.

        Raises
        ------
        DataError
            If a column is missing or has another type than at the fit, or a factor of `X` or
            of a term's columns has a level that the fit did not see.
        ArgumentError
            If the fit had an array as offset and there is no new one.

        Examples
        --------
        >>> from glmmvi.design import build_design
        >>> data = {"y": [1.0, 2.0, 3.0, 5.0], "x": [1.0, 2.0, 3.0, 4.0], "g": list("abab")}
        >>> recipe = build_design("y ~ scale(x) + (1 | g)", data).recipe
        >>> new = recipe.rebuild({"x": [2.5], "g": ["z"]})
        >>> new.X.tolist(), new.terms[0].codes.tolist()
        ([[1.0, 0.0]], [-1])
        """
        columns = read_columns(data)
        evaluator = Evaluator(columns, {**self.env, **(env or {})}, self.memory, learning=False)
        n = columns.n
        chosen = self._chosen(random)
        wanted = [self.plan] * fixed + [term.plan for term in chosen]
        needed = {part.name for plan in wanted for _, parts in plan.terms for part in parts}
        values = {name: self._variable(name, evaluator, n) for name in needed}
        if fixed:
            if self.encoder is None:
                X = fill_columns(self.plan, values, n)
            else:
                X = self._encoded(evaluator, n)
            if len(self.kept) < X.shape[1]:
                X = np.asfortranarray(X[:, list(self.kept)])
            total = self._offset(evaluator, offset, n)
        else:
            X, total = np.empty((n, 0)), np.zeros(n)
        terms, unseen = [], {}
        for term in chosen:
            codes, new = _codes(term, evaluator, n)
            if new:
                unseen[term.name] = new
            Z = fill_columns(term.plan, values, n)
            terms.append(
                RandomTerm(term.name, term.label, term.plan.names, term.levels, codes, Z, term.text)
            )
        return NewDesign(X, tuple(terms), total, columns.index, unseen)

    def _chosen(self, random: bool | Sequence[str]) -> list[TermRecipe]:
        if isinstance(random, bool):
            return list(self.random) if random else []
        names = [random] if isinstance(random, str) else list(random)
        known = {name for term in self.random for name in (term.name, term.label)}
        for name in names:
            if name not in known:
                raise ArgumentError(
                    f"there is no random-effects term {name!r}; there are "
                    f"{', '.join(term.label for term in self.random)}."
                )
        return [term for term in self.random if term.name in names or term.label in names]

    def _encoded(self, evaluator: Evaluator, n: int) -> NDArray[np.float64]:
        """The fixed columns by formulaic, after our checks of the columns it reads."""
        needed = set(required_variables(self.encoder)) & set(self.variables)
        for name in needed:
            self._variable(name, evaluator, n)
        matrix, _ = materialise(self.encoder, evaluator.columns, None, evaluator.env)
        return np.asfortranarray(matrix.to_numpy(np.float64))

    def _variable(self, name: str, evaluator: Evaluator, n: int) -> Value:
        value = evaluator.leaf(self.variables[name])
        if length_of(value) != n:
            raise DataError(
                f"variable lengths differ (found for '{name}'): it has {length_of(value)} values, "
                f"the new data have {n} rows."
            )
        old, new = self.kinds[name], kind_of(value)
        levels = self.levels.get(name)
        texts = {"factor", "ordered", "character"}
        if old != new and not (old in texts and new in texts):
            if levels is not None and isinstance(value, np.ndarray) and np.isnan(value).all():
                return Factor(np.full(n, -1, dtype=np.intp), levels)
            raise DataError(
                f'variable \'{name}\' was fitted with type "{old}" but type "{new}" was supplied.'
            )
        if levels is None or not isinstance(value, Factor):
            return value
        mapped = to_factor_levels(value, levels)
        lost = np.unique(value.codes[(mapped.codes < 0) & (value.codes >= 0)])
        if len(lost):
            texts_lost = [value.levels[i] for i in lost]
            plural = "level" if len(lost) == 1 else "levels"
            raise DataError(
                f"factor {name} has new {plural} {', '.join(texts_lost)}: the fit saw "
                f"{', '.join(levels[:20])}{', ...' if len(levels) > 20 else ''} only."
            )
        return mapped

    def _offset(self, evaluator: Evaluator, offset: Any, n: int) -> NDArray[np.float64]:
        total = np.zeros(n)
        for expression in self.offsets:
            total += offset_values(evaluator.leaf(expression), "offset()", n)
        argument: Any = offset if offset is not None else self.offset_argument
        if argument is None:
            if self.offset_was_array:
                raise ArgumentError(
                    "the fit has an array as offset=, which does not tell its values for new data: "
                    "give offset= for these rows too, or fit with the name of a column."
                )
            return total
        value, _ = row_values(argument, evaluator, "(offset)", n)
        return total + offset_values(value, "(offset)", n)


def _codes(
    term: TermRecipe, evaluator: Evaluator, n: int
) -> tuple[NDArray[np.intp], tuple[str, ...]]:
    def value_of(expression: Expression) -> Value:
        value = evaluator.leaf(expression, strict=False)
        if length_of(value) != n:
            raise DataError(f"variable lengths differ (found for '{term.name}').")
        return value

    try:
        factor = grouping_factor(term.group, term.name, value_of)
    except DataError as error:
        if "every value is missing" not in str(error):
            raise
        return np.full(n, -1, dtype=np.intp), ("NA",)
    mapped = to_factor_levels(factor, term.levels)
    known = set(term.levels)
    new = tuple(level for level in factor.levels if level not in known)
    if len(factor.codes) and factor.codes.min() < 0:
        new += ("NA",)
    return mapped.codes, new
