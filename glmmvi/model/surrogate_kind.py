"""The surrogates of the stochastic engine, by name."""

from typing import Literal, TypeAlias

SurrogateKind: TypeAlias = Literal["mean_field", "full_rank", "structured"]
