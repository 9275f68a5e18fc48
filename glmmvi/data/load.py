"""The bundled data sets."""

from __future__ import annotations

import json
from importlib import resources

import pandas as pd

from glmmvi.errors import DataError, nearest_hint
from glmmvi.unknown_arguments import names_arguments

DESCRIPTIONS = {
    "radon": "log radon of 919 houses in 85 counties of Minnesota",
    "srrs2": "the whole radon survey: 12,777 houses, 468 counties",
    "sleepstudy": "reaction times of 18 subjects over 10 days of sleep deprivation",
    "cbpp": "contagious bovine pleuropneumonia in 15 herds",
    "Dyestuff": "yield of dyestuff from 6 batches",
    "Dyestuff2": "simulated yields with no variation between batches",
    "Penicillin": "growth inhibition zones: 24 plates crossed with 6 samples",
    "Pastes": "strength of a paste: casks nested in batches",
    "grouseticks": "ticks on red grouse chicks: 403 chicks, 118 broods, 63 locations",
    "cake": "breakage angle of chocolate cakes: 3 recipes, 6 temperatures, 15 replicates",
    "Orthodont": "dental growth of 27 children",
    "Machines": "productivity of 6 workers on 3 machines",
    "VerbAgg": "verbal aggression: 316 persons by 24 items",
    "InstEval": "73,421 lecture evaluations by 2,972 students of 1,128 lecturers",
}


@names_arguments
def load_dataset(name: str) -> pd.DataFrame:
    """Load one of the data sets that the package brings along.

    Factors are categorical, with R's order of levels; ordered factors are ordered.

    Parameters
    ----------
    name : str
        One of the names below.

    Returns
    -------
    DataFrame
        A new copy at every call; ``attrs["name"]`` is the name.

    Raises
    ------
    DataError
        If there is no such data set; the message names those that exist.

    Notes
    -----
    ``"radon"``, ``"srrs2"``
        EPA/state residential radon survey (Gelman & Hill 2007, Data Analysis Using Regression
        and Multilevel/Hierarchical Models, ch. 12). In ``"radon"``, ``log_radon`` is
        ``log(activity)``, pCi/L, with an activity of 0 set to 0.1, as in TensorFlow
        Probability's tutorial; ``floor`` is 0 for the basement, 1 for the first floor;
        ``log_uranium`` is the county's, log ppm. In ``"srrs2"``, ``floor`` 9 is unknown.
    ``"sleepstudy"``
        Belenky et al. (2003), J. Sleep Res. 12. Reaction in ms; from R's lme4.
    ``"cbpp"``
        Lesnoff et al. (2004), Prev. Vet. Med. 65; from R's lme4.
    ``"Dyestuff"``, ``"Dyestuff2"``
        Davies & Goldsmith (1972), and Box & Tiao (1973), simulated; yield in grams; from lme4.
    ``"Penicillin"``, ``"Pastes"``
        Davies & Goldsmith (1972); diameter in mm; from R's lme4.
    ``"grouseticks"``
        Elston et al. (2001), Parasitology 122; HEIGHT in m; from R's lme4.
    ``"cake"``
        Cook (1938), Iowa State College; angle in degrees; from R's lme4.
    ``"Orthodont"``
        Potthoff & Roy (1964), Biometrika 51; distance in mm, age in years; from R's nlme.
    ``"Machines"``
        Milliken & Johnson (1992), Analysis of Messy Data; from R's nlme.
    ``"VerbAgg"``
        De Boeck & Wilson (2004), Explanatory Item Response Models; from R's lme4.
    ``"InstEval"``
        Lecture evaluations at ETH Zurich; from R's lme4.

    Examples
    --------
    >>> load_dataset("sleepstudy").head(2)
       Reaction  Days Subject
    0  249.5600     0     308
    1  258.7047     1     308
    """
    if name not in DESCRIPTIONS:
        raise DataError(
            f"there is no data set {name!r}{nearest_hint(name, DESCRIPTIONS)}; "
            f"the data sets are {', '.join(DESCRIPTIONS)}"
        )
    folder = resources.files("glmmvi.data")
    factors = json.loads((folder / "factors.json").read_text("utf-8")).get(name, {})
    with (folder / f"{name}.csv.gz").open("rb") as file:
        data = pd.read_csv(
            file, compression="gzip", dtype=dict.fromkeys(factors, "str"), keep_default_na=False
        )
    for column, factor in factors.items():
        data[column] = pd.Categorical(data[column], factor["levels"], factor["ordered"])
    data.attrs["name"] = name
    return data
