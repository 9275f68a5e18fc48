"""Inference layer."""
