"""What is said about how good a fit's surrogate is."""

from glmmvi.results.diagnosis.check import check_surrogate
from glmmvi.results.diagnosis.surrogate_check import SurrogateCheck

__all__ = ["SurrogateCheck", "check_surrogate"]
