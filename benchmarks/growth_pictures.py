"""Pictures and slopes of a result file of ``benchmarks.growth``.

    python -m benchmarks.growth_pictures RESULT.json [FOLDER]     docs/growth_*.png by default

One picture a kind of growth: time and memory, logarithmic both ways, with the power of the size
that the last three sizes show. The table of slopes is printed as Markdown.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

from benchmarks.growth import asymptotic_slope

_DOCS = Path(__file__).resolve().parents[1] / "docs"
_QUANTITIES = {"seconds": "seconds of one fit", "fit_mb": "memory of the fit, MB"}


@dataclass(frozen=True)
class Curve:
    """One library's values in one series: pairs of size and value, ascending."""

    label: str
    points: list[tuple[float, float]]

    @property
    def slope(self) -> float | None:
        """Power of the size over the last three sizes."""
        return asymptotic_slope(self.points)


def curves(report: dict, kind: str, quantity: str) -> list[Curve]:
    """All curves of one kind of growth."""
    found = []
    for entry in report["series"].values():
        if entry["kind"] != kind:
            continue
        libraries = dict.fromkeys(
            library for point in entry["points"] for library in point.get("libraries", {})
        )
        for library in libraries:
            points = [
                (float(point["size"]), run[quantity])
                for point in entry["points"]
                if quantity in (run := point.get("libraries", {}).get(library, {}))
            ]
            family = "Bernoulli" if entry["family"] == "binomial" else entry["family"]
            found.append(Curve(f"{library}, {family}", points))
    return found


def markdown(report: dict) -> str:
    """Sizes, times, memory and slopes of every curve."""
    lines = [
        "| against | what stays | curve | from | to | seconds at the end | slope | "
        "MB at the end | slope |",
        f"|{' --- |' * 9}",
    ]
    for kind in dict.fromkeys(entry["kind"] for entry in report["series"].values()):
        entry = next(e for e in report["series"].values() if e["kind"] == kind)
        memory = {curve.label: curve for curve in curves(report, kind, "fit_mb")}
        for curve in curves(report, kind, "seconds"):
            if curve.points:
                (first, _), (last, seconds) = curve.points[0], curve.points[-1]
                other = memory[curve.label]
                cells = [
                    entry["axis"],
                    entry["constant"],
                    curve.label,
                    f"{first:,.0f}",
                    f"{last:,.0f}",
                    f"{seconds:.3g}",
                    _number(curve.slope),
                    f"{other.points[-1][1]:.0f}",
                    _number(other.slope),
                ]
                lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def draw(report: dict, folder: Path) -> list[Path]:
    """One picture a kind of growth."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    written = []
    for kind in dict.fromkeys(entry["kind"] for entry in report["series"].values()):
        entry = next(e for e in report["series"].values() if e["kind"] == kind)
        figure, axes = plt.subplots(1, 2, figsize=(9.0, 3.6), layout="constrained")
        for ax, (quantity, label) in zip(axes, _QUANTITIES.items(), strict=True):
            for curve in curves(report, kind, quantity):
                shown = [(size, value) for size, value in curve.points if value > 0.0]
                if shown:
                    text = f"{curve.label} (slope {_number(curve.slope)})"
                    ax.loglog(*zip(*shown, strict=True), marker="o", label=text)
            ax.set_xlabel(entry["axis"])
            ax.set_ylabel(label)
            ax.grid(alpha=0.3)
            if ax.lines:
                ax.legend(fontsize=8)
        figure.suptitle(entry["constant"], fontsize=9)
        path = folder / f"growth_{kind}.png"
        figure.savefig(path, dpi=80, metadata={"Software": None})
        plt.close(figure)
        written.append(path)
    return written


def main() -> None:
    """Draw the pictures, print the slopes."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", type=Path)
    parser.add_argument("folder", type=Path, nargs="?", default=_DOCS)
    options = parser.parse_args()
    report = json.loads(options.file.read_text())
    for path in draw(report, options.folder):
        print(f"{path.name}: {path.stat().st_size / 1024:.0f} kB")
    print(markdown(report))


if __name__ == "__main__":
    main()
