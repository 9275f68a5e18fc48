"""The parser's tables, made once from the grammar and kept beside it.

    python -c "from glmmvi.formula.parser_tables import write; write()"

writes them again after a change of the grammar. Lark takes 0.2 s or more to make them, longer
than most fits take; reading them takes a hundredth of that. They are used only by the version of
Lark that made them and for the grammar that they were made from; otherwise they are made anew.
"""

from __future__ import annotations

import hashlib
import json
from importlib import resources
from pathlib import Path
from typing import Any

import lark
from lark import Lark, Transformer
from lark.grammar import Rule
from lark.lexer import TerminalDef

_GRAMMAR = "formula.lark"
_TABLES = "formula.tables.json"


def _text(name: str) -> str | None:
    """A file of the installed package's copy of ``grammar/``, or else of the checkout's."""
    packaged = resources.files("glmmvi") / "_grammar" / name
    if packaged.is_file():
        return packaged.read_text(encoding="utf-8")
    checkout = _checkout(name)
    return checkout.read_text(encoding="utf-8") if checkout.is_file() else None


def _checkout(name: str) -> Path:
    return Path(__file__).resolve().parents[2] / "grammar" / name


def grammar_text() -> str:
    """Return the grammar: the copy inside the installed package, or else the checkout's.

    Raises
    ------
    FileNotFoundError
        If neither is there.

    Examples
    --------
    >>> grammar_text().startswith("// R's formula language")
    True
    """
    text = _text(_GRAMMAR)
    if text is None:
        raise FileNotFoundError(f"the installation lacks the grammar {_checkout(_GRAMMAR)}")
    return text


def compile_grammar(transformer: Transformer[Any, Any] | None = None) -> Lark:
    """The parser, made from the grammar.

    Parameters
    ----------
    transformer : Transformer, optional
        What each rule builds.

    Returns
    -------
    Lark
    """
    return Lark(grammar_text(), parser="lalr", transformer=transformer, maybe_placeholders=False)


def made_from(grammar: str) -> dict[str, str]:
    """What tables depend on.

    Parameters
    ----------
    grammar : str
        Its text.

    Returns
    -------
    dict
        The version of Lark, and the SHA-256 of the text.
    """
    digest = hashlib.sha256(grammar.encode("utf-8")).hexdigest()
    return {"lark": lark.__version__, "grammar": digest}


def serialized_tables() -> str:
    """The text of the file of tables: JSON, with what they were made from.

    Returns
    -------
    str
        The same parser in every process, though Lark numbers its states as it pleases.
    """
    tables, memo = compile_grammar().memo_serialize([TerminalDef, Rule])
    content = {"made_from": made_from(grammar_text()), "tables": tables, "memo": memo}
    return json.dumps(content, separators=(",", ":"), sort_keys=True) + "\n"


def load_parser(transformer: Transformer[Any, Any]) -> Lark:
    """The parser, from its tables where they fit, or else from the grammar.

    Parameters
    ----------
    transformer : Transformer
        What each rule builds.

    Returns
    -------
    Lark
    """
    text = _text(_TABLES)
    if text is not None:
        content = json.loads(text, object_pairs_hook=_with_numbers)
        if content["made_from"] == made_from(grammar_text()):
            parser: Lark = Lark._load_from_dict(
                content["tables"], content["memo"], transformer=transformer
            )
            return parser
    return compile_grammar(transformer)


def _with_numbers(pairs: list[tuple[str, Any]]) -> dict[str | int, Any]:
    """JSON has no numbers as keys; Lark's tables do."""
    return {int(key) if key.isdigit() else key: value for key, value in pairs}


def write() -> None:
    """Write the checkout's tables."""
    _checkout(_TABLES).write_text(serialized_tables(), encoding="utf-8")
