"""What R printed for each line of a script, and what our port of the line prints."""

from __future__ import annotations

import ast
import contextlib
import io
import re
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REFERENCE = Path(__file__).parents[1] / "reference" / "porting"
R_LINE = re.compile(r"# > (.*?)(?:  # noqa: E501)?$")
NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?:e[-+]?\d+)?(?![\w.])")


@dataclass(frozen=True)
class Said:
    """One line of a session: the line, what it printed, and (ours only) what it printed of."""

    line: str
    text: str
    value: Any = None


def r_session(name: str) -> list[Said]:
    """Read the transcript that ``R --vanilla -q < name.R`` wrote."""
    parts = re.split(r"^> ", (REFERENCE / f"{name}.Rout").read_text(encoding="utf-8"), flags=re.M)
    said = [part.partition("\n") for part in parts if part.strip()]
    return [Said(line, text.rstrip("\n")) for line, _, text in said]


def our_session(name: str) -> list[Said]:
    """Run the port statement by statement, each under the R line of the comment above it."""
    source = (REFERENCE / f"{name}.py").read_text(encoding="utf-8")
    lines = source.splitlines()
    scope: dict[str, Any] = {"__name__": name}
    said = []
    for node in ast.parse(source).body:
        found = R_LINE.match(lines[node.lineno - 2])
        printed = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and found
        target = node.value.args[0] if printed else None
        code = ast.Expression(target) if printed else ast.Module([node], [])
        out = io.StringIO()
        with warnings.catch_warnings(record=True) as caught, contextlib.redirect_stdout(out):
            warnings.simplefilter("always")
            value = eval(compile(code, name, "eval" if printed else "exec"), scope)
            if printed:
                print(value)
            elif isinstance(node, ast.Assign):
                value = scope[ast.unparse(node.targets[0])]
        messages = [str(warning.message) for warning in caught]
        if found:
            text = "\n".join([*messages, out.getvalue().rstrip("\n")])
            said.append(Said(found.group(1), text, value))
    return said


def layout(text: str) -> str:
    """Words of a printout in their order, with every number as ``#``."""
    return " ".join(NUMBER.sub("#", text).split())


def numbers(text: str) -> list[float]:
    """Numbers of a printout in their order."""
    return [float(number) for number in NUMBER.findall(text)]


def vector(text: str) -> list[float]:
    """Numbers of a printed R vector, without its names or ``[1]``."""
    lines = text.splitlines()
    if lines[0].startswith("["):
        return numbers(re.sub(r"^\[\d+\]", "", text, flags=re.M))
    return numbers("\n".join(lines[1::2]))


def coefficient_rows(text: str) -> dict[str, list[float]]:
    """Rows of the table of fixed effects of a summary."""
    table = text.split("Fixed effects:\n")[1].split("\n---")[0].splitlines()[1:]
    return {row.split()[0]: numbers(row) for row in table}


def deviations(text: str) -> dict[str, float]:
    """Standard deviations of one-term groups, from a printout."""
    return {
        group: float(sd)
        for group, sd in re.findall(r"^ (\w+) +\(Intercept\) .*?([\d.]+) *$", text, flags=re.M)
    }
