"""What an R function is here: its formal arguments, and how a call is matched to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from glmmvi.errors import DataError
from glmmvi.formula.expression import Argument, Call

if TYPE_CHECKING:
    from glmmvi.design.evaluate import Evaluator


@dataclass(frozen=True)
class CallSite:
    """One call being evaluated.

    Attributes
    ----------
    evaluator : Evaluator
        Evaluates the arguments of functions that take them unevaluated.
    call : Call
        The call as written.
    state : dict
        What this call learned from the data of the fit; empty on the first evaluation.
    """

    evaluator: Evaluator
    call: Call
    state: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Name of the function."""
        return self.call.function

    def text(self) -> str:
        """The call as R prints it."""
        return self.evaluator.deparse(self.call)


@dataclass(frozen=True)
class RFunction:
    """A function of the formula language.

    Attributes
    ----------
    formals : tuple of str
        Names of the arguments; ``...`` takes any number, those after it by name only.
    run : callable
        ``run(site, **arguments)``; arguments left out are not passed; ``...`` arrives as
        ``rest``, a list of ``(name, value)``.
    lazy : frozenset of str
        Arguments handed over as expressions.
    """

    formals: tuple[str, ...]
    run: Callable[..., Any]
    lazy: frozenset[str] = frozenset()

    def __call__(self, site: CallSite) -> Any:
        """Match the arguments, evaluate them and run."""
        matched, rest = match_arguments(self.formals, site.call)
        evaluate = site.evaluator.evaluate
        values: dict[str, Any] = {
            _identifier(name): argument.value if name in self.lazy else evaluate(argument.value)
            for name, argument in matched.items()
        }
        if "..." in self.formals:
            values["rest"] = [
                (a.name, a.value if "..." in self.lazy else evaluate(a.value)) for a in rest
            ]
        try:
            return self.run(site, **values)
        except TypeError as error:
            if "missing" in str(error) and "argument" in str(error):
                raise DataError(
                    f"argument missing in {site.text()}; it takes ({', '.join(self.formals)})."
                ) from error
            raise


def _identifier(name: str) -> str:
    return name.replace(".", "_")


def match_arguments(
    formals: tuple[str, ...], call: Call
) -> tuple[dict[str, Argument], list[Argument]]:
    """Match a call's arguments by R's rules: exact names, partial names, then positions.

    Parameters
    ----------
    formals : tuple of str
        Names of the formal arguments.
    call : Call
        The call.

    Returns
    -------
    matched : dict of str to Argument
    rest : list of Argument
        What ``...`` takes.

    Raises
    ------
    DataError
        ``unused argument`` (R's text), with what the function takes.

    Examples
    --------
    >>> from glmmvi.formula.expression import Number, Symbol
    >>> call = Call("poly", (Argument(Symbol("x")), Argument(Number(2.0), "deg")))
    >>> sorted(match_arguments(("x", "degree"), call)[0])
    ['degree', 'x']
    """
    dots = formals.index("...") if "..." in formals else None
    before = formals if dots is None else formals[:dots]
    matched: dict[str, Argument] = {}
    unnamed: list[Argument] = []
    extra: list[Argument] = []
    for argument in call.arguments:
        name = argument.name
        if name is None:
            unnamed.append(argument)
        elif name in formals and name not in matched:
            matched[name] = argument
        else:
            candidates = [f for f in before if f.startswith(name) and f not in matched]
            if len(candidates) == 1:
                matched[candidates[0]] = argument
            else:
                extra.append(argument)
    if dots is not None:
        free = [f for f in before if f not in matched]
        order = [a for a in call.arguments if any(a is b for b in (*unnamed, *extra))]
        positional: list[Argument] = []
        for argument in order:
            if argument.name is None and free:
                matched[free.pop(0)] = argument
            else:
                positional.append(argument)
        return matched, positional
    free = [f for f in formals if f not in matched]
    for argument in unnamed:
        if not free:
            extra.append(argument)
        else:
            matched[free.pop(0)] = argument
    if extra:
        first = extra[0].name or f"number {call.arguments.index(extra[0]) + 1}"
        raise DataError(
            f"unused argument ({first}) in the call of {call.function}(); "
            f"it takes ({', '.join(formals)})."
        )
    return matched, []
