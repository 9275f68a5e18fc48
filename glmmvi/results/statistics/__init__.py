"""Statistics after a fit: what R's users take from other packages."""
