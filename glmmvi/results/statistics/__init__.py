"""Statistics after a fit: what R's users take from performance, emmeans and influence.ME."""

from glmmvi.results.statistics.emmeans import emmeans, emtrends
from glmmvi.results.statistics.influence import influence
from glmmvi.results.statistics.influence_measures import cooks_distance, dfbeta, dfbetas
from glmmvi.results.statistics.ls_means import difflsmeans, ls_means, lsmeansLT
from glmmvi.results.statistics.overdispersion import overdispersion
from glmmvi.results.statistics.random_effects_pca import rePCA
from glmmvi.results.statistics.reference_grid import reference_grid
from glmmvi.results.statistics.row_diagnostics import hatvalues, rstandard, rstudent
from glmmvi.results.statistics.variance_parts import icc, r2

__all__ = [
    "cooks_distance",
    "dfbeta",
    "dfbetas",
    "difflsmeans",
    "emmeans",
    "emtrends",
    "hatvalues",
    "icc",
    "influence",
    "ls_means",
    "lsmeansLT",
    "overdispersion",
    "r2",
    "rePCA",
    "reference_grid",
    "rstandard",
    "rstudent",
]
