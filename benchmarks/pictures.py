"""Draw the pictures of the README again: ``python -m benchmarks.pictures [folder]``."""

from __future__ import annotations

import sys
from pathlib import Path

import glmmvi as gv

HERE = Path(__file__).resolve().parents[1] / "docs"


def draw(folder: Path) -> list[Path]:
    """Four pictures of two fits."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    sleepstudy = gv.lmer("Reaction ~ Days + (Days | Subject)", gv.load_dataset("sleepstudy"))
    cbpp = gv.glmer(
        "cbind(incidence, size - incidence) ~ period + (1 | herd)",
        gv.load_dataset("cbpp"),
        family="binomial",
    )
    pictures = {
        "caterpillar": gv.dotplot(sleepstudy.ranef())[0],
        "profile": sleepstudy.plot("profile")[0],
        "sds": sleepstudy.plot("sds")[0],
        "groups": cbpp.plot("groups"),
    }
    written = []
    for name, ax in pictures.items():
        path = folder / f"{name}.png"
        ax.figure.savefig(path, dpi=80, metadata={"Software": None})
        plt.close(ax.figure)
        written.append(path)
    return written


if __name__ == "__main__":
    for path in draw(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE):
        print(f"{path.name}: {path.stat().st_size / 1024:.0f} kB")
