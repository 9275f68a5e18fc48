"""Formula layer."""
