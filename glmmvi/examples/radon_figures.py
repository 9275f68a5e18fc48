"""Pictures of the radon walk. Importing this module loads matplotlib."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from scipy.stats import gaussian_kde

BLUE, ORANGE, GREEN, GREY = "#2b6ca3", "#d9792b", "#3f8f5b", "#8a8f98"
FLOORS = {0: ("basement", BLUE), 1: ("first floor", ORANGE)}

STYLE = {
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e6e8eb",
    "grid.linewidth": 0.7,
    "axes.axisbelow": True,
    "axes.edgecolor": "#6b7078",
    "legend.frameon": False,
    "savefig.dpi": 130,
    "figure.constrained_layout.use": True,
}


def write_all(radon: pd.DataFrame, fits: dict[str, Any], directory: Path) -> Iterator[Path]:
    """Write every picture, and yield its path when it is there.

    Parameters
    ----------
    radon : DataFrame
    fits : dict
        From `glmmvi.examples.radon.fit_all`.
    directory : Path
        Exists already.

    Yields
    ------
    Path
    """
    pictures = {
        "radon_by_floor": lambda: radon_by_floor(radon),
        "houses_by_county": lambda: houses_by_county(radon),
        "loss": lambda: loss(fits),
        "county_effects": lambda: county_effects(radon, fits),
        "sd_by_count": lambda: sd_by_count(radon, fits),
    }
    with mpl.rc_context(STYLE):
        for name, draw in pictures.items():
            path = directory / f"{name}.png"
            draw().savefig(path)
            yield path


def radon_by_floor(radon: pd.DataFrame) -> Figure:
    """Draw the density of log radon, and the number of houses, by floor."""
    figure = Figure(figsize=(9, 3.6))
    density, count = figure.subplots(1, 2, width_ratios=[2, 1])
    grid = np.linspace(radon["log_radon"].min() - 0.5, radon["log_radon"].max() + 0.5, 300)
    for floor, (name, color) in FLOORS.items():
        values = radon.loc[radon["floor"] == floor, "log_radon"].to_numpy()
        height = gaussian_kde(values)(grid)
        density.plot(grid, height, color=color, linewidth=1.8)
        density.fill_between(grid, height, color=color, alpha=0.18, linewidth=0)
        top = int(np.argmax(height))
        density.annotate(
            name,
            (grid[top], height[top]),
            xytext=(26 if floor == 0 else -46, -2),
            textcoords="offset points",
            color=color,
            ha="left" if floor == 0 else "right",
            va="center",
        )
        bar = count.bar(name, values.size, color=color, width=0.6)
        count.bar_label(bar, padding=2)
    density.set(xlabel="log radon (log pCi/L)", ylabel="density", title="Log radon by floor")
    density.set_ylim(bottom=0)
    count.set(ylabel="houses", title="Houses by floor")
    count.margins(y=0.1)
    count.grid(axis="x", visible=False)
    return figure


def houses_by_county(radon: pd.DataFrame) -> Figure:
    """Draw the number of houses of every county, the largest first."""
    houses = radon["county"].value_counts()
    figure = Figure(figsize=(12, 4.2))
    axes = figure.subplots()
    position = np.arange(houses.size)
    axes.bar(position, houses.to_numpy(), color=BLUE, width=0.75)
    for x, n in list(zip(position, houses.to_numpy(), strict=True))[:6]:
        axes.annotate(
            str(n), (x, n), xytext=(0, 2), textcoords="offset points", ha="center", fontsize=7.5
        )
    axes.set_xticks(position, _county_names(houses.index), rotation=90, fontsize=7.5)
    axes.set_xlim(-1.4, houses.size - 0.2)
    axes.set(ylabel="houses", title=f"Houses by county ({houses.size} counties)")
    axes.grid(axis="x", visible=False)
    return figure


def loss(fits: dict[str, Any]) -> Figure:
    """Draw the loss (negative ELBO) of each stochastic fit during training."""
    panels = (
        ("The tutorial's model (residual sd 1)", [("tutorial", "mean field", ORANGE)]),
        (
            "Free residual sd, half-Cauchy priors",
            [("mean_field", "mean field", BLUE), ("covariances", "structured q", GREEN)],
        ),
    )
    figure = Figure(figsize=(10.5, 3.9))
    for axes, (title, shown) in zip(figure.subplots(1, 2), panels, strict=True):
        lowest, highest = np.inf, -np.inf
        for name, label, color in shown:
            losses = fits[name].advi.losses
            width = max(losses.size // 60, 1)
            step = np.arange(1, losses.size + 1)
            running = pd.Series(losses).rolling(width, center=True, min_periods=1).median()
            axes.plot(step, losses, color=color, alpha=0.2, linewidth=0.6)
            axes.plot(step, running, color=color, linewidth=1.8, label=label)
            lowest = min(lowest, float(running.min()))
            highest = max(highest, float(running.iloc[0]))
            axes.set_xlim(0, losses.size)
        margin = 0.12 * (highest - lowest)
        axes.set_ylim(lowest - margin, highest + margin)
        axes.set(xlabel="step of Adam", title=title)
        axes.set_ylabel("loss: negative ELBO (nats)" if name == "tutorial" else "")
        axes.legend(loc="upper right")
    figure.suptitle(
        "Loss during training (thin: each step; thick: running median)", x=0.01, ha="left"
    )
    return figure


def county_effects(radon: pd.DataFrame, fits: dict[str, Any]) -> Figure:
    """Draw county effects with one standard deviation, by number of houses."""
    houses = radon["county"].value_counts().sort_values(kind="stable")
    figure = Figure(figsize=(12, 5.2))
    axes = figure.subplots()
    position = np.arange(houses.size)
    shown = (
        ("structured", "structured engine (lme4's numbers)", BLUE, -0.17, "o"),
        ("tutorial", "advi, tutorial's model", ORANGE, 0.17, "s"),
    )
    for name, label, color, shift, marker in shown:
        effects = _effects(fits[name]).loc[houses.index]
        axes.errorbar(
            position + shift,
            effects["condval"],
            yerr=effects["condsd"],
            fmt=marker,
            markersize=3.2,
            color=color,
            ecolor=color,
            elinewidth=0.9,
            alpha=0.95,
            label=f"{label}, ± 1 sd",
        )
    axes.axhline(0.0, color="#44484e", linewidth=0.8)
    names = _county_names(houses.index)
    labels = [f"{name} ({n})" for name, n in zip(names, houses, strict=True)]
    axes.set_xticks(position, labels, rotation=90, fontsize=7.5)
    axes.set_xlim(-0.8, houses.size - 0.2)
    axes.grid(axis="x", visible=False)
    axes.set(
        ylabel="county effect on log radon",
        title="County effects, ordered by the number of houses (in parentheses)",
    )
    axes.legend(loc="upper left", ncols=2)
    low, high = axes.get_ylim()
    axes.set_ylim(low, high + 0.12 * (high - low))
    return figure


def sd_by_count(radon: pd.DataFrame, fits: dict[str, Any]) -> Figure:
    """Draw the posterior sd of each county effect against the log of its number of houses."""
    houses = radon["county"].value_counts()
    figure = Figure(figsize=(7, 4.2))
    axes = figure.subplots()
    shown = (
        ("structured", "structured engine, given the fixed effects", BLUE, "o"),
        ("covariances", "advi, free residual sd, structured q", GREEN, "^"),
        ("tutorial", "advi, tutorial's model", ORANGE, "s"),
    )
    for name, label, color, marker in shown:
        sd = _effects(fits[name])["condsd"].loc[houses.index].to_numpy()
        axes.scatter(
            np.log(houses.to_numpy(dtype=float)),
            sd,
            s=17,
            marker=marker,
            facecolor=color,
            edgecolor="white",
            linewidth=0.3,
            alpha=0.85,
            label=label,
        )
    ticks = [1, 2, 5, 10, 20, 50, 100]
    axes.set_xticks(np.log(ticks), [str(tick) for tick in ticks])
    axes.set_ylim(bottom=0)
    axes.set(
        xlabel="houses in the county (log scale)",
        ylabel="sd of the county effect",
        title="The more houses, the surer the effect",
    )
    axes.legend(loc="lower left")
    return figure


def _effects(fit: Any) -> pd.DataFrame:
    return fit.ranef().as_data_frame().set_index("grp")


# the survey writes county names in capitals without spaces
COUNTY_NAMES = {
    "BIGSTONE": "Big Stone",
    "BLUEEARTH": "Blue Earth",
    "CROWWING": "Crow Wing",
    "LACQUIPARLE": "Lac qui Parle",
    "LAKEOFTHEWOODS": "Lake of the Woods",
    "LESUEUR": "Le Sueur",
    "MCLEOD": "McLeod",
    "MILLELACS": "Mille Lacs",
    "OTTERTAIL": "Otter Tail",
    "STLOUIS": "St. Louis",
    "YELLOWMEDICINE": "Yellow Medicine",
}


def _county_names(names: Any) -> list[str]:
    squeezed = (str(name).replace(" ", "").replace(".", "").upper() for name in names)
    return [
        COUNTY_NAMES.get(key, str(name).title()) for key, name in zip(squeezed, names, strict=True)
    ]
