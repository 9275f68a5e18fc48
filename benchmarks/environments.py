"""Make one virtual environment a library, in a folder of your choice.

    python -m benchmarks.environments FOLDER [LIBRARY ...]

``python -m benchmarks.run --environments FOLDER`` then finds them. This package is not among
them: it is taken from the environment that runs the benchmark.
"""

from __future__ import annotations

import argparse
import importlib
import shlex
import subprocess
import sys
import venv
from pathlib import Path

from benchmarks.adapters import PYTHON_LIBRARIES

_OTHERS = tuple(name for name in PYTHON_LIBRARIES if name != "glmmvi")


def interpreter(folder: Path | None, library: str) -> str:
    """The Python that has a library: its own environment's, or this one."""
    if folder is not None:
        path = folder / library / "bin" / "python"
        if path.exists():
            return str(path)
    return sys.executable


def main() -> None:
    """Create the environments and run the adapters' install commands."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("libraries", nargs="*", metavar="LIBRARY", help=", ".join(_OTHERS))
    options = parser.parse_args()
    for library in options.libraries or _OTHERS:
        command = importlib.import_module(f"benchmarks.adapters.{library}").INSTALL
        print(f"{library}: {command}", flush=True)
        venv.create(options.folder / library, with_pip=True)
        python = interpreter(options.folder, library)
        done = subprocess.run([python, "-m", *shlex.split(command), "pandas"], check=False)
        print(f"{library}: {'installed' if done.returncode == 0 else 'failed'}", flush=True)


if __name__ == "__main__":
    main()
