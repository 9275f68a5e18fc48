"""Bundled data sets."""

from glmmvi.data.load import load_dataset

__all__ = ["load_dataset"]
