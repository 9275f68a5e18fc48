"""Model layer."""
