"""Compare two result files of ``benchmarks.run``.

    python -m benchmarks.compare BEFORE.json AFTER.json

A case counts as slower only if it is so by ratio and by absolute time, as memory does; and
estimates that moved are told. The exit status is 1 if anything is slower, bigger or has moved.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.agreement import agreement


@dataclass(frozen=True)
class Limits:
    """From where on a difference counts.

    Attributes
    ----------
    ratio, seconds : float
        Slower: by more than this factor and by more than this many seconds.
    megabytes : float
        Bigger: by more than the factor and by more than this.
    moved : float
        Fixed effects in standard errors, and relative sds.
    """

    ratio: float = 1.2
    seconds: float = 0.003
    megabytes: float = 20.0
    moved: float = 1e-3


def verdict(before: dict, after: dict, limits: Limits, clock: str = "seconds") -> list[str]:
    """What is to be said of one case: words such as ``slower``; empty if nothing is."""
    if "seconds" not in before or "seconds" not in after:
        lost = "seconds" in before and "seconds" not in after
        return [f"lost: {after.get('failed') or after.get('skipped')}"] if lost else []
    words = []
    if _more(before[clock], after[clock], limits.ratio, limits.seconds):
        words.append("slower")
    elif _more(after[clock], before[clock], limits.ratio, limits.seconds):
        words.append("faster")
    if _more(before["fit_mb"], after["fit_mb"], limits.ratio, limits.megabytes):
        words.append("bigger")
    found = agreement(after["estimates"], before["estimates"])
    if max(found.beta, found.sd) > limits.moved or found.missing:
        words.append("moved")
    return words


def _more(before: float, after: float, ratio: float, absolute: float) -> bool:
    return after > ratio * before and after - before > absolute


def main() -> None:
    """Print what both files have; say what got worse."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("--clock", default="seconds", choices=("seconds", "cpu_seconds"))
    parser.add_argument("--ratio", type=float, default=Limits.ratio)
    parser.add_argument("--seconds", type=float, default=Limits.seconds)
    options = parser.parse_args()
    limits = Limits(ratio=options.ratio, seconds=options.seconds)
    files = [json.loads(path.read_text()) for path in (options.before, options.after)]
    machines = [file["configuration"]["processor"] for file in files]
    if machines[0] != machines[1]:
        print(f"different processors: {machines[0]}; {machines[1]}", file=sys.stderr)
    before, after = (file["results"] for file in files)
    print(f"{'model':<26}{'library':<16}{'before s':>11}{'after s':>11}{'ratio':>8}")
    worse = False
    for name in [name for name in before if name in after]:
        for library, run in before[name]["libraries"].items():
            other = after[name]["libraries"].get(library)
            if other is None:
                continue
            words = verdict(run, other, limits, options.clock)
            worse = worse or any(word != "faster" for word in words)
            if "seconds" in run and "seconds" in other:
                old, new = run[options.clock], other[options.clock]
                times = f"{old:>11.4f}{new:>11.4f}{new / max(old, 1e-12):>8.2f}"
            else:
                times = f"{'-':>11}{'-':>11}{'-':>8}"
            if "seconds" in run or words:
                print(f"{name:<26}{library:<16}{times}  {', '.join(words)}")
    sys.exit(1 if worse else 0)


if __name__ == "__main__":
    main()
