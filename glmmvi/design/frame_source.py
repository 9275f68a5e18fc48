"""A model frame that becomes a data frame when it is first asked for: most fits never do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from glmmvi.design.model_frame import ModelFrame, frame_as_pandas


@dataclass(frozen=True, eq=False)
class FrameSource:
    """What a model frame is made of.

    Attributes
    ----------
    frame : ModelFrame
    labels : Index
        Row labels of the whole data.
    shown : mapping of str to str
        Names of columns where they are not those of the variables.
    """

    frame: ModelFrame
    labels: pd.Index
    shown: Mapping[str, str]

    def as_pandas(self) -> pd.DataFrame:
        """R's model frame: :func:`glmmvi.design.model_frame.frame_as_pandas`."""
        return frame_as_pandas(self.frame, self.labels, self.shown)


@dataclass(frozen=True, eq=False)
class GivenFrame:
    """A model frame that is a data frame already.

    Attributes
    ----------
    data : DataFrame
    """

    data: pd.DataFrame

    def as_pandas(self) -> pd.DataFrame:
        """The data frame."""
        return self.data
