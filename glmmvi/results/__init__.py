"""Results layer."""
