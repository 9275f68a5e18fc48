"""Design layer."""
