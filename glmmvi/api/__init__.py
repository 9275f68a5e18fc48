"""The fitting functions: they wire the layers together and hold no numerics."""

from glmmvi.api.designs import linear_design, mixed_design
from glmmvi.api.glmer import glmer
from glmmvi.api.glmer_nb import glmer_nb
from glmmvi.api.lm_list import lmList
from glmmvi.api.lmer import lmer

__all__ = ["glmer", "glmer_nb", "linear_design", "lmList", "lmer", "mixed_design"]
