"""Benchmarks: the same models in many libraries, on one machine, side by side."""
