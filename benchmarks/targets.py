"""What each model of the table is to reach, as a ratio to another library in the same run.

Issue 6 gives milliseconds of one machine for the small models, beside lme4's on the same machine:
their quotient is the ratio here. The large ones are ratios to the Rust crate glmm already.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """Our time is to be at most `ratio` times that of `library`.

    Attributes
    ----------
    library : str
        A column of the table.
    ratio : float
    words : str
        As the issue puts it.
    """

    library: str
    ratio: float
    words: str

    def attained(self, runs: dict[str, dict], clock: str = "seconds") -> float | None:
        """Our time over the target's: at most 1 where it is reached; None if not both ran."""
        ours, theirs = runs.get("glmmvi", {}), runs.get(self.library, {})
        if clock not in ours or clock not in theirs:
            return None
        return float(ours[clock] / (self.ratio * theirs[clock]))


def _of_lme4(milliseconds: float, lme4: float) -> Target:
    words = f"{milliseconds / lme4:.2g} x lme4 ({milliseconds:g} ms where lme4 takes {lme4:g})"
    return Target("lme4", milliseconds / lme4, words)


TARGETS = {
    "sleepstudy": _of_lme4(8, 12),
    "radon": _of_lme4(8, 15),
    "insteval": Target("glmm_rust", 1.0, "glmm's time"),
    "insteval_dept": Target("glmm_rust", 1.0, "glmm's time"),
    "cbpp": _of_lme4(15, 71),
    "contraception": _of_lme4(40, 500),
    "contraception_slope": _of_lme4(80, 1120),
    "grouseticks": Target("glmm_rust", 2.0, "twice glmm's time"),
    "verbagg": Target("glmm_rust", 2.0, "twice glmm's time"),
    "lmm_1e6": Target("glmm_rust", 2.0, "twice glmm's time"),
    "bernoulli_1e6": Target("glmm_rust", 0.5, "half of glmm's time"),
    "crossed_2e5": Target("glmm_rust", 1 / 3, "a third of glmm's time"),
}
