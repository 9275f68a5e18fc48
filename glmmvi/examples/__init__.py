"""Examples layer."""
