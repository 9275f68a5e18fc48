"""Pack R's printouts and numbers (a folder written by printouts.R) into two JSON files.

Usage: python pack.py FOLDER   ->  numbers.json and texts.json beside this script
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

HERE = Path(__file__).parent
LIMIT = 1_400_000


def pack(folder: Path) -> tuple[dict, dict]:
    """Collect ``MODEL__numbers.json`` by model, and ``MODEL__CALL.txt`` by model and call."""
    numbers = {
        path.name.removesuffix("__numbers.json"): json.loads(path.read_text())
        for path in sorted(folder.glob("*__numbers.json"))
    }
    texts: dict[str, dict[str, str]] = {}
    for path in sorted(folder.glob("*__*.txt")):
        model, call = path.name.removesuffix(".txt").split("__")
        texts.setdefault(model, {})[call] = path.read_text()
    return numbers, texts


def main(folder: Path, names: tuple[str, str] = ("numbers.json", "texts.json")) -> None:
    """Write both files; refuse one that is too large for the repository."""
    for name, content in zip(names, pack(folder), strict=True):
        text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
        if len(text.encode()) > LIMIT:
            raise SystemExit(f"{name} would have {len(text.encode())} bytes, more than {LIMIT}")
        (HERE / name).write_text(text + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), *([tuple(sys.argv[2:4])] if len(sys.argv) > 3 else []))
